"""The simulated venue's JSON, into Hark's words. Pure and total."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.formatted import cleaned
from hark.channels.kit.words import id_of, number_of, text_of, time_of
from hark.channels.types import Account, AttachmentRef, Inbound, Mention, Person, Raw

POSTS = {"post": "message", "comment": "message", "email": "message", "direct": "message", "review": "review"}
PRIVATE = frozenset({"email", "direct"})
AUDIENCES = frozenset({"public", "private", "limited"})
TARGETS = frozenset({"mention", "reply", "owned_venue", "keyword"})
STATES = frozenset({"accepted", "sent", "delivered", "read", "failed"})
MANY = 100


def read_events(account: Account, raw: Raw) -> list[Inbound]:
    """The events of one call, in order; `unknown` with a problem for what cannot be read."""
    try:
        body = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list):
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem="no list of events")]
    return [replace(_event(account, event), account=account.key, raw_id=raw.id) for event in events]


def _event(account: Account, said: Json) -> Inbound:
    if not isinstance(said, dict):
        return Inbound("unknown", problem="an event that is no object")
    kind = text_of(said.get("type"))
    if id_of(said.get("id")) is None:
        return Inbound("unknown", problem="an event without an id")
    if kind in POSTS:
        return _post(account, said, kind)
    read = OTHERS.get(kind)
    return (
        read(account, said)
        if read
        else Inbound(
            "unknown",
            external_id=id_of(said["id"]),
            sent_at=time_of(said.get("at")),
            problem="an event of unknown type",
        )
    )


def _post(account: Account, said: dict[str, Any], kind: str) -> Inbound:
    author = _person(account, said.get("author"))
    problems = [] if author else ["the author is not named"]
    if time_of(said.get("at")) is None:
        problems.append("the time cannot be read")
    targets = text_of(said.get("targets_us"))
    formatted = cleaned(text_of(said.get("html")))
    return Inbound(
        "echo" if author and author.is_self else POSTS[kind],  # type: ignore[arg-type]
        external_id=id_of(said["id"]),
        thread_id=id_of(said.get("thread")),
        parent_id=id_of(said.get("parent")),
        root_id=id_of(said.get("root")),
        visibility=_audience(said, kind),
        author=author,
        message_kind=kind,
        subject=text_of(said.get("subject")),
        text=text_of(said.get("text")) or formatted.text,
        html=formatted.html or None,
        hidden_text=formatted.hidden_text,
        lang=id_of(said.get("lang")),
        attachments=_attachments(said.get("attachments")),
        mentions=_mentions(said.get("mentions"), len(text_of(said.get("text")))),
        rating=number_of(said.get("rating"), 1, 5),
        sent_at=time_of(said.get("at")),
        permalink=_link(said.get("permalink")),
        targets_us=targets if targets in TARGETS else "none",  # type: ignore[arg-type]
        client_ref=id_of(said.get("client_ref")),
        expires_reply_at=time_of(said.get("reply_until")),
        problem="; ".join(problems) or None,
    )


def _audience(said: dict[str, Any], kind: str) -> Any:
    """What the venue says; a letter or direct message never counts as public, whatever it says."""
    audience = text_of(said.get("audience"))
    if kind in PRIVATE:
        return "private"
    return audience if audience in AUDIENCES else "public"


def _edit(account: Account, said: dict[str, Any]) -> Inbound:
    return Inbound(
        "edit",
        external_id=id_of(said.get("of")) or id_of(said["id"]),
        text=text_of(said.get("text")),
        thread_id=id_of(said.get("thread")),
        author=_person(account, said.get("author")),
        sent_at=time_of(said.get("at")),
    )


def _delete(account: Account, said: dict[str, Any]) -> Inbound:
    return Inbound(
        "delete",
        external_id=id_of(said.get("of")) or id_of(said["id"]),
        thread_id=id_of(said.get("thread")),
        author=_person(account, said.get("author")),
        sent_at=time_of(said.get("at")),
    )


def _receipt(account: Account, said: dict[str, Any]) -> Inbound:
    state = text_of(said.get("state"))
    return Inbound(
        "receipt",
        external_id=id_of(said["id"]),
        state_of=id_of(said.get("of")),
        state=state if state in STATES else None,  # type: ignore[arg-type]
        client_ref=id_of(said.get("client_ref")),
        sent_at=time_of(said.get("at")),
        problem=None if state in STATES else "a receipt of unknown state",
    )


def _stop(account: Account, said: dict[str, Any]) -> Inbound:
    return Inbound(
        "consent_stop",
        external_id=id_of(said["id"]),
        author=_person(account, said.get("author")),
        visibility="private",
        text=text_of(said.get("text")),
        sent_at=time_of(said.get("at")),
    )


def _reaction(account: Account, said: dict[str, Any]) -> Inbound:
    return Inbound(
        "reaction",
        external_id=id_of(said["id"]),
        parent_id=id_of(said.get("of")),
        text=text_of(said.get("text")),
        author=_person(account, said.get("author")),
        sent_at=time_of(said.get("at")),
    )


OTHERS: dict[str, Callable[[Account, dict[str, Any]], Inbound]] = {
    "edit": _edit,
    "delete": _delete,
    "receipt": _receipt,
    "stop": _stop,
    "reaction": _reaction,
}


def _person(account: Account, said: Json) -> Person | None:
    key = id_of(said.get("id")) if isinstance(said, dict) else None
    if key is None:
        return None
    return Person(
        key,
        network="simulated",
        scope=text_of(account.settings.get("network")),
        handle=text_of(said.get("handle")),
        name=text_of(said.get("name")),
        url=_link(said.get("url")) or "",
        is_self=key in account.self_ids or text_of(said.get("handle")) in account.handles,
        followers=number_of(said.get("followers"), 0, 1 << 62),
        verified=said.get("verified") is True,
    )


def _attachments(said: Json) -> tuple[AttachmentRef, ...]:
    listed = [one for one in said if isinstance(one, dict)][:MANY] if isinstance(said, list) else []
    return tuple(
        AttachmentRef(
            ref,
            text_of(one.get("mime")),
            number_of(one.get("size"), 0, 1 << 40),
            text_of(one.get("name")),
            text_of(one.get("content_id")),
            one.get("inline") is True,
        )
        for one in listed
        if (ref := id_of(one.get("ref")))
    )


def _mentions(said: Json, length: int) -> tuple[Mention, ...]:
    """The simulated venue counts in code points, as Hark does."""
    listed = [one for one in said if isinstance(one, dict)][:MANY] if isinstance(said, list) else []
    found = []
    for one in listed:
        start, end = number_of(one.get("start"), 0, length), number_of(one.get("end"), 0, length)
        if start is not None and end is not None and start < end:
            found.append(Mention(text_of(one.get("id")), text_of(one.get("handle")), start, end))
    return tuple(found)


def _link(said: Json) -> str | None:
    """Only web addresses become links."""
    text = text_of(said)
    return text if text.startswith(("https://", "http://")) and len(text) <= 2000 else None
