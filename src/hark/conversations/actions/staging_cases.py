"""Cases and clocks of a batch: read and locked, and written back as the fold has changed them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

from hark.conversations.actions.folding import CaseState, ClockState, ThreadState
from hark.conversations.actions.joining import JoinKey, Person
from hark.kernel.db import copy_rows, execute, fetch_all, stage
from hark.kernel.ids import public_key

CASE = """
    SELECT id, contact_id, inbox_id, status, last_message_at, last_text, last_kind, last_inbound_at, key, assignee_id,
        snoozed_until, again
    FROM conversations_case WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
RUNNING = """
    SELECT case_id, conversation_id, kind, segment, target_seconds, started_at, due_at, id FROM conversations_clock
    WHERE case_id = ANY(%s) AND stopped_at IS NULL AND kind IN ('first_response', 'next_response')
"""
SEGMENTS = """
    SELECT case_id, conversation_id, kind, max(segment) FROM conversations_clock
    WHERE case_id = ANY(%s) AND conversation_id IS NOT NULL GROUP BY case_id, conversation_id, kind
"""
# Thousands may have said the same; a repetition is near in time, so the newest few are enough, at a bounded cost.
SAME_WORDS = """
    SELECT w.contact_id, w.inbox_id, w.duplicate_key, same.id
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS w (contact_id, inbox_id, duplicate_key)
    CROSS JOIN LATERAL (
        SELECT c.id
        FROM (
            SELECT message_id FROM conversations_reading WHERE duplicate_key = w.duplicate_key
            ORDER BY id DESC LIMIT 10) r
        CROSS JOIN LATERAL (SELECT * FROM conversations_message WHERE id = r.message_id OFFSET 0) m
        CROSS JOIN LATERAL (SELECT * FROM contacts_identity WHERE id = m.identity_id OFFSET 0) i
        CROSS JOIN LATERAL (SELECT * FROM conversations_conversation WHERE id = m.conversation_id OFFSET 0) v
        CROSS JOIN LATERAL (SELECT * FROM conversations_case WHERE id = v.case_id OFFSET 0) c
        WHERE i.contact_id = w.contact_id AND NOT v.outside AND c.inbox_id = w.inbox_id AND c.status <> 'resolved'
        ORDER BY c.id LIMIT 1) same
"""  # OFFSET 0: from the ten readings outwards, also where the planner takes a table that has just grown for empty
# Of a person's newest cases the open ones, and what he wrote there last: what he says nearly alike is near in time too.
OPEN_WORDS = """
    SELECT w.contact_id, w.inbox_id, c.id, substr(m.text, 1, coalesce(m.quote_from, 20000))
    FROM unnest(%s::bigint[], %s::bigint[]) AS w (contact_id, inbox_id)
    CROSS JOIN LATERAL (
        SELECT id, inbox_id, status FROM conversations_case WHERE contact_id = w.contact_id
        ORDER BY opened_at DESC LIMIT 10) c
    CROSS JOIN LATERAL (
        SELECT id FROM conversations_conversation WHERE case_id = c.id AND NOT outside ORDER BY id LIMIT 10) v
    CROSS JOIN LATERAL (
        SELECT id, text, quote_from FROM conversations_message
        WHERE conversation_id = v.id AND direction = 'in' AND deleted_at IS NULL
        ORDER BY sent_at DESC, id DESC LIMIT 3) m
    WHERE c.inbox_id = w.inbox_id AND c.status <> 'resolved' ORDER BY c.id, m.id
"""
# Of a person's newest cases the open one in which we last took a public talk to private.
MOVED = """
    SELECT w.contact_id, w.inbox_id, open.id
    FROM unnest(%s::bigint[], %s::bigint[]) AS w (contact_id, inbox_id)
    CROSS JOIN LATERAL (
        SELECT c.id
        FROM (
            SELECT id, inbox_id, status FROM conversations_case WHERE contact_id = w.contact_id
            ORDER BY opened_at DESC LIMIT 10) c
        JOIN conversations_conversation v ON v.case_id = c.id
        JOIN conversations_message m ON m.conversation_id = v.id AND m.moved AND m.deleted_at IS NULL
        WHERE c.inbox_id = w.inbox_id AND c.status <> 'resolved'
            AND m.sent_at > clock_timestamp() - interval '7 days'
        ORDER BY m.id DESC LIMIT 1) open
"""
DRAW = """
    SELECT nextval(pg_get_serial_sequence('conversations_case', 'id')), clock_timestamp() FROM generate_series(1, %s)
"""
NEW_CASE = {
    "id": "int8",
    "key": "text",
    "title": "text",
    "contact_id": "int8",
    "inbox_id": "int8",
    "status": "text",
    "opened_because": "text",
    "opened_at": "timestamptz",
    "due_at": "timestamptz",
    "mood_at_opening": "text",
    "mood_at_closing": "text",
    "last_message_at": "timestamptz",
    "last_inbound_at": "timestamptz",
    "last_text": "text",
    "last_kind": "text",
    "version": "int8",
}
CHANGED_CASE = {
    "id": "int8",
    "status": "text",
    "due_at": "timestamptz",
    "last_message_at": "timestamptz",
    "last_inbound_at": "timestamptz",
    "last_text": "text",
    "last_kind": "text",
    "snoozed_until": "timestamptz",
}
CHANGE_CASES = """
    UPDATE conversations_case c
    SET status = s.status, due_at = s.due_at, last_message_at = s.last_message_at, last_inbound_at = s.last_inbound_at,
        last_text = s.last_text, last_kind = s.last_kind, snoozed_until = s.snoozed_until, version = c.version + 1,
        resolved_at = CASE WHEN s.status = 'resolved' THEN c.resolved_at END,
        mood_at_closing = CASE WHEN s.status = 'resolved' THEN c.mood_at_closing ELSE '' END,
        spam = c.spam AND s.status = 'resolved'
    FROM staged_case s WHERE c.id = s.id
"""
CHANGED_THREAD = {
    "id": "int8",
    "case_id": "int8",
    "contact_id": "int8",
    "first_responded_at": "timestamptz",
    "last_inbound_at": "timestamptz",
}
CHANGE_THREADS = """
    UPDATE conversations_conversation v
    SET case_id = s.case_id, contact_id = s.contact_id, first_responded_at = s.first_responded_at,
        last_inbound_at = s.last_inbound_at
    FROM staged_changed_thread s WHERE v.id = s.id
"""
NEW_CLOCK = {
    "case_id": "int8",
    "conversation_id": "int8",
    "kind": "text",
    "segment": "int4",
    "target_seconds": "int4",
    "started_at": "timestamptz",
    "due_at": "timestamptz",
}


def lock_cases(ids: Collection[int]) -> dict[int, CaseState]:
    """These cases with their running response clocks, locked to the end of the transaction in the order of ids."""
    if not ids:
        return {}
    wanted = [sorted(ids)]
    cases: dict[int, CaseState] = {}
    for number, *rest, again in fetch_all(CASE, wanted):
        cases[number] = case = CaseState(*rest)
        case.id, case.again = number, again
    for case_id, *clock in fetch_all(RUNNING, wanted):
        cases[case_id].clocks.append(ClockState(*clock))
    for case_id, conversation_id, kind, top in fetch_all(SEGMENTS, wanted):
        cases[case_id].segments[conversation_id, kind] = top
    return cases


def cases_with_same_words(wanted: Collection[JoinKey]) -> dict[JoinKey, int]:
    """The oldest open case of (contact, inbox) in which a message with this duplicate key was written not long ago."""
    if not wanted:
        return {}
    columns = [list(column) for column in zip(*sorted(wanted), strict=True)]
    return {(contact, inbox, shared): case_id for contact, inbox, shared, case_id in fetch_all(SAME_WORDS, columns)}


def words_in_open_cases(people: Collection[Person]) -> dict[Person, list[tuple[str, int]]]:
    """What these people wrote last in their open cases of an inbox, and in which, the oldest first. One query."""
    if not people:
        return {}
    columns = [list(column) for column in zip(*sorted(people), strict=True)]
    found: dict[Person, list[tuple[str, int]]] = {}
    for contact, inbox, case_id, text in fetch_all(OPEN_WORDS, columns):
        found.setdefault((contact, inbox), []).append((text, case_id))
    return found


def cases_that_moved(people: Collection[Person]) -> dict[Person, int]:
    """The open case of each in which we have taken a public talk to private within a week. One query."""
    if not people:
        return {}
    columns = [list(column) for column in zip(*sorted(people), strict=True)]
    return {(contact, inbox): case_id for contact, inbox, case_id in fetch_all(MOVED, columns)}


def add_cases(cases: Sequence[CaseState], moods: Mapping[int, str]) -> None:
    """Store cases that open now, and give them their ids and keys. `moods`: contact → level at the opening."""
    if not cases:
        return
    drawn = fetch_all(DRAW, [len(cases)])
    for case, (number, _) in zip(cases, drawn, strict=True):
        case.id, case.key = number, public_key("case")
    rows = [_new_row(case, opened_at, moods) for case, (_, opened_at) in zip(cases, drawn, strict=True)]
    _copy("conversations_case", NEW_CASE, rows)


def write(cases: Iterable[CaseState], threads: Iterable[ThreadState]) -> None:
    """Write what the fold has changed: cases (new ones have their ids), their clocks, and the threads."""
    everything = list(cases)
    _write_cases([case for case in everything if case.changed and not case.opened])
    _write_clocks([(case, clock) for case in everything for clock in case.clocks])
    rows = [
        (one.id, one.case and one.case.id, one.contact_id, one.first_responded_at, one.last_inbound_at)
        for one in threads
        if one.changed
    ]
    if rows:
        stage("staged_changed_thread", CHANGED_THREAD, rows)
        execute(CHANGE_THREADS)


def _new_row(case: CaseState, opened_at: datetime, moods: Mapping[int, str]) -> tuple[object, ...]:
    return (
        case.id,
        case.key,
        case.title,
        case.contact_id,
        case.inbox_id,
        str(case.status),
        case.opened_because,
        opened_at,
        case.due_at,
        moods.get(case.contact_id, "calm"),
        "",
        case.last_message_at,
        case.last_inbound_at,
        case.last_text,
        case.last_kind,
        1,
    )


def _write_cases(cases: Sequence[CaseState]) -> None:
    if cases:
        rows = [
            (
                c.id,
                str(c.status),
                c.due_at,
                c.last_message_at,
                c.last_inbound_at,
                c.last_text,
                c.last_kind,
                c.snoozed_until,
            )
            for c in cases
        ]
        stage("staged_case", CHANGED_CASE, rows)
        execute(CHANGE_CASES)


def _write_clocks(clocks: Sequence[tuple[CaseState, ClockState]]) -> None:
    """New clocks are added; one that began earlier than was known is moved."""
    new = [
        (case.id, one.conversation_id, str(one.kind), one.segment, one.target_seconds, one.started_at, one.due_at)
        for case, one in clocks
        if not one.id
    ]
    if new:
        _copy("conversations_clock", NEW_CLOCK, new)
    for _, one in clocks:
        if one.id and one.moved:
            execute(
                "UPDATE conversations_clock SET kind = %s, target_seconds = %s, started_at = %s, due_at = %s "
                "WHERE id = %s",
                [str(one.kind), one.target_seconds, one.started_at, one.due_at, one.id],
            )


def _copy(table: LiteralString, columns: Mapping[LiteralString, LiteralString], rows: Sequence[Sequence[Any]]) -> None:
    copy_rows(f"COPY {table} ({', '.join(columns)}) FROM STDIN BINARY", list(columns.values()), rows)
