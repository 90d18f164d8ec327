"""Bluesky: an account in the AT Protocol's network. Takes what mentions, answers or quotes it, and what its words find;
answers in threads. Its direct messages are left out: no server for tests speaks them."""

from hark.channels.bluesky.venue import Bluesky

__all__ = ["Bluesky"]
