"""Meta's webhooks: is a call genuine, and what is in it? Pure (Graph API documentation, "Webhooks")."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.signatures import genuine, hex_code
from hark.channels.kit.words import id_of, text_of
from hark.channels.types import Accepted, Account, Answered, Inbound, Raw, Rejected, Reply, Request, Verdict

SIGNATURE = "x-hub-signature-256"
NOT_OURS = Rejected(Reply(401, b'{"error":"signature"}'))
CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,200}")  # it is given back to whoever asks: no markup in it
LATEST = 32_503_680_000  # the year 3000


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing in a call: the list of its entry where it stood (`changes`, `messaging`), and whose it is."""

    where: str
    said: dict[str, Json]
    account: str
    at: Json  # when Meta sent the entry, as it says it


def verify(account: Account, request: Request) -> Verdict:
    """Signed over the raw bytes with one of the app's live secrets; the handshake by GET is answered."""
    if request.method == "GET":
        return _handshake(account, request)
    if len(request.body) > MAX_BATCH_BYTES:
        return Rejected(Reply(413, b'{"error":"too long"}'))
    given = request.headers.get(SIGNATURE, "")
    return Accepted() if genuine(account, "app_secret", request.body, given, _signed) else NOT_OURS


def pieces(body: bytes, objects: tuple[str, ...]) -> list[Piece]:
    """Everything in a call, in order: each entry, each list, each item. Raises Unreadable."""
    said = loads(body, max_bytes=MAX_BATCH_BYTES)
    if not isinstance(said, dict) or not isinstance(said.get("entry"), list):
        raise Unreadable("no list of entries")
    if said.get("object") not in objects:
        raise Unreadable(f"not a call about {objects[0]}")
    return [piece for entry in said["entry"] for piece in _of_entry(entry)]


def unreadable(account: Account, raw: Raw, problem: object) -> list[Inbound]:
    """The one event of a call that cannot be read."""
    return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]


def is_foreign(account: Account, owner: str) -> bool:
    """Is this about another page, number or account than the one connected here?"""
    return bool(account.external_id) and bool(owner) and owner not in {account.external_id, *account.self_ids}


def moment(value: Json, per_second: int = 1) -> datetime | None:
    """An aware UTC time from seconds (or thousandths of them) since 1970, as number or text; None where it is none."""
    text = text_of(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) // per_second < LATEST):
        return None
    return datetime.fromtimestamp(int(text) / per_second, UTC)


def table(value: Json) -> dict[str, Json]:
    """The object that a value is; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def tables(value: Json) -> list[dict[str, Json]]:
    """The objects in a list; none for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _of_entry(entry: Json) -> Iterator[Piece]:
    if not isinstance(entry, dict):
        yield Piece("", {}, "", None)
        return
    owner, at = id_of(entry.get("id")) or "", entry.get("time")
    for where in ("messaging", "standby", "changes"):
        listed = entry.get(where)
        for one in listed if isinstance(listed, list) else []:
            yield Piece(where if isinstance(one, dict) else "", table(one), owner, at)
    if "field" in entry:  # Instagram’s documentation shows a change that stands in the entry itself
        yield Piece("changes", entry, owner, at)


def _handshake(account: Account, request: Request) -> Verdict:
    asked = dict(parse_qsl(request.query))
    known = genuine(account, "verify_token", b"", asked.get("hub.verify_token", ""), lambda secret, _: secret.decode())
    challenge = asked.get("hub.challenge", "")
    if asked.get("hub.mode") != "subscribe" or not known or not CHALLENGE.fullmatch(challenge):
        return Rejected(Reply(403, b'{"error":"verify token"}'))
    return Answered(Reply(200, challenge.encode(), "text/plain"))


def _signed(secret: bytes, message: bytes) -> str:
    return "sha256=" + hex_code(secret, message)
