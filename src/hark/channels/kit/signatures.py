"""HMAC-SHA256 in constant time, with several secrets alive while one is being replaced."""

import base64
import hashlib
import hmac
from collections.abc import Callable

from hark.channels.types import Account

Code = Callable[[bytes, bytes], str]


def live_secrets(account: Account, name: str) -> tuple[bytes, ...]:
    """The secrets called `name`, `name.2`, `name.previous`…: the one of the plain name first, it signs.

    Empty ones do not count: an HMAC with an empty key can be made by anybody.
    """
    names = [name, *sorted(other for other in account.secrets if other.startswith(f"{name}."))]
    return tuple(account.secrets[each].encode() for each in names if account.secrets.get(each))


def signature(account: Account, name: str, message: bytes, code: Code) -> str:
    """The code over a message, made with the channel's first secret of this name; LookupError where it has none."""
    return code(live_secrets(account, name)[0], message)


def genuine(account: Account, name: str, message: bytes, given: str, code: Code) -> bool:
    """Was `given` made with one of the live secrets? All are tried, whichever fits, in constant time each.

    The written form is compared, not the bytes behind it: base64 and hex have several spellings of the same bytes.
    """
    text = given.encode("utf-8", "replace")
    fits = [hmac.compare_digest(code(secret, message).encode(), text) for secret in live_secrets(account, name)]
    return any(fits)


def hex_code(secret: bytes, message: bytes) -> str:
    """The HMAC-SHA256 of a message, in lower-case hex."""
    return hmac.digest(secret, message, hashlib.sha256).hex()


def url_code(secret: bytes, message: bytes) -> str:
    """The HMAC-SHA256 of a message, base64url without padding."""
    return url_text(hmac.digest(secret, message, hashlib.sha256))


def url_text(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
