"""The loop that lets search follow what happens."""

from hark.conversations.actions.searching import follow_journal

__all__ = ["follow_journal"]
