"""The unsure lane: what the models doubt, in the order in which an answer teaches most.

Nearest to a half first (margin sampling); of texts that say nearly the same one is asked, the others stand behind all
that is different. At most LOOKED_AT of the newest doubts are ordered, however many there are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hark.conversations.queries.keyset import Place
from hark.kernel.db import fetch_all
from hark.organisation.models import Agent, Channel
from hark.organisation.queries import inboxes_visible_to, sees_everything
from hark.understanding.sketches import alike

LOOKED_AT = 1_000  # doubts that are ordered
REACHED = 10_000  # newest doubts of the whole desk among which those of the agent's channels are looked for
FINE = 10_000  # steps between 0 and 1: probabilities have four digits
# The lateral part is fenced (OFFSET 0): joined, the planner may walk over all messages there are.
DOUBTS = """
    SELECT r.message_id, (r.data #>> '{relevance,p}')::float8, m.text, m.author
    FROM (SELECT id, message_id, data FROM conversations_reading
          WHERE relevance = 'unsure' ORDER BY id DESC LIMIT %s) r
    CROSS JOIN LATERAL (
        SELECT left(text, 400) AS text,
            (SELECT contact_id FROM contacts_identity i WHERE i.id = identity_id) AS author
        FROM conversations_message
        WHERE id = r.message_id AND channel_id = ANY(%s) AND direction = 'in' AND deleted_at IS NULL AND NOT spam
          AND (SELECT case_id FROM conversations_conversation c WHERE c.id = conversation_id) IS NULL
          AND (SELECT max(n.id) FROM conversations_reading n WHERE n.message_id = r.message_id) = r.id
          AND (SELECT count(*) FROM conversations_correction c
               WHERE c.message_id = r.message_id AND c.field = 'relevance') = 0
        OFFSET 0) m
    ORDER BY r.id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message of the stream that nobody has judged; `p` that it is about the brand; `author`: whose, by contact."""

    message_id: int
    p: float
    text: str
    author: int | None = None


def doubts(agent: Agent) -> list[Doubt]:
    """The newest doubts in the channels that this agent hears, newest first. Two queries."""
    inboxes = inboxes_visible_to(agent)
    if not sees_everything(agent):  # without a case nobody is assigned
        inboxes = inboxes.filter(only_assigned=False)
    channels = list(Channel.objects.filter(inbox__in=inboxes).values_list("pk", flat=True))
    return [Doubt(*row) for row in fetch_all(DOUBTS, [REACHED, channels, LOOKED_AT])]


def most_instructive(found: Sequence[Doubt], place: Place | None, *, limit: int) -> tuple[list[int], str]:
    """The ids of one page behind `place`, and where the next one begins; empty on the last."""
    ordered = _ordered(found)
    left = [one for one in ordered if place is None or (one.rank, -one.id) > (place.rank, -place.id)]
    page = left[:limit]
    return [one.id for one in page], str(page[-1]) if len(left) > limit else ""


def _ordered(found: Sequence[Doubt]) -> list[Place]:
    """Every doubt with its rank: how often its like stands before it, then how far it is from a half."""
    nearest = sorted(found, key=lambda one: (_distance(one), -one.message_id))
    groups = alike([one.text for one in nearest])
    before: Counter[int] = Counter()
    places = []
    for one, group in zip(nearest, groups, strict=True):
        places.append(Place(None, before[group] * FINE + _distance(one), one.message_id))
        before[group] += 1
    return sorted(places, key=lambda place: (place.rank, -place.id))


def _distance(one: Doubt) -> int:
    return min(round(abs(one.p - 0.5) * FINE), FINE - 1)
