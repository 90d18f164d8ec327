"""The steps by which an account is connected, as docs/venues/bluesky.md has them."""

from hark.channels.types import Guide

GUIDE = Guide(
    "What to do at Bluesky",
    (
        "Sign in as the account and open Settings, Privacy and security, App passwords, Add App Password.",
        "Name it Hark, leave direct messages off, and copy it. Never give the account’s own password.",
        "Type the handle without the @ and the app password here; the server only where it is not bsky.social.",
    ),
    link="https://bsky.app/settings/app-passwords",
)
