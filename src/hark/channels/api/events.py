"""The API channel's JSON, into Hark's words. Pure and total; `mistakes` tells its programmer what is wrong."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.words import id_of, number_of, text_of, time_of
from hark.channels.types import Account, AttachmentRef, Inbound, Person, Raw

AUDIENCES = ("private", "public", "limited")
STATES = ("accepted", "sent", "delivered", "read", "failed")
TARGETS = ("owned_venue", "mention", "reply", "keyword", "none")
MOST_EVENTS = 500
MOST_ATTACHMENTS = 20
MOST_MISTAKES = 20


def read_events(account: Account, raw: Raw) -> list[Inbound]:
    """The events of one call, in order; `unknown` with a problem for what cannot be read."""
    try:
        listed = _listed(raw.body)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    read = [_event(account, one, raw) for one in listed]
    return [replace(event, account=account.key, raw_id=raw.id) for event in read]


def mistakes(body: bytes) -> list[str]:
    """What is wrong with a call, one sentence for each mistake with its place; empty when all of it can be read."""
    try:
        listed = _listed(body)
    except Unreadable as problem:
        return [str(problem)]
    found = [f"events[{place}]: {words}" for place, one in enumerate(listed) for words in _mistakes(one)]
    return found[:MOST_MISTAKES]


def _listed(body: bytes) -> list[Json]:
    """The events: `{"events": […]}`, or one event by itself."""
    said = loads(body, max_bytes=MAX_BATCH_BYTES, unique_keys=True)
    if not isinstance(said, dict):
        raise Unreadable("one JSON object is expected")
    listed = said.get("events") if "events" in said else [said]
    if not isinstance(listed, list) or not listed:
        raise Unreadable("events must be a list of at least one event")
    if len(listed) > MOST_EVENTS:
        raise Unreadable(f"at most {MOST_EVENTS} events a call")
    return listed


def _mistakes(said: Json) -> list[str]:
    if not isinstance(said, dict):
        return ["an event is a JSON object"]
    kind = text_of(said.get("type")) or "message"
    if kind not in KINDS:
        return [f"type is one of {', '.join(KINDS)}"]
    needed, _ = KINDS[kind]
    found = [f"{name} is missing" for name in needed if not _has(said, name)]
    if said.get("at") is not None and time_of(said["at"]) is None:
        found.append("at is a time with its zone, such as 2026-10-12T11:22:33Z")
    chosen = (("visibility", AUDIENCES), ("state", STATES), ("targets_us", TARGETS))
    found += [
        f"{name} is one of {', '.join(values)}"
        for name, values in chosen
        if said.get(name) is not None and text_of(said[name]) not in values
    ]
    if said.get("rating") is not None and number_of(said["rating"], 1, 5) is None:
        found.append("rating is a whole number from 1 to 5")
    return found


def _has(said: dict[str, Json], name: str) -> bool:
    if name == "author":
        return _person(said) is not None
    return bool(text_of(said.get(name)).strip()) if name in {"text", "state"} else id_of(said.get(name)) is not None


def _event(account: Account, said: Json, raw: Raw) -> Inbound:
    problems = _mistakes(said)
    if problems and (not isinstance(said, dict) or id_of(said.get("id")) is None or "type is" in problems[0]):
        known = id_of(said.get("id")) if isinstance(said, dict) else None
        return Inbound("unknown", external_id=known, problem="; ".join(problems))
    _, read = KINDS[text_of(said.get("type")) or "message"]
    event = read(account, said)
    return replace(event, sent_at=time_of(said.get("at")) or raw.received_at, problem="; ".join(problems) or None)


def _said(account: Account, said: dict[str, Any]) -> Inbound:
    author, visibility = _person(said, account), _audience(said)
    own, parent = id_of(said.get("id")), id_of(said.get("parent"))
    alone = author.external_id if author and visibility == "private" else parent or own
    targets, rating = text_of(said.get("targets_us")), number_of(said.get("rating"), 1, 5)
    return Inbound(
        "review" if rating is not None else "message",
        external_id=own,
        thread_id=id_of(said.get("thread")) or alone,
        parent_id=parent,
        visibility=visibility,
        author=author,
        message_kind=(text_of(said.get("kind")) or ("review" if rating is not None else "message"))[:40],
        subject=text_of(said.get("subject")),
        text=text_of(said.get("text")),
        lang=id_of(said.get("language")),
        attachments=_attachments(said.get("attachments")),
        rating=rating,
        permalink=_link(said.get("url")),
        targets_us=targets if targets in TARGETS else "owned_venue",  # type: ignore[arg-type]
    )


def _echo(account: Account, said: dict[str, Any]) -> Inbound:
    """A reply that was given on the program's own side, or one of ours coming back (`reply` names it)."""
    ours = Person("self", network="api", scope=account.key, is_self=True)
    return replace(_said(account, said), kind="echo", author=ours, client_ref=id_of(said.get("reply")), rating=None)


def _edit(account: Account, said: dict[str, Any]) -> Inbound:
    whole = _said(account, said)
    return replace(whole, kind="edit", rating=None, thread_id=whole.thread_id if whole.author else None)


def _delete(account: Account, said: dict[str, Any]) -> Inbound:
    return Inbound("delete", external_id=id_of(said.get("id")), author=_person(said, account))


def _receipt(account: Account, said: dict[str, Any]) -> Inbound:
    reply, state = id_of(said.get("reply")), text_of(said.get("state"))
    return Inbound(
        "receipt",
        external_id=id_of(said.get("id")) or f"{reply}:{state}"[:512],
        client_ref=reply,
        state_of=reply,
        state=state if state in STATES else None,  # type: ignore[arg-type]
    )


def _stop(account: Account, said: dict[str, Any]) -> Inbound:
    who, text = _person(said, account), text_of(said.get("text"))
    return Inbound("consent_stop", external_id=id_of(said.get("id")), author=who, visibility="private", text=text)


# What an event needs, and who reads it.
KINDS: dict[str, tuple[tuple[str, ...], Callable[[Account, dict[str, Any]], Inbound]]] = {
    "message": (("id", "author", "text"), _said),
    "edit": (("id", "text"), _edit),
    "delete": (("id",), _delete),
    "echo": (("id", "thread", "text"), _echo),
    "receipt": (("reply", "state"), _receipt),
    "stop": (("id", "author"), _stop),
}


def _audience(said: dict[str, Any]) -> Any:
    audience = text_of(said.get("visibility"))
    return audience if audience in AUDIENCES else "private"


def _person(said: dict[str, Any], account: Account | None = None) -> Person | None:
    """Who wrote. Address and number are claims: the program says them, nobody has proved them."""
    who = said.get("author")
    who = who if isinstance(who, dict) else {}
    key = id_of(who.get("id"))
    if key is None:
        return None
    claims = [("email", text_of(who.get("email")).strip().lower()[:254]), ("phone", text_of(who.get("phone"))[:40])]
    return Person(
        key,
        network="api",
        scope=account.key if account else "",
        handle=text_of(who.get("handle"))[:200],
        name=text_of(who.get("name"))[:200],
        url=_link(who.get("url")) or "",
        claims=tuple((network, value) for network, value in claims if value),
    )


def _attachments(said: Json) -> tuple[AttachmentRef, ...]:
    listed = [one for one in said if isinstance(one, dict)][:MOST_ATTACHMENTS] if isinstance(said, list) else []
    return tuple(
        AttachmentRef(ref, text_of(one.get("mime")), number_of(one.get("size"), 0, 1 << 40), text_of(one.get("name")))
        for one in listed
        if (ref := _link(one.get("url")))
    )


def _link(said: Json) -> str | None:
    """Only web addresses become links."""
    text = text_of(said)
    return text if text.startswith(("https://", "http://")) and len(text) <= 2000 else None
