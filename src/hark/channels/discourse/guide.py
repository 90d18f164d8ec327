"""The steps by which a forum is connected, as docs/venues/discourse.md has them."""

from hark.channels.types import Guide

SCOPES = "posts: list, edit, delete\ntopics: read, write\nuploads: create\nsession: read"
GUIDE = Guide(
    "What to do in the forum",
    (
        (
            "Make an account that answers, such as plumcare. It must not be an administrator: those are shown "
            "everybody’s private messages, and Hark then reads none."
        ),
        (
            "Admin, API, Keys, Add API Key. User level: Single user, that account. Scope: Global, or granular with "
            "those below. Copy the key."
        ),
        (
            "Type the forum’s address, the user name and the key here. Hark asks every 30 seconds; nothing else is to "
            "be set up."
        ),
        (
            "Or choose “The forum calls Hark”: then, on the channel’s own page, Secrets it shares with your programs, "
            "make the secret and copy the Payload URL."
        ),
        (
            "With these, in the forum: Admin, API, Webhooks, Add; content type application/json, that secret, the Post"
            " events. Press Ping."
        ),
    ),
    values=(("Granular scopes", SCOPES),),
)
