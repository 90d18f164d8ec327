"""Mail providers that call Hark: each proves its call in its own way and brings the mail as it came, byte for byte.

Only the raw mail is used, never the provider's own reading of it: one reader for all mail, however it came.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Unreadable, loads
from hark.channels.kit.signatures import genuine, live_secrets
from hark.channels.types import Accepted, Account, Rejected, Reply, Request, Verdict

NOT_OURS = Rejected(Reply(401, b'{"error":"signature"}'))
HOURS_24 = 86_400
SIGNED = ("timestamp", "token", "signature")
BOUNDARY = re.compile(r'boundary="?([^";,]{1,200})', re.IGNORECASE)
NAME = re.compile(rb'name="([^"\r\n]{1,100})"')


def verify_postmark(account: Account, request: Request) -> Verdict:
    """Postmark proves itself with the password in the address it calls: https://hark:SECRET@hark.example/in/…"""
    given = request.headers.get("authorization", "")
    if not genuine(account, "webhook", b"", given, _basic):
        return NOT_OURS
    return Accepted(headers={"provider": "postmark"})


def postmark_mail(body: bytes) -> tuple[bytes, str]:
    """The mail in Postmark's JSON, and what is wrong where there is none."""
    try:
        said = loads(body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return b"", f"Postmark's call is {problem}"
    raw = said.get("RawEmail") if isinstance(said, dict) else None
    if not isinstance(raw, str) or not raw:
        return b"", "Postmark did not include the raw mail; switch that on there"
    return raw.encode("utf-8", "surrogateescape" if _has_bytes(raw) else "replace"), ""


def verify_mailgun(account: Account, request: Request) -> Verdict:
    """Mailgun signs a timestamp and a token used once: HMAC-SHA256 with its signing key, not older than a day."""
    fields = _fields(request.body, request.headers.get("content-type", ""), SIGNED)
    stamp, token, given = (fields.get(name, b"").decode("ascii", "replace") for name in SIGNED)
    if not genuine(account, "webhook", f"{stamp}{token}".encode(), given, _hex) or not stamp.isdigit():
        return NOT_OURS
    if abs(request.received_at.timestamp() - int(stamp)) > HOURS_24:
        return NOT_OURS
    kept = {"provider": "mailgun", "content-type": request.headers.get("content-type", "")}
    return Accepted(dedupe_key=f"mailgun:{token}", headers=kept)


def mailgun_mail(body: bytes, content_type: str) -> tuple[bytes, str]:
    """The mail in Mailgun's form, and what is wrong where there is none."""
    raw = _fields(body, content_type, ("body-mime",)).get("body-mime", b"")
    return (
        (raw, "") if raw else (b"", "Mailgun did not include the raw mail; the address of its route must end in mime")
    )


def has_secret(account: Account) -> bool:
    """Can a call be verified at all?"""
    return bool(live_secrets(account, "webhook"))


def _basic(secret: bytes, _: bytes) -> str:
    return "Basic " + base64.b64encode(b"hark:" + secret).decode()


def _hex(secret: bytes, message: bytes) -> str:
    return hmac.digest(secret, message, hashlib.sha256).hex()


def _has_bytes(text: str) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in text)


def _fields(body: bytes, content_type: str, wanted: tuple[str, ...]) -> Mapping[str, bytes]:
    """Some fields of a form, urlencoded or multipart; the first of each name."""
    boundary = BOUNDARY.search(content_type)
    if boundary is None:
        pairs = [part.partition(b"=") for part in body.split(b"&")]
        names = {name.encode(): name for name in wanted}
        found = [
            (names[name], unquote_to_bytes(value.replace(b"+", b" "))) for name, _, value in pairs if name in names
        ]
        return dict(reversed(found))
    found = []
    for part in body.split(b"--" + boundary.group(1).encode("latin-1", "replace"))[1:200]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = NAME.search(head)
        if name and name.group(1).decode("ascii", "replace") in wanted:
            found.append((name.group(1).decode("ascii"), value.removesuffix(b"\r\n")))
    return dict(reversed(found))
