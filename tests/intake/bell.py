"""A venue for the tests of the in-box: HMAC over the raw bytes, a delivery id and a thread in headers."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.types import (
    Accepted,
    Account,
    Answered,
    Caps,
    Health,
    Inbound,
    Limit,
    Outbound,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    Verdict,
)

SECRET = "ding-dong"


@dataclass(frozen=True)
class NoSettings:
    """None."""


class Bell(Venue):
    """Signed posts; GET is a handshake; `x-limit` asks for a limit; `x-malformed` is refused in its own words."""

    key: ClassVar[str] = "bell"
    name: ClassVar[str] = "Bell"
    proof: ClassVar[str] = "simulated"
    caps: ClassVar[Caps] = Caps()
    Settings = NoSettings

    def check(self, account: Account) -> Health:
        return Health()

    def verify(self, account: Account, request: Request) -> Verdict:
        if request.method == "GET":
            return Answered(Reply(200, request.query.encode(), "text/plain"))
        if not hmac.compare_digest(signature(request.body), request.headers.get("x-signature", "")):
            return Rejected(Reply(401, b'{"error":"the bell does not know you"}'))
        if "x-malformed" in request.headers:
            return Rejected(Reply(400, b'{"error":"no clapper"}'))
        limit = request.headers.get("x-limit")
        return Accepted(
            dedupe_key=request.headers.get("x-delivery", ""),
            lane_key=request.headers.get("x-thread", ""),
            headers={"x-kind": request.headers.get("x-kind", ""), "address": request.address},
            limits=(Limit(f"bell|{limit}", burst=3, per_minute=1),) if limit else (),
        )

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        return []

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        return Receipt(("1",))


class BigBell(Bell):
    """One that batches: bodies up to 4 MiB."""

    key: ClassVar[str] = "big-bell"
    body_bytes: ClassVar[int] = 4 << 20


def signature(body: bytes) -> str:
    """What the bell signs with."""
    return hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()


def signed(body: bytes, **headers: str) -> dict[str, str]:
    """Headers of a genuine call; `delivery="1"` becomes `x-delivery: 1`."""
    return {"x-signature": signature(body), **{f"x-{name}": value for name, value in headers.items()}}
