"""A professional account at Instagram: comments in public, direct messages in private."""
