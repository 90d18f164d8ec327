"""Web push: a few words to one browser, over the push service of its maker, which cannot read them.

RFC 8030 says how it is handed over, RFC 8291 and 8188 how it is encrypted, RFC 8292 (VAPID) how the service knows us.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from hark.kernel import ids
from hark.kernel.errors import HarkError
from hark.kernel.http import AddressRefused, HttpRequest, fetch, is_allowed_network, parsed
from hark.kernel.time import now

CURVE = ec.SECP256R1()
POINT_BYTES, AUTH_BYTES, SALT_BYTES, KEY_BYTES = 65, 16, 16, 32
RECORD_BYTES = 4096
PADDED_BYTES = 1024  # every push looks as long as any other
SPEAKS_FOR = timedelta(hours=12)
LONGEST_WAIT_SECONDS = 3600.0
GONE = frozenset({404, 410})


class NoSubscription(HarkError):
    """This is no address to which a browser lets itself be told."""


class PushGone(HarkError):
    """The browser takes no more pushes at this address."""


class PushLater(HarkError):
    """The push service could not be reached, or takes nothing just now."""

    def __init__(self, detail: str = "", after_seconds: float = 0.0) -> None:
        """`after_seconds`: how long the service asks us to wait."""
        self.after_seconds = min(after_seconds, LONGEST_WAIT_SECONDS)
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where one browser is told, and the keys by which only it can read. Base64url, as browsers write them."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Push:
    """What is told. The service keeps it for `ttl_seconds`; a newer one with the same `topic` takes its place there."""

    payload: bytes
    topic: str
    ttl_seconds: int
    urgency: Literal["low", "normal", "high"] = "normal"


def new_identity() -> bytes:
    """A private key by which push services know this installation."""
    return ec.generate_private_key(CURVE).private_numbers().private_value.to_bytes(KEY_BYTES, "big")


def public_identity(secret: bytes) -> str:
    """Its public half, as browsers ask for it."""
    return _base64(_point(_private(secret).public_key()))


def checked(subscription: Subscription) -> Subscription:
    """The same, if it can be used: an https address (or one that an owner has allowed), a point of the curve, 16 bytes.

    Raises NoSubscription.
    """
    try:
        url = parsed(subscription.endpoint)
        _public(subscription.p256dh)
    except (AddressRefused, ValueError):
        raise NoSubscription from None
    if (url.scheme != "https" and not is_allowed_network(url)) or len(_bytes(subscription.auth)) != AUTH_BYTES:
        raise NoSubscription
    return subscription


def send(push: Push, to: Subscription, *, identity: bytes) -> None:
    """Hand one push over. Raises PushGone, or PushLater for whatever may be tried again."""
    url = parsed(checked(to).endpoint)
    request = HttpRequest(
        "POST",
        to.endpoint,
        {
            "authorization": _who_we_are(url.scheme, url.netloc.decode("ascii"), identity),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "topic": push.topic,
            "ttl": str(push.ttl_seconds),
            "urgency": push.urgency,
        },
        encrypt(push.payload, to),
    )
    try:
        answer = fetch(request)
    except HarkError as problem:
        raise PushLater(type(problem).__name__) from None
    if answer.status in GONE:
        raise PushGone
    if not 200 <= answer.status < 300:
        raise PushLater(f"status {answer.status}", _asked_seconds(answer.headers.get("retry-after", "")))


def encrypt(
    plain: bytes, to: Subscription, *, sender: bytes = b"", salt: bytes = b"", padded: int = PADDED_BYTES
) -> bytes:
    """`plain` for one browser alone, as one record of aes128gcm. `sender` and `salt` are fresh but in tests."""
    ours, theirs = _private(sender or new_identity()), _public(to.p256dh)
    salt = salt or ids.random_bytes(SALT_BYTES)
    our_point, their_point = _point(ours.public_key()), _point(theirs)
    shared = ours.exchange(ec.ECDH(), theirs)
    secret = _derived(shared, _bytes(to.auth), b"WebPush: info\0" + their_point + our_point, KEY_BYTES)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([POINT_BYTES]) + our_point
    return head + AESGCM(key).encrypt(nonce, (plain + b"\x02").ljust(padded, b"\0"), None)


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(material)


def _who_we_are(scheme: str, host: str, identity: bytes) -> str:
    """The signed word that this push to this service comes from us."""
    claims = {"aud": f"{scheme}://{host}", "exp": now() + SPEAKS_FOR, "sub": settings.HARK_BASE_URL}
    return f"vapid t={jwt.encode(claims, _private(identity), 'ES256')}, k={public_identity(identity)}"


def _asked_seconds(said: str) -> float:
    """Retry-After in seconds: a number or a date."""
    if said.isascii() and said.isdigit() and len(said) < 9:
        return float(said)
    try:
        until: datetime = parsedate_to_datetime(said)
        return max(0.0, (until - now()).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _private(secret: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(secret, "big"), CURVE)


def _public(point: str) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, _bytes(point))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _base64(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return b""
