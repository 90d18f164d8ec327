"""YouTube: public comments below the videos of our channel, and our answers to them."""

from hark.channels.youtube.venue import YouTube

__all__ = ["YouTube"]
