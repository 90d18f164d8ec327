"""Discourse: the posts of a forum and the private messages of one account, by webhook or by asking."""

from hark.channels.discourse.venue import Discourse

__all__ = ["Discourse"]
