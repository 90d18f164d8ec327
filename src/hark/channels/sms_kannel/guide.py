"""The steps by which a Kannel is connected, as docs/venues/sms-kannel.md has them."""

from hark.channels.types import Guide

GUIDE = Guide(
    "What to do at your Kannel",
    (
        (
            "Type your number, the address of sendsms, its user name and password here, and connect. A Kannel that is "
            "not public must stand in HARK_ALLOWED_NETWORKS (10.0.0.5:13013)."
        ),
        "Then, on the channel’s own page, Secrets it shares with your programs, make the secret for Kannel’s calls.",
        (
            "Put the lines that stand beside it into kannel.conf, with the secret, the user name and the password in "
            "them, and restart smsbox."
        ),
        (
            "Copy the channel’s address from its page into the setting “This channel’s address”: reports of delivery "
            "come there."
        ),
    ),
)
