"""The in-box over HTTP: one address for whatever a venue, the chat widget or a form brings."""
