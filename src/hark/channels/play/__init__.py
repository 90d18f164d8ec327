"""Google Play: reviews of our Android app, each with one public answer of ours."""

from hark.channels.play.venue import Play

__all__ = ["Play"]
