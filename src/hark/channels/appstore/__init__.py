"""App Store: reviews of our app at Apple, each with one public answer of ours."""

from hark.channels.appstore.venue import AppStore

__all__ = ["AppStore"]
