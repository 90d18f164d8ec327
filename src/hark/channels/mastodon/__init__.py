"""Mastodon, and servers that speak its interface: mentions and private mentions of one account, read and answered."""

from hark.channels.mastodon.venue import Mastodon

__all__ = ["Mastodon"]
