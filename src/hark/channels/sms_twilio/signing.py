"""Is a call Twilio's? (twilio.com/docs/usage/webhooks/webhooks-security) Pure.

The code is made over the address exactly as Twilio was told it, so that address is a setting: behind a proxy it cannot
be seen from here.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit

from hark.channels.kit.signatures import Code, genuine
from hark.channels.kit.words import text_of
from hark.channels.types import Account, Request

SIGNATURE, CHOSEN = "x-twilio-signature", "x-twilio-webhooks-signature-settings"
USUAL_PORTS = {"https": 443, "http": 80}
MOST_FIELDS = 500
Fields = list[tuple[str, str]]


def fields_of(body: bytes) -> Fields:
    """A form's fields in their order; none where it is no form."""
    try:
        text = body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        return []


def is_twilio_s(account: Account, request: Request) -> bool:
    """Made with the auth token (SHA-1), or, where the settings say so, with a shared key (SHA-256) and no other way.

    An account that has chosen SHA-256 refuses SHA-1: else whoever takes the header away chooses for it.
    """
    given, chosen = request.headers.get(SIGNATURE, ""), request.headers.get(CHOSEN, "")
    if account.settings.get("signing") == "sha256":
        wanted = f"key={text_of(account.settings.get('shared_key_id'))},algorithm=HMAC_SHA256"
        return chosen.replace(" ", "") == wanted and _fits(account, "shared_key", request, given, sha256)
    return not chosen and _fits(account, "token", request, given, sha1)


def sha1(secret: bytes, message: bytes) -> str:
    """HMAC-SHA1, in base64."""
    return base64.b64encode(hmac.digest(secret, message, hashlib.sha1)).decode("ascii")


def sha256(secret: bytes, message: bytes) -> str:
    """HMAC-SHA256, in base64."""
    return base64.b64encode(hmac.digest(secret, message, hashlib.sha256)).decode("ascii")


def signed_message(address: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """What is signed: the address, then each name and value, sorted, repeated values once."""
    return (address + "".join(name + value for name, value in sorted(set(fields)))).encode("utf-8", "replace")


def _fits(account: Account, name: str, request: Request, given: str, code: Code) -> bool:
    base = text_of(account.settings.get("public_url")).strip()
    if not base or not given:
        return False
    fields = fields_of(request.body)
    whole = f"{base}?{request.query}" if request.query else base
    fits = [genuine(account, name, signed_message(address, fields), given, code) for address in _spellings(whole)]
    return any(fits)


def _spellings(address: str) -> Iterator[str]:
    """With and without the port: Twilio has done both."""
    yield address
    try:
        parts = urlsplit(address)
        usual = USUAL_PORTS.get(parts.scheme, 0)
        if parts.port is None and usual and parts.hostname:
            yield address.replace(parts.netloc, f"{parts.netloc}:{usual}", 1)
        elif parts.port is not None:
            yield address.replace(parts.netloc, parts.netloc.rpartition(":")[0], 1)
    except ValueError:
        return
