"""A visitor's token: minted without storing anything, checked without looking anything up.

`<payload>.<HMAC-SHA256>`, both base64url. The 256-bit code is made with the channel's signing secret over the channel's
key and the payload, so a token fits one channel only, and nobody can find another visitor's by guessing.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hark.channels.kit.signatures import genuine, signature, url_code, url_text
from hark.channels.types import Account
from hark.channels.webchat.identity import SitePerson
from hark.kernel import ids
from hark.kernel.time import now

LIFE = timedelta(days=90)
MAX_TOKEN = 2048


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who holds a token: a random id, or, where the site has proved who it is, an id that goes with that person."""

    id: str
    until: datetime
    person: SitePerson | None = None

    @property
    def conversation_thread(self) -> str:
        """The venue's thread of everything this visitor says."""
        return self.id


def mint(account: Account, *, at: datetime, person: SitePerson | None = None) -> tuple[str, Visitor]:
    """A token and the visitor it stands for. A proved one ends with the site's word; an anonymous one after 90 days.

    A proved person gets the same id each time, so that the talk goes on in another browser.
    """
    if person:
        visitor = Visitor(_id_of_person(account, person), person.until, person)
        about = {"s": person.key, "n": person.name, "m": person.email}
    else:
        visitor = Visitor(f"v-{ids.new_token(128)}", (at + LIFE).replace(microsecond=0))
        about = {}
    payload = {"v": visitor.id, "t": int(visitor.until.timestamp()), **about}
    packed = url_text(json.dumps(payload, separators=(",", ":")).encode())
    return f"{packed}.{signature(account, 'signing', _message(account, packed), url_code)}", visitor


def visitor_of(account: Account, token: str, *, at: datetime | None = None) -> Visitor | None:
    """The visitor this token stands for at the instant `at` (default: now); None when it is over or not ours.

    Constant-time. A token of another channel is not ours either.
    """
    packed, _, code = token.partition(".")
    if len(token) > MAX_TOKEN or not genuine(account, "signing", _message(account, packed), code, url_code):
        return None
    # From here on the payload is one of ours, so its shape is known.
    payload = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    until = datetime.fromtimestamp(payload["t"], UTC)
    if until <= (at or now()):
        return None
    person = SitePerson(payload["s"], payload["n"], payload["m"], until) if "s" in payload else None
    return Visitor(payload["v"], until, person)


def _id_of_person(account: Account, person: SitePerson) -> str:
    return "s-" + url_text(hashlib.sha256(f"{account.key}|{person.key}".encode()).digest()[:16])


def _message(account: Account, packed: str) -> bytes:
    return f"hark visitor|{account.key}|{packed}".encode("utf-8", "replace")
