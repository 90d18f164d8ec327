"""Text messages through Kannel, an SMS gateway of one's own that speaks SMPP to carriers and HTTP to us."""
