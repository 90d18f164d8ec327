"""Letters by pigeon: an example of a venue. A loft posts signed JSON to Hark and takes replies as JSON."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from hark.channels.base import Venue
from hark.channels.errors import SendError
from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.kit.once import attempt
from hark.channels.kit.setting import setting
from hark.channels.kit.signatures import genuine, hex_code
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import (
    Accepted,
    Account,
    Caps,
    Health,
    Inbound,
    Outbound,
    Person,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    Verdict,
)
from hark.kernel.http import HttpRequest


@dataclass(frozen=True)
class Settings:
    """What an administrator fills in."""

    base_url: str = setting("", label="Address of the loft", help="Such as https://loft.example.", required=True)
    webhook: str = setting("", label="Ring secret", secret=True, help="The loft signs its calls with it.")


class Pigeon(Venue):
    """Letters by pigeon."""

    key: ClassVar[str] = "pigeon"
    name: ClassVar[str] = "Pigeon post"
    intro: ClassVar[str] = "Letters by pigeon, in private."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(private=True, webhook=True, max_length=280, idempotent_send="key")
    Settings = Settings
    identified_by: ClassVar[str] = "base_url"

    def check(self, account: Account) -> Health:
        """Ask the loft who we are."""
        try:
            me = loads(attempt(HttpRequest("GET", f"{account.base_url}/me")).body)
        except (SendError, Unreadable):
            return Health(("The loft does not answer. Is its address right?",), caps=self.caps)
        return Health((), (text_of(me.get("id")) or "loft",), caps=self.caps)

    def verify(self, account: Account, request: Request) -> Verdict:
        """HMAC-SHA256 over the body; the ring's number tells copies apart."""
        if len(request.body) > self.body_bytes:
            return Rejected(Reply(413, b'{"error":"too long"}'))
        if not genuine(account, "webhook", request.body, request.headers.get("pigeon-signature", ""), hex_code):
            return Rejected(Reply(401, b'{"error":"signature"}'))
        return Accepted(dedupe_key=request.headers.get("pigeon-ring", "")[:200])

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """One letter a call."""
        try:
            letter: Any = loads(raw.body)
        except Unreadable as problem:
            return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
        number = id_of(letter.get("id")) if isinstance(letter, dict) else None
        if number is None:
            return [Inbound("unknown", account=account.key, raw_id=raw.id, problem="a letter without a number")]
        sender, at = text_of(letter.get("from")), time_of(letter.get("at"))
        return [
            Inbound(
                "message",
                external_id=number,
                account=account.key,
                raw_id=raw.id,
                thread_id=sender or number,
                visibility="private",
                author=Person(sender, name=sender) if sender else None,
                text=text_of(letter.get("text")),
                sent_at=at,
                targets_us="mention",
                problem=None if at else "the time cannot be read",
            )
        ]

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One letter back; the loft remembers our key."""
        self.obey(account, outbound)
        said = {"id": str(outbound.id), "to": outbound.target.person, "text": outbound.text, "by": outbound.author_kind}
        headers = {"content-type": "application/json", "idempotency-key": str(outbound.id)}
        attempt(HttpRequest("POST", f"{account.base_url}/letters", headers, json.dumps(said).encode()))
        return Receipt((f"pigeon-{outbound.id}",))
