"""Telegram: a bot that people write to, and that may sit in groups and channels."""

from hark.channels.telegram.venue import Telegram

__all__ = ["Telegram"]
