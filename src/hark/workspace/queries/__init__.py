"""Readers of the desk: what the rooms below know, put into the words and shapes that a page shows."""
