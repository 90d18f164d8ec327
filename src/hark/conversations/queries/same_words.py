"""What was said like this before: candidates by their bands, and what an author said himself not long ago."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from hark.kernel.db import fetch_all
from hark.understanding.sameness import CROWDED, Utterance, form_of

READER = "same_words"  # its place in the journal
OWN = 10  # of an author's last messages that his new one is compared with
COLUMNS = """m.id, substr(m.text, 1, coalesce(m.quote_from, 20000)), i.contact_id, x.brand_id, m.received_at::date,
    r.words_id"""
# OFFSET 0: from the few ids outwards, also where the planner takes a table that has just grown for empty
SAID = f"""
    SELECT {COLUMNS} FROM unnest(%s::bigint[]) AS w (id)
    CROSS JOIN LATERAL (SELECT * FROM conversations_message WHERE id = w.id OFFSET 0) m
    CROSS JOIN LATERAL (SELECT * FROM contacts_identity WHERE id = m.identity_id OFFSET 0) i
    CROSS JOIN LATERAL (SELECT * FROM conversations_conversation WHERE id = m.conversation_id OFFSET 0) v
    JOIN organisation_channel c ON c.id = m.channel_id JOIN organisation_inbox x ON x.id = c.inbox_id
    LEFT JOIN LATERAL (SELECT words_id FROM conversations_repeat WHERE message_id = m.id OFFSET 0) r ON true
    WHERE m.direction = 'in' AND m.deleted_at IS NULL AND NOT m.automatic AND NOT v.outside
    ORDER BY m.id
"""  # noqa: S608 - constants
MET = f"""
    SELECT w.place, w.band, b.message_id FROM unnest(%s::int[], %s::bigint[]) AS w (place, band)
    CROSS JOIN LATERAL (
        SELECT message_id FROM conversations_wordband WHERE band = w.band ORDER BY message_id DESC
        LIMIT {CROWDED + 1}) b
"""  # noqa: S608 - constants
# `id + 0`: else the planner may walk the primary key backwards through everything newer.
OWN_WORDS = f"""
    SELECT i.contact_id, m.id FROM contacts_identity i
    CROSS JOIN LATERAL (
        SELECT id FROM conversations_message
        WHERE identity_id = i.id AND direction = 'in' AND deleted_at IS NULL AND received_at >= %s
        ORDER BY sent_at DESC, id + 0 DESC LIMIT {OWN + 1}) m
    WHERE i.contact_id = ANY(%s)
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Said:
    """A message as its words are compared; `words_id` is the text that it says as others do, if it is known to."""

    id: int
    text: str
    contact_id: int
    brand_id: int
    said_date: date
    words_id: int | None

    @cached_property
    def utterance(self) -> Utterance:
        """Its words."""
        return Utterance(form_of(self.text), self.contact_id)


def said(message_ids: Collection[int]) -> list[Said]:
    """These messages, oldest first, without those that nobody said to us: deleted, automatic, outside. One query."""
    return [Said(*row) for row in fetch_all(SAID, [sorted(message_ids)])] if message_ids else []


def met(keys: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """(place, band, message) for each of these bands that a first message has: its newest few. One query."""
    pairs = [(place, band) for place, bands in enumerate(keys) for band in bands]
    if not pairs:
        return []
    places, bands = zip(*pairs, strict=True)
    rows: list[Any] = fetch_all(MET, [list(places), list(bands)])
    return rows


def own_words(contact_ids: Collection[int], *, since: date) -> dict[int, list[int]]:
    """The last messages of these people since then, newest first. One query."""
    found: dict[int, list[int]] = {}
    for contact, message in fetch_all(OWN_WORDS, [since, sorted(contact_ids)]):
        found.setdefault(contact, []).append(message)
    return found
