"""What a person and we have said to each other before: the context of the next reading."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from hark.conversations.models import Message
from hark.kernel.db import fetch_all

LAST = 10
IDENTITIES = """
    SELECT w.network, w.scope, w.key, mine.contact_id
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS w (network, scope, key)
    JOIN contacts_identity mine ON (mine.network, mine.scope, mine.key) = (w.network, w.scope, w.key)
"""
# `id + 0`: else the planner may walk the primary key backwards through everything newer.
SAID = f"""
    SELECT i.contact_id, m.conversation_id, m.id, m.text, m.sent_at, r.score
    FROM contacts_identity i
    CROSS JOIN LATERAL (
        SELECT id, conversation_id, text, sent_at FROM conversations_message
        WHERE identity_id = i.id AND direction = 'in' AND deleted_at IS NULL
        ORDER BY sent_at DESC, id DESC LIMIT {LAST}) m
    LEFT JOIN LATERAL (
        SELECT score FROM conversations_reading WHERE message_id = m.id ORDER BY id + 0 DESC LIMIT 1) r ON true
    WHERE i.contact_id = ANY(%s)
"""  # noqa: S608 - a constant
ANSWERED = f"""
    SELECT v.id, m.id, m.text, m.sent_at FROM unnest(%s::bigint[]) AS v (id)
    CROSS JOIN LATERAL (
        SELECT id, text, sent_at FROM conversations_message
        WHERE conversation_id = v.id AND direction = 'out' AND deleted_at IS NULL
        ORDER BY sent_at DESC, id DESC LIMIT {LAST}) m
"""  # noqa: S608 - a constant

Key = tuple[str, str, str]


class Said(NamedTuple):
    """One earlier message; `score` is the contact's own as it was read then."""

    sent_at: datetime
    id: int
    ours: bool
    text: str
    score: float | None = None


def is_known(*, channel_id: int, external_id: str) -> bool:
    """Is there a message with this id in this channel?"""
    return Message.objects.filter(channel=channel_id, external_id=external_id).exists()


def said_before(authors: Collection[Key]) -> dict[Key, tuple[Said, ...]]:
    """The last messages of these (network, scope, key) identities' contacts, and our answers in the same threads.

    Oldest first; nothing for whoever is new. Three queries however many, without locks.
    """
    if not authors:
        return {}
    columns = [list(column) for column in zip(*sorted(authors), strict=True)]
    known = {(network, scope, key): contact for network, scope, key, contact in fetch_all(IDENTITIES, columns)}
    said: dict[int, list[tuple[int, Said]]] = {}
    for contact, conversation, number, text, sent_at, score in fetch_all(SAID, [list(set(known.values()))]):
        said.setdefault(contact, []).append((conversation, Said(sent_at, number, ours=False, text=text, score=score)))
    answers = _answers({conversation for rows in said.values() for conversation, _ in rows})
    told = {contact: _together(rows, answers) for contact, rows in said.items()}
    return {key: told[contact] for key, contact in known.items() if contact in told}


def _answers(conversations: Collection[int]) -> dict[int, list[Said]]:
    found: dict[int, list[Said]] = {}
    if conversations:
        for conversation, number, text, sent_at in fetch_all(ANSWERED, [list(conversations)]):
            found.setdefault(conversation, []).append(Said(sent_at, number, ours=True, text=text))
    return found


def _together(rows: list[tuple[int, Said]], answers: dict[int, list[Said]]) -> tuple[Said, ...]:
    """A contact's last messages over all identities, with the answers that fall between them, in order."""
    own = sorted(one for _, one in rows)[-LAST:]
    ours = [one for conversation in {number for number, _ in rows} for one in answers.get(conversation, ())]
    return tuple(sorted([*own, *(one for one in ours if one.sent_at >= own[0].sent_at)]))
