"""At how many places a customer says what a case is about, and which of them still wait for an answer."""

from dataclasses import dataclass
from datetime import datetime

from hark.conversations.models import Case
from hark.kernel.db import fetch_all

# The newest of theirs and of ours in each conversation, by the index of the conversation.
PLACES = """
    SELECT v.key, ch.venue, ch.name, theirs.sent_at, theirs.permalink, coalesce(ours.id > theirs.id, false)
    FROM conversations_conversation v JOIN organisation_channel ch ON ch.id = v.channel_id
    CROSS JOIN LATERAL (
        SELECT id, sent_at, permalink FROM conversations_message
        WHERE conversation_id = v.id AND direction = 'in' AND deleted_at IS NULL
        ORDER BY sent_at DESC, id DESC LIMIT 1) theirs
    LEFT JOIN LATERAL (
        SELECT id FROM conversations_message
        WHERE conversation_id = v.id AND direction = 'out' AND deleted_at IS NULL AND NOT automatic
        ORDER BY sent_at DESC, id DESC LIMIT 1) ours ON true
    WHERE v.case_id = %s AND NOT v.outside
    ORDER BY theirs.sent_at, v.id LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class CasePlace:
    """One conversation of a case with its customer; `answered`: the newest word there is ours, sent or on its way."""

    conversation_key: str
    venue: str
    channel: str
    sent_at: datetime
    permalink: str
    answered: bool


def places_of(case: Case) -> list[CasePlace]:
    """Where the customer wrote, the earliest first, at most 50. One query. The case has passed the gate."""
    return [CasePlace(*row) for row in fetch_all(PLACES, [case.pk])]
