"""Accounts of the own venues, and genuine calls of them."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from hark.channels.form import new_stamp
from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.types import Account, Raw, Request
from hark.channels.webchat import mint

SECRET = "a-signing-secret-of-the-suite-43-characters"
IDENTITY = "an-identity-secret-of-the-suite-which-is-long-enough-for-every-HMAC"
OPENED = MOMENT - timedelta(minutes=1)
CHAT = Account("chan_chat", "chan_chat", {"sites": ["https://shop.example"]}, {"signing": SECRET, "identity": IDENTITY})
FORM = Account("chan_form", "chan_form", {}, {"signing": SECRET})
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


def a_call(body: bytes, headers: dict[str, str], *, address: str = "203.0.113.9") -> Request:
    """A call at the suite's moment."""
    return Request("POST", "/in/x", "", headers, body, MOMENT, address)


def a_token(account: Account = CHAT) -> str:
    """A visitor's token."""
    return mint(account, at=OPENED)[0]


def bearer(token: str) -> dict[str, str]:
    """The header that carries it."""
    return {"authorization": f"Bearer {token}", "content-type": "application/json"}


def a_post(account: Account = FORM, nonce: str = "A" * 22, **fields: str) -> bytes:
    """The body of a form that was opened a minute ago."""
    stamp = new_stamp(account, at=OPENED, nonce=nonce).text
    return urlencode({"hark_stamp": stamp, "_charset_": "utf-8", **fields}).encode()


def stored(body: bytes, headers: dict[str, str] | None = None) -> Raw:
    """An arrival of the suite's moment."""
    return Raw(body, headers or {}, "1", MOMENT)


def without_secrets(account: Account) -> Account:
    """The account as one without any secret."""
    return replace(account, secrets={})
