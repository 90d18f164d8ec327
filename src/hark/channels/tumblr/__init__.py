"""Tumblr: what other blogs say to one of ours, read whole, answered by a reblog with a comment."""

from hark.channels.tumblr.venue import Tumblr

__all__ = ["Tumblr"]
