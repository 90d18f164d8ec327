"""X: mentions, replies and quotes in public, direct messages in private, and posts found by words."""
