"""What venues and pages say for themselves, compared with the tables.

A venue's own ledger has a JSON line for each thing: `{"what": "acknowledged", "account", "delivery", "events": [ids]}`
is a call that was answered with 2xx, `{"what": "received", "account", "client_ref", "thread", "repeat"}` a reply that
reached it. A screen's has a line for each look at a case: `{"case": key, "at": time, "messages": [keys]}`.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hark.journey.ledger_findings import Books
from hark.kernel.db import fetch_all
from hark.kernel.errors import HarkError

Line = dict[str, Any]


class Reply(NamedTuple):
    """A reply as the out-box has it; `doubted` when agents were told that it may or may not have arrived."""

    number: int
    state: str
    message: str
    doubted: bool


TAKEN = """
    SELECT s.place, a.state, a.outcome, a.channel_id FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY
        AS s (account, delivery, place)
    JOIN organisation_channel c ON c.external_id = s.account
    JOIN intake_arrival a ON a.channel_id = c.id AND a.dedupe_key = s.delivery
"""
STORED = """
    SELECT s.place FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY AS s (channel_id, external_id, place)
    JOIN conversations_message m ON m.channel_id = s.channel_id AND m.external_id = s.external_id
"""
BECOMES_A_MESSAGE = frozenset({"message", "duplicate", "native", "echo"})
REPLIES = """
    SELECT o.idempotency_key::text, o.id, o.state, coalesce(m.key, ''), EXISTS (
        SELECT 1 FROM kernel_event e WHERE e.kind = 'message.state' AND e.data ->> 'message' = m.key
        AND e.data ->> 'state' IN ('ambiguous', 'failed', 'refused'))
    FROM organisation_channel c JOIN delivery_outboxitem o ON o.channel_id = c.id
    LEFT JOIN delivery_outboxitem w ON w.reply = o.reply AND w.part = w.parts
    LEFT JOIN conversations_message m ON m.outbox_item_id = coalesce(w.id, o.id)
    WHERE c.external_id = ANY(%s) AND NOT o.payload ? 'change'
"""
IN_CASE = """
    SELECT m.key FROM conversations_message m JOIN conversations_conversation v ON v.id = m.conversation_id
    JOIN conversations_case c ON c.id = v.case_id
    WHERE c.key = %s AND m.received_at <= coalesce(%s::timestamptz, 'infinity')
    ORDER BY m.sent_at, m.id
"""


class NoLedger(HarkError):
    """This file cannot be read as a ledger."""


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a ledger. Raises NoLedger, naming the line, where one is not a JSON object."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                yield _line(text, path, number)
    except (OSError, UnicodeDecodeError) as error:
        raise NoLedger(f"{path.name}: {type(error).__name__}") from error


def _line(text: str, path: Path, number: int) -> Line:
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if not isinstance(line, dict):
        raise NoLedger(f"{path.name}, line {number}")
    return line


def compare_takings(books: Books, lines: Sequence[Line]) -> None:
    """Every call that was acknowledged is there, and what became a message is one."""
    acknowledged = [line for line in lines if line.get("what") == "acknowledged"]
    calls = [(str(line.get("account", "")), str(line.get("delivery", "")), line) for line in acknowledged]
    if not calls:
        return
    rows = fetch_all(TAKEN, [[account for account, _, _ in calls], [delivery for _, delivery, _ in calls]])
    found = {place - 1: (outcome if state == "done" else "", channel) for place, state, outcome, channel in rows}
    books.counts["acknowledged by venues"] = {"calls": len(calls)}
    gone = [delivery for place, (_, delivery, _) in enumerate(calls) if place not in found]
    books.add("lost", "a call that was acknowledged and is nowhere", gone)
    wanted = [
        (found[place][1], str(event))
        for place, (_, _, line) in enumerate(calls)
        if place in found and found[place][0] in BECOMES_A_MESSAGE
        for event in line.get("events", ())
    ]
    _compare_messages(books, wanted)


def _compare_messages(books: Books, wanted: Sequence[tuple[int, str]]) -> None:
    if not wanted:
        return
    columns = [list(column) for column in zip(*wanted, strict=True)]
    there = {place - 1 for (place,) in fetch_all(STORED, columns)}
    gone = [event for place, (_, event) in enumerate(wanted) if place not in there]
    books.add("lost", "a post that was acknowledged, and no message has its id", gone)


def compare_sendings(books: Books, before: Sequence[Line], after: Sequence[Line]) -> None:
    """What venues received is what was sent: each reply once, unless an agent was told, in the author's order.

    What they had received `before` the tables were read must be there; what is marked as sent, they have `after`.
    """
    accounts = {str(line.get("account", "")) for line in after} - {""}
    if not accounts:
        return
    replies = {key: Reply(*row) for key, *row in fetch_all(REPLIES, [sorted(accounts)])}
    received = [line for line in before if line.get("what") == "received"]
    books.counts["received by venues"] = {"replies": len(received)}
    times = Counter(_reference(line) for line in received if not line.get("repeat"))
    strangers = [key or "without a reference" for key in times if key not in replies]
    books.add("orphan", "a reply reached a venue that nobody here has written", strangers)
    doubled = [
        replies[key].message for key, n in times.items() if n > 1 and key in replies and not replies[key].doubted
    ]
    books.add("twice", "a reply reached its venue twice, and nobody was told that it might", doubled)
    taken = {_reference(line) for line in after if line.get("what") == "received"}
    gone = [one.message for key, one in replies.items() if one.state == "sent" and key not in taken]
    books.add("lost", "a reply that is marked as sent never reached its venue", gone)
    late = _out_of_order(received, replies)
    books.add("order", "a reply reached its conversation after one that was written later", late)


def _reference(line: Line) -> str:
    return str(line.get("client_ref", ""))


def _out_of_order(received: Sequence[Line], replies: Mapping[str, Reply]) -> list[str]:
    """Replies that came after one written later; those once in doubt may have been sent again, and do not count."""
    newest: dict[tuple[str, str], int] = {}
    late, seen = [], set()
    for line in received:
        key, thread = _reference(line), (str(line.get("account", "")), str(line.get("thread", "")))
        reply = replies.get(key)
        if reply is None or reply.doubted or key in seen:
            continue
        seen.add(key)
        if reply.number < newest.get(thread, 0):
            late.append(reply.message)
        newest[thread] = max(newest.get(thread, 0), reply.number)
    return late


def compare_screens(books: Books, shown: Sequence[Line]) -> None:
    """Whoever had a case open saw each of its messages, once, in their order. The last look at a case counts."""
    looks = {str(line.get("case", "")): line for line in shown}
    for case, line in looks.items():
        seen = [str(key) for key in line.get("messages", ())]
        there = [key for (key,) in fetch_all(IN_CASE, [case, line.get("at")])]
        _compare_look(books, seen, there)
    if shown:
        books.counts["looked at on screens"] = {"cases": len(looks)}


def _compare_look(books: Books, seen: Sequence[str], there: Sequence[str]) -> None:
    unseen = [key for key in there if key not in set(seen)]
    books.add("unseen", "a message was never on the screen that had its case open", unseen)
    doubled = [key for key, count in Counter(seen).items() if count > 1]
    books.add("twice", "a message was on the screen twice", doubled)
    stood = [key for key in dict.fromkeys(seen) if key in set(there)]
    belongs = [key for key in there if key in set(seen)]
    moved = [key for key, other in zip(stood, belongs, strict=True) if key != other]
    books.add("order", "a message stood elsewhere on the screen", moved)
