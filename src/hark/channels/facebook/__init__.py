"""A Facebook Page: its comments in public, its Messenger in private."""
