"""Readers of messages, conversations and cases. What agents see passes the gate in `access`."""
