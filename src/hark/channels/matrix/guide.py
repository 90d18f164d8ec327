"""The steps by which an account is connected, as docs/venues/matrix.md has them."""

from hark.channels.types import Guide

LOGIN = """curl -X POST https://matrix.example.org/_matrix/client/v3/login \\
  -d '{"type":"m.login.password","identifier":{"type":"m.id.user","user":"care"},"password":"…","device_id":"HARK"}'"""
GUIDE = Guide(
    "What to do on the homeserver",
    (
        "Make an account for the brand, such as @care:example.org, and set its display name and picture in a client.",
        (
            "Get an access token of a login made for Hark alone, by the command below: a login that a person uses too "
            "ends when he logs out. It must not expire: expires_in_ms is not in the answer."
        ),
        (
            "Invite the account into the rooms in which it shall help, and accept for it in a client. Encrypted rooms "
            "are not supported."
        ),
        (
            "Type the homeserver, the account and the token here. Under “Rooms of yours” go those where all that is "
            "said is said to you: their internal room IDs, in Element under Room settings, Advanced."
        ),
    ),
    values=(("Shell: a login for Hark alone", LOGIN),),
)
