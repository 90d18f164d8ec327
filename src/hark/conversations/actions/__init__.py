"""The only writers of messages, conversations, cases and what agents write on them; one module an act."""
