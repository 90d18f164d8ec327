"""Acts over several rooms at once: many cases, macros, and taking them back. Each case is a transaction of its own."""
