"""How both sides sign: HMAC-SHA256 over `timestamp.body` in lower-case hex, good for five minutes around the moment."""

from datetime import datetime

from hark.channels.kit.signatures import genuine, hex_code, live_secrets
from hark.channels.types import Account, Request
from hark.kernel.errors import HarkError

TIMESTAMP, SIGNATURE = "hark-timestamp", "hark-signature"
WINDOW_SECONDS = 300
MOST_SIGNATURES = 4


class NotSigned(HarkError):
    """The call is not signed with a secret of this channel."""


def check_signed(account: Account, request: Request) -> None:
    """Is the call signed with a live secret, within the window? Raises NotSigned with a detail for its programmer."""
    stamp, given = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    if not (stamp and given):
        raise NotSigned("Hark-Timestamp and Hark-Signature are needed")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise NotSigned("Hark-Timestamp is not a number of seconds since 1970")
    message = signed_bytes(stamp, request.body)
    codes = [code.strip() for code in given.split(",")[:MOST_SIGNATURES]]
    fits = [genuine(account, "incoming", message, code, hex_code) for code in codes]
    if not any(fits):
        raise NotSigned("the signature does not fit timestamp, body and secret")
    if abs(request.received_at.timestamp() - int(stamp)) > WINDOW_SECONDS:
        raise NotSigned("Hark-Timestamp is more than five minutes off")


def signed_headers(account: Account, body: bytes, *, at: datetime) -> dict[str, str]:
    """The headers of our own calls: one signature for each live secret, the newest first."""
    stamp = str(int(at.timestamp()))
    codes = [hex_code(secret, signed_bytes(stamp, body)) for secret in live_secrets(account, "outgoing")]
    return {TIMESTAMP: stamp, SIGNATURE: ",".join(codes)}


def signed_bytes(stamp: str, body: bytes) -> bytes:
    """What is signed."""
    return stamp.encode("utf-8", "replace") + b"." + body
