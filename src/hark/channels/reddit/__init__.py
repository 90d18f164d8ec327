"""Reddit: mentions, answers and messages of one account, whole subreddits, and posts with a brand's words."""

from hark.channels.reddit.venue import Reddit

__all__ = ["Reddit"]
