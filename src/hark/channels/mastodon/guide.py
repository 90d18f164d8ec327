"""The steps by which an account is connected, as docs/venues/mastodon.md has them."""

from hark.channels.types import Guide

SCOPES = ("read:accounts", "read:notifications", "read:search", "read:statuses", "write:media", "write:statuses")
GUIDE = Guide(
    "What to do at your server",
    (
        "Sign in at your server as the account that customers write to.",
        "Open Preferences, Development, New application. Name it Hark, and leave the redirect address as it stands.",
        "Tick the scopes below and nothing else, and save.",
        "Open the application and copy Your access token. Type the account with its server and this token here.",
        (
            "The check says whose token it is, which scope is missing and how long a post may be there: put that "
            "length into “Longest post”."
        ),
    ),
    values=(("Scopes", "\n".join(SCOPES)),),
)
