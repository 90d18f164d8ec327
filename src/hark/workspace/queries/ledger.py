"""The case's timeline as a ledger: times at the left, who can read it at the spine, readings with their evidence."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

from hark.conversations.models import Case, Message
from hark.conversations.queries.access import own_intents_of
from hark.conversations.queries.held import HeldShown
from hark.conversations.queries.messages import MessageShown, messages_shown
from hark.conversations.queries.timeline import DoneShown, Entry, NoteShown, timeline
from hark.kernel.html import evidence_html
from hark.organisation.models import Agent
from hark.workspace.queries.channels import place_name
from hark.workspace.queries.shapes import evidence_spans, reading_words
from hark.workspace.queries.words import day, exact, hour
from hark.workspace.types import EntryShown, Ledger

Body = MessageShown | NoteShown | DoneShown | HeldShown
READERS = {
    "public": ("public", "Public"),
    "limited": ("public", "Limited, others can read it"),
    "private": ("private", "Private"),
    "note": ("internal", "Internal"),
}


def ledger(agent: Agent, case: Case, *, at: datetime, before: str = "") -> Ledger:
    """The newest page of a case's ledger, or the one before a place. The case comes from the gate."""
    page = timeline(agent, case, at=at, before=before)
    intents = own_intents_of(case)
    entries = [entry_shown(entry, case.key, at, intents) for entry in page.entries]
    days = ["", *(day(entry.at, at) for entry in page.entries)]
    shown = (
        replace(entry, day="" if entry.day == before_ or entry.kind == "held" else entry.day)
        for entry, before_ in zip(entries, days, strict=False)
    )
    return Ledger(tuple(shown), page.older, _seen(page.entries), "" if before else _own(page.entries))


def _own(entries: tuple[Entry, ...]) -> str:
    """The newest reply of whoever looks that has left and can be spoken of."""
    messages = (entry.body for entry in reversed(entries) if isinstance(entry.body, MessageShown))
    return next((one.key for one in messages if one.mine and one.left), "")


def _seen(entries: tuple[Entry, ...]) -> dict[str, int]:
    """The newest message of each conversation on the page."""
    seen: dict[str, int] = {}
    for entry in entries:
        if isinstance(entry.body, MessageShown):
            seen[entry.body.conversation_key] = max(entry.body.id, seen.get(entry.body.conversation_key, 0))
    return seen


def newer_shown(agent: Agent, messages: tuple[Message, ...], *, at: datetime) -> list[EntryShown]:
    """Messages that stopped a reply, as the ledger would show them."""
    return [entry_shown(Entry("message", one.sent_at, one), "", at) for one in messages_shown(agent, messages, at=at)]


def entry_shown(entry: Entry, case_key: str, at: datetime, intents: Sequence[str] = ()) -> EntryShown:
    """One entry with its words. `intents`: the brand's own, for the correction."""
    body = entry.body
    message = body if isinstance(body, MessageShown) else None
    readers = _readers(body) if isinstance(body, MessageShown | HeldShown) else READERS.get(entry.kind, ("", ""))
    text = "" if isinstance(body, DoneShown) else body.text
    cut = quotation(message) if message else len(text)
    above = text[:cut].rstrip() if cut < len(text) else text
    undo = message.delivery.undo_seconds if message and message.delivery else 0
    return EntryShown(
        id=_id(body, entry.at),
        kind=entry.kind,
        body=body,
        at=entry.at,
        day=day(entry.at, at),
        hour=hour(entry.at),
        exact=exact(entry.at),
        readers=readers[0],
        readers_word=readers[1],
        where=_where(body),
        text_html=evidence_html(above, evidence_spans(message.reading if message else None)),
        quoted_html=evidence_html(text[cut:].lstrip("\n")) if cut < len(text) else "",
        veiled=_veiled(message) if message else "",
        reading=reading_words(message.reading, intents) if message and message.reading and not message.ours else None,
        delivery_due=at + timedelta(seconds=undo) if undo else None,
        elsewhere="" if body.case_key in {"", case_key} else body.case_key,
        mark=blake2b(repr(_lasting(body)).encode(), digest_size=6).hexdigest(),
    )


def _readers(body: MessageShown | HeldShown) -> tuple[str, str]:
    """Who can read it, for the eye and in words."""
    if isinstance(body, HeldShown) or not body.outside:
        return READERS.get(body.visibility, ("", ""))
    if body.ours:
        return "outside", f"Outside: only {body.outside} reads this"
    return "outside", f"From outside: {body.outside}"


def _id(body: Body, at: datetime) -> str:
    if isinstance(body, DoneShown):
        return f"done-{int(at.timestamp() * 1_000_000)}"
    return body.key


def quotation(message: MessageShown) -> int:
    """Where the quotation under a message begins; its end where nothing would be left above."""
    cut = message.quote_from
    return cut if cut is not None and message.text[:cut].strip() else len(message.text)


def _veiled(message: MessageShown) -> str:
    """Why nobody should have to read this unasked; empty where there is no reason, and for what we wrote."""
    reading = message.reading
    if message.ours or reading is None or not (reading.offensive or "abuse" in reading.flags):
        return ""
    return "Insulting words and what came with them" if message.files else "Insulting words"


def _where(message: Body) -> str:
    """Where it was written, and how: what stands beside the name."""
    if isinstance(message, HeldShown):
        return place_name(message.venue, message.channel)
    if not isinstance(message, MessageShown):
        return ""
    told = [place_name(message.venue, message.channel)]
    if message.native:
        told.append("answered at the venue, as we were told" if message.told else "answered in the venue's own app")
    if message.late:
        told.append("reached us late")
    if message.edited_at and not message.deleted_at:
        told.append(f"edited {hour(message.edited_at)}")
    return ", ".join(told)


def _lasting(body: Body) -> object:
    """All that is shown of an entry, but for the seconds that the page counts down by itself."""
    if isinstance(body, MessageShown) and body.delivery:
        return replace(body, delivery=replace(body.delivery, undo_seconds=min(1, body.delivery.undo_seconds)))
    return body
