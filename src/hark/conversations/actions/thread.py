"""Which thread, which case: a batch of read messages with known authors, by set-based SQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from django.db import transaction

from hark.clocks.queries import targets_of
from hark.conversations.actions.again import count_again
from hark.conversations.actions.branches import give_to_branches
from hark.conversations.actions.folding import CaseState, NewMessage, ThreadState, fold, wakes
from hark.conversations.actions.incoming_files import add_formatted, add_incoming_files
from hark.conversations.actions.joining import Joins, join_key, person_of
from hark.conversations.actions.letters import find_threads, told_apart, write_down
from hark.conversations.actions.spam import add_held, let_into_cases
from hark.conversations.actions.staging import (
    Repeated,
    add_messages,
    note_native_answers,
    open_threads,
    other_words,
    thread_keys,
)
from hark.conversations.actions.staging_cases import (
    add_cases,
    cases_that_moved,
    cases_with_same_words,
    lock_cases,
    words_in_open_cases,
    write,
)
from hark.conversations.actions.staging_readings import add_readings, fold_moods
from hark.conversations.actions.versions import complete, take_words
from hark.conversations.types import IncomingMessage, Status, ThreadedMessage, Visibility
from hark.kernel.actions import record
from hark.kernel.types import NewEvent

Placed = list[tuple[NewMessage, ThreadState]]


@transaction.atomic
def thread(messages: Sequence[IncomingMessage]) -> list[ThreadedMessage]:
    """Store a batch of inbound messages and what follows from them; tells what became of each, in the order given.

    In the caller's transaction where there is one. Idempotent by (channel, external id): a copy changes nothing; the
    same id with other words becomes a version. The result does not depend on the order of arrival: threads are found or
    opened, cases opened, joined or opened again, clocks started at the venue's believable time, moods folded, events
    recorded. Conversations, then cases are locked by id; workers that meet on a thread wait for each other.
    A mail finds its thread by what it names (`letters`), and is never taken for an edit of another one.
    """
    if not messages:
        return []
    messages = find_threads(messages)
    homes = [one.thread_channel_id or one.channel_id for one in messages]
    keys = list(zip(homes, thread_keys(messages), strict=True))
    pairs = zip(keys, messages, strict=True)
    threads = open_threads((key, one.contact_id, one.subject) for key, one in pairs)
    keys = give_to_branches(keys, messages, threads)
    messages = let_into_cases(messages, [threads[key].case_id for key in keys])
    new = add_messages([(one, threads[key].id) for key, one in zip(keys, messages, strict=True)])
    repeated = other_words() if len(new) < len(messages) else []
    write_down([(one, threads[key].id) for key, one in zip(keys, messages, strict=True) if one.letter])
    others = {one.place for one in repeated if messages[one.place].letter}
    repeated = [one for one in repeated if one.place not in others]
    halves = {one.message_id: one for one in reversed(repeated) if one.only_edited}
    originals = [_original(one, messages) for one in halves.values()]
    _fold_and_write(*([(one, threads[keys[one.place]]) for one in group] for group in (new, originals)))
    changed = {one.place for one in originals} | _take_other_words(messages, repeated)
    stored = {one.place: one for one in (*new, *originals)}
    apart = dict(zip(sorted(others), thread([told_apart(messages[place]) for place in sorted(others)]), strict=True))
    return [
        apart.get(place) or _told(one, stored.get(place), threads[keys[place]], changed=place in changed)
        for place, one in enumerate(messages)
    ]


def _original(repeated: Repeated, messages: Sequence[IncomingMessage]) -> NewMessage:
    """The original of a message that was made of its edit: its thread takes it in as if it were new."""
    incoming = messages[repeated.place]
    row = complete(message_id=repeated.message_id, incoming=incoming)
    now = replace(incoming, text=row.text)
    return NewMessage(row.pk, row.key, repeated.place, now, deleted=row.deleted_at is not None)


def _fold_and_write(new: Placed, originals: Placed) -> None:
    placed = [*new, *originals]
    if not placed:
        return
    threads = {thread.id: thread for _, thread in placed}
    cases, joins = _cases_of(placed, threads)
    note_native_answers(threads.values(), min(one.incoming.sent_at for one, _ in placed))
    inboxes = {one.incoming.inbox_id for one, _ in placed} | {case.inbox_id for case in cases}
    fold(placed, targets_of(inboxes), joins)
    add_readings([one for one, _ in new])
    add_held([one for one, _ in new])
    add_formatted([one for one, _ in placed])
    add_incoming_files([one for one, _ in placed])
    moods = fold_moods({one.incoming.contact_id for one, thread in placed if not thread.outside})
    changed = _distinct(thread.case for thread in threads.values())
    add_cases([case for case in changed if case.opened], moods)
    write(changed, threads.values())
    record(_events(new, changed))
    _count_again(changed)


def _count_again(cases: Sequence[CaseState]) -> None:
    """Whoever has come back is counted; the cases are written and locked."""
    asked = {case.id: case for case in cases if case.opened or case.returned}
    marks = count_again(list(asked), new=[number for number, case in asked.items() if case.opened])
    for number, mark in marks.items():
        asked[number].again = mark


def _cases_of(placed: Placed, threads: Mapping[int, ThreadState]) -> tuple[list[CaseState], Joins[CaseState]]:
    """Lock the cases of the threads, hang them in, and find those that repeated words may join."""
    asking = [one.incoming for one, thread in placed if thread.case_id is None and one.incoming.case_reason]
    wanted = {key: one for one in asking if (key := join_key(one))}
    same = cases_with_same_words(wanted)
    alike = words_in_open_cases({person_of(one) for key, one in wanted.items() if key not in same})
    moved = cases_that_moved({person_of(one) for one in asking if one.visibility == Visibility.PRIVATE})
    joined = {*same.values(), *(case_id for rows in alike.values() for _, case_id in rows), *moved.values()}
    locked = lock_cases({one.case_id for one in threads.values() if one.case_id is not None} | joined)
    for one in threads.values():
        one.case = locked[one.case_id] if one.case_id is not None else None
    stay = {number: case for number, case in locked.items() if case.status != Status.RESOLVED}
    exact = {key: stay[case_id] for key, case_id in same.items() if case_id in stay}
    near = {who: [(text, stay[case_id]) for text, case_id in rows if case_id in stay] for who, rows in alike.items()}
    still = {who: stay[case_id] for who, case_id in moved.items() if case_id in stay}
    return list(locked.values()), Joins.of(exact, near, still)


def _distinct(cases: Iterable[CaseState | None]) -> list[CaseState]:
    return list({id(case): case for case in cases if case is not None}.values())


def _take_other_words(messages: Sequence[IncomingMessage], repeated: Sequence[Repeated]) -> set[int]:
    """Keep the words that came under an id which was there with others; gives the places where they were news."""
    return {
        one.place
        for one in repeated
        if not one.only_edited and take_words(message_id=one.message_id, incoming=messages[one.place], edited_at=None)
    }


def _told(
    incoming: IncomingMessage, stored: NewMessage | None, thread: ThreadState, *, changed: bool
) -> ThreadedMessage:
    case = thread.case if stored is not None else None
    clock = case.oldest_clock if case is not None and case.status == Status.OPEN else None
    return ThreadedMessage(
        incoming=incoming,
        message_id=stored.id if stored is not None and not changed else None,
        conversation_id=thread.id,
        case_id=case.id if case else None,
        case_key=case.key if case else "",
        opened_case=case.opened if case else False,
        waiting_since=clock.started_at if clock else None,
        target_seconds=clock.target_seconds if clock else 0,
        holder_id=case.assignee_id if case else None,
        again=case.again if case else 0,
        changed=changed,
    )


def _events(placed: Placed, cases: Sequence[CaseState]) -> list[NewEvent]:
    """What the journal hears: cases first, so that a message's case is known when the message is told."""
    first = {id(thread.case): one.key for one, thread in reversed(placed) if thread.case is not None}
    return [
        *(event for case in cases for event in _case_events(case, first.get(id(case), ""))),
        *(_message_event(one, thread) for one, thread in placed),
        *(_outside_event(one, thread) for one, thread in placed if thread.outside and wakes(one, thread)),
    ]


def _case_events(case: CaseState, message_key: str) -> list[NewEvent]:
    data = {"case": case.key, "message": message_key}
    if case.opened:
        return [NewEvent("case.opened", case.key, inbox_id=case.inbox_id, data={**data, "by": "rule"})]
    events = []
    if case.woken:
        events.append(NewEvent("case.woken", case.key, "contact", case.inbox_id, data={**data, "why": "message"}))
    if case.woken_from:
        kind = "case.reopened" if case.woken_from == Status.RESOLVED else "case.status"
        events.append(NewEvent(kind, case.key, inbox_id=case.inbox_id, data={**data, "status": str(case.status)}))
    return events


def _message_event(one: NewMessage, thread: ThreadState) -> NewEvent:
    incoming, case = one.incoming, thread.case
    return NewEvent(
        kind="message.received",
        subject=case.key if case else one.key,
        actor="contact",
        inbox_id=case.inbox_id if case else incoming.inbox_id,
        visitor=(thread.visitor or thread.key) if incoming.visibility == Visibility.PRIVATE else "",
        data={
            "message": one.key,
            "case": case.key if case else "",
            "conversation": thread.key,
            "kind": incoming.kind,
            "posted": incoming.sent_at.isoformat(),
            "urgency": incoming.reading.get("urgency", {}).get("level", ""),
            **({"outside": True} if thread.outside else {}),
            **({"spam": True} if incoming.held else {}),
        },
    )


def _outside_event(one: NewMessage, thread: ThreadState) -> NewEvent:
    """Whoever was asked outside has answered: somebody has to read it."""
    case = thread.case
    data = {"case": case.key if case else "", "message": one.key, "conversation": thread.key}
    return NewEvent("case.answered_outside", data["case"], "outside", case.inbox_id if case else None, data=data)
