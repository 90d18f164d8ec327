"""Readings of new messages, and the moods that follow from them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from hark.contacts.actions import set_moods
from hark.contacts.types import ContactMood
from hark.conversations.actions.folding import NewMessage
from hark.conversations.models import Reading
from hark.kernel.db import copy_rows, fetch_all
from hark.understanding.mood import LAST, Scored, mood

READING = {
    "message_id": "int8",
    "model_version": "text",
    "language": "text",
    "relevance": "text",
    "sentiment": "text",
    "urgency": "text",
    "complaint": "float8",
    "score": "float8",
    "duplicate_key": "text",
    "kind": "text",
    "data": "jsonb",
}
# Ten of each identity by its index, then the ten of the person: whoever writes most costs no more than the others.
# `id + 0`: no index has that order, else the planner may walk the primary key backwards through everything newer.
LAST_SCORES = """
    SELECT i.contact_id, m.sent_at, m.id, r.score, r.data -> 'signals'
    FROM contacts_identity i
    CROSS JOIN LATERAL (
        SELECT id, sent_at FROM conversations_message
        WHERE identity_id = i.id AND direction = 'in' AND deleted_at IS NULL
        ORDER BY sent_at DESC, id DESC LIMIT 10) m
    CROSS JOIN LATERAL (
        SELECT score, data FROM conversations_reading WHERE message_id = m.id ORDER BY id + 0 DESC LIMIT 1) r
    WHERE i.contact_id = ANY(%s) AND r.score IS NOT NULL
    ORDER BY i.contact_id, m.sent_at, m.id
"""


def add_readings(messages: Sequence[NewMessage]) -> None:
    """Store the readings of messages that are new in this transaction; one without a reading gets none."""
    rows = [reading_row(one.id, one.incoming.reading) for one in messages if one.incoming.reading]
    if rows:
        columns = ", ".join(READING)
        copy_rows(f"COPY conversations_reading ({columns}) FROM STDIN BINARY", list(READING.values()), rows)


def replace_reading(message_id: int, reading: dict[str, Any]) -> None:
    """Store the reading of a message whose words have changed, in place of the one by the same model version."""
    columns: dict[str, Any] = dict(zip(READING, reading_row(message_id, reading), strict=True))
    version = columns.pop("model_version")
    Reading.objects.update_or_create(message_id=columns.pop("message_id"), model_version=version, defaults=columns)


def reading_row(message_id: int, reading: dict[str, Any]) -> tuple[object, ...]:
    """The columns of a reading: what lists ask daily, and the whole."""
    relevance, complaint = reading.get("relevance") or {}, reading.get("complaint") or {}
    return (
        message_id,
        reading["model_version"],
        reading["language"],
        relevance.get("label", ""),
        reading["sentiment"]["label"],
        reading["urgency"]["level"],
        complaint.get("p", 0.0),
        reading.get("score"),
        reading.get("duplicate_key") or "",
        (reading.get("kind") or {}).get("label", ""),
        reading,
    )


def fold_moods(contact_ids: Collection[int]) -> dict[int, str]:
    """Fold the last ten messages of these contacts into their moods, write those, and give the levels."""
    if not contact_ids:
        return {}
    told: dict[int, list[tuple[datetime, float, list[str]]]] = {}
    for contact, sent_at, _, score, signals in fetch_all(LAST_SCORES, [sorted(contact_ids)]):
        told.setdefault(contact, []).append((sent_at, score, signals or []))
    moods = [_mood(contact, said[-LAST:]) for contact, said in told.items()]
    set_moods(moods=moods)
    return {one.contact_id: one.level for one in moods}


def _mood(contact_id: int, said: Sequence[tuple[datetime, float, list[str]]]) -> ContactMood:
    folded = mood([Scored(score, sent_at, tuple(signals)) for sent_at, score, signals in said])
    return ContactMood(contact_id, folded.value, folded.slope, folded.level, folded.reasons)
