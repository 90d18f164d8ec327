"""What Kannel tells: texts that came, and what became of ours (its user's guide, "Parameters"). Pure and total.

Names of parameters are the operator's: Kannel fills in `%p` and the like where they stand in an address. Hark's own
address uses the first name of each row below; the others are what people often write.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from hark.channels.kit.texting import is_one_of, pair, texter
from hark.channels.kit.words import storable, text_of
from hark.channels.types import Account, Inbound, Raw

QUERY = "kannel-query"  # the header in which `verify` keeps the query of a call
NAMES = {
    "from": ("from", "sender", "phone", "p"),
    "to": ("to", "receiver", "recipient", "P"),
    "id": ("id", "msgid", "message_id", "message-id", "I"),
    "time": ("time", "ts", "timestamp", "T"),
    "text": ("text", "message", "msg", "content", "body", "b", "a"),
    "coding": ("coding", "c"),
    "charset": ("charset", "C"),
    "dlr": ("dlr", "type", "d"),
    "ref": ("ref",),
    "proof": ("proof",),
}
DELIVERED = {"1": "delivered", "2": "failed", "4": "accepted", "8": "sent", "16": "failed"}
CHARSETS = {"UTF-8": "utf-8", "UTF-16BE": "utf-16-be", "ISO-8859-1": "latin-1", "WINDOWS-1252": "cp1252"}
STOPS, STARTS = ("stop", "stop all", "stopall", "unsubscribe", "arret", "arrêt"), ("start", "unstop")
MOST_BYTES = 64 << 10


def fields_in(query: str) -> dict[str, bytes]:
    """The parameters by our own names, in the bytes they were sent in: their charset stands in one of them."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1", max_num_fields=100)
    except ValueError:
        return {}
    said = {name: value.encode("latin-1", "replace") for name, value in pairs}
    return {name: said[one] for name, others in NAMES.items() for one in others[::-1] if one in said}


def read_call(account: Account, raw: Raw) -> list[Inbound]:
    """One text, or one report: a call as `verify` kept it, or a form or query string by itself."""
    kept = raw.headers.get(QUERY)
    if len(raw.body) > MOST_BYTES:
        return _told(account, raw, Inbound("unknown", problem="too long"))
    query = kept if kept is not None else raw.body.decode("latin-1").strip().lstrip("?")
    fields = fields_in(query)
    if kept is not None and raw.body:
        fields["text"] = raw.body
    if "dlr" in fields and "text" not in fields:
        return _told(account, raw, _report(fields))
    if "from" in fields:
        return _told(account, raw, _text(account, raw, fields))
    return _told(account, raw, Inbound("unknown", problem="neither a text nor a report of Kannel"))


def _told(account: Account, raw: Raw, event: Inbound) -> list[Inbound]:
    return [replace(event, account=account.key, raw_id=raw.id)]


def _text(account: Account, raw: Raw, fields: Mapping[str, bytes]) -> Inbound:
    words = _words(fields)
    region, channel = text_of(account.settings.get("region")), account.key
    author = texter(_line(fields, "from"), region, channel)
    ours = texter(_line(fields, "to") or text_of(account.settings.get("number")), region, channel).external_id
    at = _time(_line(fields, "time")) or raw.received_at
    stops = is_one_of(words, _listed(account, "stop_words") or STOPS)
    problems = (
        *(() if _line(fields, "id") else ("it has no id of Kannel's (%I)",)),
        *(() if author.external_id else ("the sender is not named",)),
    )
    own = _line(fields, "id") or f"{author.external_id}.{int(at.timestamp()) if at else ''}"
    return Inbound(
        "consent_stop" if stops else "message",
        external_id=own,
        thread_id=pair(ours, author.external_id),
        visibility="private",
        author=author if author.external_id else None,
        message_kind="sms",
        text=words,
        sent_at=at,
        targets_us="owned_venue",
        policy=("consent_start",) if is_one_of(words, STARTS) else (),
        problem="; ".join(problems) or None,
    )


def _report(fields: Mapping[str, bytes]) -> Inbound:
    """What became of a text of ours: its id stands in the address that Kannel was given for its reports."""
    kind, ref = _line(fields, "dlr"), _line(fields, "ref") or _line(fields, "id")
    state = DELIVERED.get(kind)
    return Inbound(
        "receipt" if ref else "unknown",
        external_id=f"{ref}:{kind}" if ref else None,
        state=state,  # type: ignore[arg-type]
        state_of=ref or None,
        client_ref=ref or None,
        sent_at=_time(_line(fields, "time")),
        problem=None if ref and state else "a report of unknown state" if ref else "a report that names no text",
    )


def _words(fields: Mapping[str, bytes]) -> str:
    """The text, in its own charset; what is binary is shown as far as it holds letters."""
    said, charset = fields.get("text", b""), _line(fields, "charset").strip('"').upper()
    if not charset and _line(fields, "coding") == "2":
        charset = "UTF-16BE"
    for name in (CHARSETS.get(charset, "utf-8"), "latin-1"):
        try:
            return storable(said.decode(name))
        except UnicodeDecodeError:
            continue
    return ""


def _line(fields: Mapping[str, bytes], name: str) -> str:
    return storable(fields.get(name, b"").decode("utf-8", "replace")).strip()[:300]


def _time(said: str) -> datetime | None:
    """Seconds since 1970 (`%T`), or `2026-11-30 17:08:46` in UTC (`%t`)."""
    try:
        if said.isascii() and said.isdigit():
            return datetime.fromtimestamp(int(said), UTC)
        read = datetime.fromisoformat(said)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _listed(account: Account, name: str) -> tuple[str, ...]:
    said = account.settings.get(name, ())
    return tuple(map(str, said)) if isinstance(said, list | tuple) else ()
