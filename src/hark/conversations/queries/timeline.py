"""One case's timeline: what its contact and we have written on every venue, the notes and what was done, by time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from hark.conversations.models import Case, HeldReply, Message, Note
from hark.conversations.queries.access import cases_visible_to, conversations_visible_to, notes_visible_to
from hark.conversations.queries.done import DONE, other_case, what_was_done
from hark.conversations.queries.files import FileShown, files_of_notes
from hark.conversations.queries.held import HeldShown, held_shown
from hark.conversations.queries.keyset import DONE_EVENT, MESSAGE, NOTE, Place, before_place
from hark.conversations.queries.messages import MessageShown, messages_shown
from hark.conversations.types import HELD
from hark.delivery.types import OutboxState
from hark.kernel.models import Event
from hark.organisation.models import Agent

CASES_TOLD = 100
TALKS_TOLD = 1_000
WAITING = HeldReply.objects.filter(conversation__case=OuterRef("pk"), state__in=HELD)


@dataclass(frozen=True, slots=True)
class NoteShown:
    """A note."""

    key: str
    who: str
    mine: bool
    text: str
    case_key: str
    files: tuple[FileShown, ...] = ()


@dataclass(frozen=True, slots=True)
class DoneShown:
    """Something that was done with a case, as a sentence; `about` is another case that it speaks of."""

    who: str
    words: str
    case_key: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a timeline, `message`, `note`, `done`, or `held`: what has not left yet stands below all others."""

    kind: str
    at: datetime
    body: MessageShown | NoteShown | DoneShown | HeldShown


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of a timeline, oldest entry first; `older` is where the page before it ends, empty at the beginning."""

    entries: tuple[Entry, ...]
    older: str


def timeline(agent: Agent, case: Case, *, at: datetime, before: str = "", limit: int = 40) -> Timeline:
    """The newest page of a case's timeline, or the one before a place, over all that the agent may see of the contact.

    At most fourteen queries, however long it is, and two where replies wait. The case comes from the gate.
    """
    place = Place.parse(before)
    told = _cases_of(agent, case).annotate(holds=Exists(WAITING)).values_list("key", "holds")
    cases = [key for key, _ in told]
    messages = before_place(_messages(agent, case), "sent_at", MESSAGE, place)[: limit + 1]
    notes = before_place(_notes(agent, cases), "at", NOTE, place)[: limit + 1]
    done = before_place(_done(cases), "at", DONE_EVENT, place)[: limit + 1]
    merged: list[tuple[Place, Any]] = [
        *((Place(row.sent_at, MESSAGE, row.pk), row) for row in messages),
        *((Place(row.at, NOTE, row.pk), row) for row in notes),
        *((Place(row["at"], DONE_EVENT, row["id"]), row) for row in done),
    ]
    merged.sort(key=_order)
    page = merged[-limit:]
    older = str(page[0][0]) if len(merged) > limit else ""
    rows = [row for _, row in page]
    waiting = [key for key, holds in told if holds and not before]
    return Timeline((*_entries(agent, rows, at), *_held(agent, waiting)), older)


def _order(each: tuple[Place, Any]) -> tuple[Any, ...]:
    return tuple(each[0])


def _cases_of(agent: Agent, case: Case) -> QuerySet[Case]:
    """The contact's newest cases that the agent may see, and those that were merged into this one."""
    ours = Q(contact=case.contact_id) | Q(merged_into=case)
    return cases_visible_to(agent).filter(ours).order_by("-opened_at")[:CASES_TOLD]


def _messages(agent: Agent, case: Case) -> QuerySet[Message]:
    """All that was written with the contact or in the case; replies taken back before they left were never written."""
    ours = Q(contact=case.contact_id) | Q(case=case)
    talks = conversations_visible_to(agent).filter(ours).order_by("-pk").values_list("pk", flat=True)
    said = Message.objects.filter(conversation__in=list(talks[:TALKS_TOLD]))  # a list: their index is taken for sure
    said = said.exclude(outbox_item__state=OutboxState.CANCELLED, deleted_at__isnull=False, external_id__isnull=True)
    said = said.exclude(native=True, external_id__isnull=True)
    beside = ("conversation__case", "conversation__contact", "channel", "identity", "agent")
    return said.select_related(*beside, "outbox_item", "change_item", "repeat")


def _notes(agent: Agent, cases: list[str]) -> QuerySet[Note]:
    return notes_visible_to(agent).filter(case__key__in=cases).select_related("agent", "case")


def _done(cases: list[str]) -> QuerySet[Event, Any]:
    told = Event.objects.filter(subject__in=cases, kind__in=DONE)
    return told.values("id", "at", "kind", "subject", "actor", "data")


def _entries(agent: Agent, rows: list[Any], at: datetime) -> Iterable[Entry]:
    shown = iter(messages_shown(agent, [row for row in rows if isinstance(row, Message)], at=at))
    done = [row for row in rows if isinstance(row, dict)]
    keys = {row["actor"] for row in done} | {row["data"].get("agent", "") for row in done}
    names = dict(Agent.objects.filter(key__in=keys).values_list("key", "name")) if done else {}
    files = files_of_notes(row.pk for row in rows if isinstance(row, Note))
    for row in rows:
        if isinstance(row, Message):
            yield Entry("message", row.sent_at, next(shown))
        elif isinstance(row, Note):
            mine = row.agent_id == agent.pk
            yield Entry(
                "note", row.at, NoteShown(row.key, row.agent.name, mine, row.text, row.case.key, files.get(row.pk, ()))
            )
        else:
            yield Entry("done", row["at"], DoneShown(*what_was_done(row, names), row["subject"], other_case(row)))


def _held(agent: Agent, case_keys: list[str]) -> Iterable[Entry]:
    """What waits in these cases, oldest first; no query where nothing does."""
    rows = held_shown(agent, conversation__case__key__in=case_keys) if case_keys else []
    return [Entry("held", when, body) for when, body in rows]
