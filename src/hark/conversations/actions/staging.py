"""Threads and messages of a batch: staged by COPY, then written and locked by set-based SQL.

Locks are taken in one order everywhere: identities, contacts, conversations, cases; within a table by key or id.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from hark.conversations.actions.folding import NewMessage, ThreadState
from hark.conversations.types import IncomingMessage
from hark.kernel.db import execute, fetch_all, stage
from hark.kernel.ids import public_key

ThreadKey = tuple[int, str]  # channel, thread at the venue
ExternalKey = tuple[int, str]  # channel, id at the venue

THREAD = {"channel_id": "int8", "thread_key": "text", "key": "text", "contact_id": "int8", "subject": "text"}
OPEN_THREADS = """
    INSERT INTO conversations_conversation (channel_id, thread_key, key, contact_id, subject)
    SELECT channel_id, thread_key, key, contact_id, subject FROM staged_thread ORDER BY channel_id, thread_key
    ON CONFLICT (channel_id, thread_key) DO NOTHING
"""
LOCK_THREADS = """
    SELECT v.channel_id, v.thread_key, v.id, v.key, v.contact_id, v.case_id, v.first_responded_at, v.last_inbound_at,
        v.last_outbound_at, c.connected_at, v.outside, v.branch_of_id
    FROM (
        SELECT r.id FROM staged_thread s
        JOIN conversations_conversation r ON (r.channel_id, r.thread_key) = (s.channel_id, s.thread_key)
        UNION SELECT b.id FROM staged_thread s
        JOIN conversations_conversation r ON (r.channel_id, r.thread_key) = (s.channel_id, s.thread_key)
        JOIN conversations_conversation b ON b.branch_of_id = r.id) found
    JOIN conversations_conversation v ON v.id = found.id
    JOIN organisation_channel c ON c.id = v.channel_id
    ORDER BY v.id FOR NO KEY UPDATE OF v
"""
NATIVE_ANSWERS = """
    SELECT conversation_id, max(sent_at) FROM conversations_message
    WHERE conversation_id = ANY(%s) AND direction = 'out' AND native AND deleted_at IS NULL GROUP BY conversation_id
"""
PARENTS = """
    WITH s AS (SELECT * FROM unnest(%s::bigint[], %s::text[]) AS s (channel_id, external_id))
    SELECT m.channel_id, m.external_id, v.thread_key FROM conversations_message m
    JOIN conversations_conversation v ON v.id = m.conversation_id
    JOIN s ON (m.channel_id, m.external_id) = (s.channel_id, s.external_id)
    UNION ALL  -- the later posts of a long reply of ours
    SELECT s.channel_id, s.external_id, o.thread FROM s JOIN delivery_outboxitem o
        ON o.channel_id = s.channel_id AND o.part > 1 AND o.external_ids @> jsonb_build_array(s.external_id)
"""

MESSAGE = {
    "place": "int4",
    "key": "text",
    "channel_id": "int8",
    "conversation_id": "int8",
    "arrival_id": "int8",
    "external_id": "text",
    "parent_id": "text",
    "identity_id": "int8",
    "visibility": "text",
    "kind": "text",
    "text": "text",
    "sent_at": "timestamptz",
    "received_at": "timestamptz",
    "permalink": "text",
    "rating": "int2",
    "quote_from": "int4",
    "targets_us": "text",
    "problem": "text",
    "backfilled": "bool",
    "automatic": "bool",
    "reply_until": "timestamptz",
    "policy": "text[]",
}
# A deletion may have come first and left its tombstone: then the message is born deleted.
ADD_MESSAGES = """
    INSERT INTO conversations_message (key, channel_id, conversation_id, arrival_id, external_id, parent_id,
        identity_id, visibility, kind, text, sent_at, received_at, permalink, rating, quote_from, targets_us,
        problem, backfilled, automatic, reply_until, policy, deleted_at, direction, native)
    SELECT s.key, s.channel_id, s.conversation_id, s.arrival_id, s.external_id, s.parent_id,
        s.identity_id, s.visibility, s.kind, CASE WHEN t.purge THEN '' ELSE s.text END, s.sent_at, s.received_at,
        s.permalink, s.rating, s.quote_from, s.targets_us, s.problem, s.backfilled, s.automatic,
        s.reply_until, s.policy, t.deleted_at, 'in', false
    FROM staged_message s
    LEFT JOIN conversations_tombstone t ON (t.channel_id, t.external_id) = (s.channel_id, s.external_id)
    ORDER BY s.place
    ON CONFLICT (channel_id, external_id) DO NOTHING
    RETURNING channel_id, external_id, id, deleted_at IS NOT NULL
"""
OTHER_WORDS = """
    SELECT s.place, m.id, m.problem = %(only_edited)s FROM staged_message s
    JOIN conversations_message m ON (m.channel_id, m.external_id) = (s.channel_id, s.external_id)
    WHERE (m.text <> s.text OR m.problem = %(only_edited)s) AND m.direction = 'in'
        AND NOT (m.deleted_at IS NOT NULL AND m.text = '')
    ORDER BY m.id
"""
ONLY_EDITED = "only its edited form has reached us"  # the problem of a message that was made of its edit


class Repeated(NamedTuple):
    """A message that was there already: which of the batch, its row, and whether only its edit was known of it."""

    place: int
    message_id: int
    only_edited: bool


def thread_keys(messages: Sequence[IncomingMessage]) -> list[str]:
    """The thread of each message: the venue's, else that of its parent, else its own id.

    A child that comes before its parent waits in the thread that the parent will open. (A grandchild that comes before
    both, at a venue that names parents only, opens a thread of its own.)
    """
    within = {(one.channel_id, one.external_id): one for one in messages}
    tops = [_top(one, within) for one in messages]
    orphans = [(one.channel_id, one.parent_id) for one in tops if not one.thread_id and one.parent_id]
    known: dict[ExternalKey, str] = {}
    if orphans:
        channels, parents = zip(*orphans, strict=True)
        rows = fetch_all(PARENTS, [list(channels), list(parents)])
        known = {(channel, external): thread for channel, external, thread in rows}
    return [
        one.thread_id or known.get((one.channel_id, one.parent_id)) or one.parent_id or one.external_id for one in tops
    ]


def _top(message: IncomingMessage, within: dict[ExternalKey, IncomingMessage]) -> IncomingMessage:
    """The nearest ancestor in the batch that knows its thread, else the highest one."""
    passed = set()
    while not message.thread_id and message.parent_id:
        above = within.get((message.channel_id, message.parent_id))
        if above is None or above.external_id in passed:
            break
        passed.add(above.external_id)
        message = above
    return message


def open_threads(rows: Iterable[tuple[ThreadKey, int, str]]) -> dict[ThreadKey, ThreadState]:
    """The conversations of (thread, contact, subject), made where new, all locked to the end of the transaction.

    With each its branches, which are other cases in the same thread.
    """
    first: dict[ThreadKey, tuple[int, str]] = {}
    for key, contact_id, subject in rows:
        first.setdefault(key, (contact_id, subject))
    stage("staged_thread", THREAD, [(*key, public_key("conv"), *rest) for key, rest in first.items()])
    execute(OPEN_THREADS)
    return {(channel, thread): ThreadState(*rest) for channel, thread, *rest in fetch_all(LOCK_THREADS)}


def note_native_answers(threads: Iterable[ThreadState], earliest: datetime) -> None:
    """Look up our answers in the venue's own app where one may be newer than a message of `earliest` or later."""
    answered = {one.id: one for one in threads if one.last_outbound_at and one.last_outbound_at >= earliest}
    if answered:
        for number, at in fetch_all(NATIVE_ANSWERS, [list(answered)]):
            answered[number].answered_natively_at = at


def add_messages(messages: Sequence[tuple[IncomingMessage, int]]) -> list[NewMessage]:
    """Store (message, conversation id) and return those that were not there before, in the order of their ids."""
    keys = [public_key("msg") for _ in messages]
    rows = [_row(place, key, *one) for place, (key, one) in enumerate(zip(keys, messages, strict=True))]
    stage("staged_message", MESSAGE, rows)
    # A copy within the batch loses to the one before it.
    places: dict[ExternalKey, int] = {}
    for place, (message, _) in enumerate(messages):
        places.setdefault((message.channel_id, message.external_id), place)
    added = []
    for channel, external, number, deleted in fetch_all(ADD_MESSAGES):
        place = places[channel, external]
        added.append(NewMessage(number, keys[place], place, messages[place][0], deleted))
    return added


def other_words() -> list[Repeated]:
    """Of the batch staged last: repeated ids that came with other words than are stored, or as the missing original."""
    return [Repeated(*row) for row in fetch_all(OTHER_WORDS, {"only_edited": ONLY_EDITED})]


def _row(place: int, key: str, one: IncomingMessage, conversation_id: int) -> tuple[object, ...]:
    return (
        place,
        key,
        one.channel_id,
        conversation_id,
        one.arrival_id,
        one.external_id,
        one.parent_id,
        one.identity_id,
        str(one.visibility),
        one.kind,
        one.text,
        one.sent_at,
        one.received_at,
        one.permalink,
        one.rating,
        one.quote_from,
        one.targets_us,
        one.problem,
        one.backfilled,
        one.automatic,
        one.reply_until,
        list(one.policy),
    )
