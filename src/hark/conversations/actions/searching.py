"""What messages and notes are found by: written beside them, following the journal, rebuilt at any time.

Nothing here is in the way of the mail: the journey does not wait for it, and a search that lags says so.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, LiteralString

from django.db import transaction

from hark.contacts.actions import index_contacts
from hark.contacts.models import Contact
from hark.conversations.models import Attachment, Message, MessageSearch, Note
from hark.conversations.queries.appearance import author_name
from hark.conversations.queries.readings import ReadingShown, corrected, corrections_of, feeling, newest_readings
from hark.conversations.queries.searchable import READER
from hark.conversations.types import Direction, FileState
from hark.kernel.actions import hold_reader, move_reader
from hark.kernel.db import execute, stage
from hark.kernel.fulltext import STEMMED, has_spaces, plain_words, vector_of
from hark.kernel.queries import events_after, reader_position
from hark.kernel.types import JournalEvent

FOLLOWED = 1_000
BATCH = 1_000
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('search', 0))"
# may stand in another inbox since
MOVED = frozenset({"case.merged", "case.unmerged", "case.split", "case.message_moved", "case.moved"})
COLUMNS = {"id": "int8", "at": "timestamptz", "words": "text", "stemmed": "text", "config": "text"}
WRITE: LiteralString = """
    INSERT INTO {table} AS old ({key}, at, words)
    SELECT id, at, words::tsvector || strip(to_tsvector(config::regconfig, stemmed)) FROM staged_words ORDER BY id
    ON CONFLICT ({key}) DO UPDATE SET at = EXCLUDED.at, words = EXCLUDED.words
    WHERE (old.at, old.words) IS DISTINCT FROM (EXCLUDED.at, EXCLUDED.words)
"""
WRITE_MESSAGES: LiteralString = WRITE.format(table="conversations_messagesearch", key="message_id")
WRITE_NOTES: LiteralString = WRITE.format(table="conversations_notesearch", key="note_id")
Row = tuple[int, datetime, str, str, str]


def follow_journal() -> bool:
    """Let what happened next in the journal be found; True when there may be more.

    One transaction, one worker at a time; the reader's place moves with what was written. An event only says which rows
    to look at: they are read as they are now, so that doing it twice, or late, changes nothing.
    """
    return bool(events_after(reader_position(READER), limit=1)) and _follow()


@transaction.atomic
def _follow() -> bool:
    place = hold_reader(READER)
    events = events_after(place, limit=FOLLOWED) if place else []
    if not events:
        return False
    index_messages(message_ids=_messages_of(events))
    notes = {event.data["note"] for event in events if event.data.get("note")}
    index_notes(note_ids=Note.objects.filter(key__in=notes).values_list("pk", flat=True) if notes else ())
    move_reader(name=READER, position=events[-1].position)
    return len(events) == FOLLOWED


def _messages_of(events: Sequence[JournalEvent]) -> set[int]:
    """The messages that the events name, and all those of cases that may stand elsewhere now."""
    keys = {event.data["message"] for event in events if event.data.get("message")}
    cases = {event.subject for event in events if event.kind in MOVED}
    found = set(Message.objects.filter(key__in=keys).values_list("pk", flat=True)) if keys else set()
    if cases:
        found |= set(Message.objects.filter(conversation__case__key__in=cases).values_list("pk", flat=True))
    return found


def rebuild() -> Iterator[int]:
    """Write every row anew while everything goes on; gives how many messages and notes are done, batch by batch.

    Each batch is a transaction of its own. What happens meanwhile reaches the index by the journal.
    """
    done = 0
    for model, index in ((Message, index_messages), (Note, index_notes)):
        for ids in _in_batches(model):
            index(ids)
            done += len(ids)
            yield done
    for ids in _in_batches(Contact):
        index_contacts(contact_ids=ids)


def _in_batches(model: Any) -> Iterator[list[int]]:
    last = 0
    while ids := list(model.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield ids
        last = ids[-1]


@transaction.atomic
def index_messages(message_ids: Collection[int]) -> None:
    """Let these messages be found as they are now; deleted ones and those never written, not at all. Idempotent.

    In the caller's transaction where there is one. Those who do it wait for each other, so that nobody writes words
    that were read before somebody else's newer ones. What their writers are called is written with them.
    """
    if not message_ids:
        return
    execute(ONE_AT_A_TIME)
    ids = list(message_ids)
    there = Message.objects.filter(pk__in=ids, deleted_at=None).exclude(native=True, external_id=None)
    messages = list(there.select_related("conversation__case", "channel", "identity", "agent").order_by("pk"))
    MessageSearch.objects.filter(message__in=set(ids) - {message.pk for message in messages}).delete()
    index_contacts(contact_ids={message.identity.contact_id for message in messages if message.identity})
    _write(WRITE_MESSAGES, _message_rows(messages))


@transaction.atomic
def index_notes(note_ids: Collection[int]) -> None:
    """Let these notes be found as they are now. Idempotent; in the caller's transaction where there is one."""
    if not note_ids:
        return
    execute(ONE_AT_A_TIME)
    notes = list(Note.objects.filter(pk__in=list(note_ids)).select_related("case", "agent").order_by("pk"))
    files = _file_marks(note__in=[note.pk for note in notes])
    _write(WRITE_NOTES, [_note_row(note, files.get(note.pk, ())) for note in notes])


def _write(statement: LiteralString, rows: Sequence[Row]) -> None:
    if rows:
        stage("staged_words", COLUMNS, rows)
        execute(statement)


def _message_rows(messages: Sequence[Message]) -> list[Row]:
    ids = [message.pk for message in messages]
    readings, corrections, files = newest_readings(ids), corrections_of(ids), _file_marks(message__in=ids)
    rows = []
    for message in messages:
        reading = readings.get(message.pk)
        shown = corrected(reading, corrections.get(message.pk, ())) if reading else None
        heard = shown if message.direction == Direction.INBOUND else None
        marks = [*_marks(message, heard), *files.get(message.pk, ())]
        text = f"{message.text}\n{message.conversation.subject}"
        rows.append(_row(message.pk, message.sent_at, text, marks, shown.language if shown else ""))
    return rows


def _marks(message: Message, heard: ReadingShown | None) -> list[str]:
    """What a message is found by beside its words; nothing that anybody writes looks like these."""
    case, ours = message.conversation.case, message.direction == Direction.OUTBOUND
    called = author_name(message)
    if message.identity:
        called = f"{message.identity.name} {message.identity.handle}"
    return [
        f"inbox:{case.inbox_id if case else message.channel.inbox_id}",
        f"venue:{message.channel.venue}",
        *([f"mood:{feeling(heard)}"] if heard and feeling(heard) else ()),
        *([f"kind:{heard.kind}"] if heard and heard.kind else ()),
        *_by(called, message.agent_id, ours=ours),
    ]


def _file_marks(**of: list[int]) -> dict[int, set[str]]:
    """What messages or notes with files are found by. What a formatted mail shows inside itself is no file here."""
    [owner] = (lookup.removesuffix("__in") + "_id" for lookup in of)
    found: dict[int, set[str]] = {}
    told = Attachment.objects.filter(remote=False, inline=False, **of).exclude(state=FileState.REMOVED)
    for number, mime in told.values_list(owner, "mime"):
        marks = found.setdefault(number, {"has:attachment"})
        marks |= {"has:picture"} if mime.startswith("image/") else set()
    return found


def _note_row(note: Note, files: Collection[str]) -> Row:
    marks = [f"inbox:{note.case.inbox_id}", *_by(note.agent.name, note.agent_id, ours=True), *files]
    return _row(note.pk, note.at, note.text, marks, "")


def _by(called: str, agent_id: int | None, *, ours: bool) -> list[str]:
    told = [f"from:{word}" for word in dict.fromkeys(plain_words(called))]
    return [*told, *(["by:us"] if ours else ()), *([f"by:{agent_id}"] if agent_id else ())]


def _row(pk: int, at: datetime, text: str, marks: Sequence[str], language: str) -> Row:
    words = plain_words(text)
    config = STEMMED.get(language, "")
    stemmed = " ".join(word for word in dict.fromkeys(words) if has_spaces(word)) if config else ""
    return pk, at, vector_of(words, marks), stemmed, config or "simple"
