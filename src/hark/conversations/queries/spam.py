"""What was called spam: the newest word on a message, what a brand's people taught, and whom nothing is held of."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from hark.conversations.models import Message, SpamMark, SpamModel
from hark.conversations.types import Direction
from hark.kernel.db import fetch_all
from hark.organisation.models import Brand
from hark.understanding.votes import Vote

MOST_MARKS = 2_000  # newest of a brand
MOST_ANSWERED = 500  # newest answered messages of a brand, which are surely no spam
BY_HAND = """
    SELECT DISTINCT ON (m.identity_id) m.identity_id, m.brand_id, m.spam, a.name
    FROM conversations_spammark m JOIN organisation_agent a ON a.id = m.agent_id
    WHERE m.identity_id = ANY(%s) AND m.agent_id IS NOT NULL ORDER BY m.identity_id, m.id DESC
"""
KNOWN = """
    SELECT w.contact FROM unnest(%s::bigint[]) AS w (contact)
    WHERE EXISTS (SELECT FROM conversations_case c WHERE c.contact_id = w.contact AND NOT c.spam)
        OR EXISTS (SELECT FROM conversations_conversation v
            WHERE v.contact_id = w.contact AND v.first_responded_at IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class SpamWord:
    """The newest word on a message. `by`: the agent; empty where it was held when it came, for `why`."""

    spam: bool
    why: str
    p: float | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SpamLearning:
    """How far a brand's marks have come: messages judged, those called spam, the model in use."""

    judged: int
    spam: int
    model: SpamModel | None


def spam_words(message_ids: Collection[int]) -> dict[int, SpamWord]:
    """The newest word on each of these messages that has one. One query, none for none."""
    if not message_ids:
        return {}
    rows = SpamMark.objects.filter(message__in=message_ids).select_related("agent").order_by("message_id", "-id")
    return {
        row.message_id: SpamWord(row.spam, row.why, row.p, row.agent.name if row.agent else "", row.at)
        for row in rows.distinct("message_id")
    }


def authors_by_hand(identity_ids: Collection[int]) -> dict[tuple[int, int], tuple[bool, str]]:
    """(identity, brand) → what an agent said last of something by this author, and who. One query."""
    rows = fetch_all(BY_HAND, [sorted(identity_ids)])
    return {(identity, brand): (spam, name) for identity, brand, spam, name in rows}


def known_contacts(contact_ids: Collection[int]) -> set[int]:
    """Those of them who have a case that is no spam, or were answered before: nothing of theirs is held. One query."""
    return {contact for (contact,) in fetch_all(KNOWN, [sorted(contact_ids)])}


def spam_votes(brand: Brand) -> tuple[list[Vote], int]:
    """Each agent's newest word on a message of the brand, oldest first (`relevant`: it is spam); the newest mark's id.

    One query. What was deleted since teaches nothing.
    """
    marks = SpamMark.objects.filter(brand=brand, agent__isnull=False, message__deleted_at=None)
    columns = (
        "id",
        "agent_id",
        "message_id",
        "spam",
        "message__text",
        "message__quote_from",
        "message__conversation__subject",
    )
    rows = list(marks.order_by("-id").values_list(*columns)[:MOST_MARKS])
    votes: dict[tuple[int, int], Vote] = {}
    for number, agent, message, spam, text, quote_from, subject in reversed(rows):
        votes[agent, message] = Vote(agent, message, spam_text(subject, text[:quote_from]), spam, number)
    return list(votes.values()), rows[0][0] if rows else 0


def answered_texts(brand: Brand) -> list[str]:
    """The newest messages that agents answered, oldest first: nobody answers spam. One query."""
    said = Message.objects.filter(
        channel__inbox__brand=brand,
        direction=Direction.INBOUND,
        deleted_at=None,
        spam=False,
        conversation__outside=False,
        conversation__first_responded_at__isnull=False,
    ).exclude(Exists(SpamMark.objects.filter(message=OuterRef("pk"))))
    rows = said.order_by("-pk").values_list("conversation__subject", "text", "quote_from")[:MOST_ANSWERED]
    return [spam_text(subject, text[:quote_from]) for subject, text, quote_from in reversed(rows)]


def spam_text(subject: str, text: str) -> str:
    """What is judged of a message: its subject and its words."""
    return f"{subject}\n{text}" if subject else text


def spam_models_in_use() -> list[tuple[int, int, int]]:
    """(row, brand, number) of each model in use; asked before every batch."""
    return list(SpamModel.objects.filter(active=True).values_list("pk", "brand_id", "number"))


def spam_learning(brand: Brand) -> SpamLearning:
    """What a brand has learnt about spam. Three queries."""
    by_hand = SpamMark.objects.filter(brand=brand, agent__isnull=False)
    used = SpamModel.objects.filter(brand=brand, active=True).select_related("held_by").defer("probe", "weights")
    return SpamLearning(
        judged=by_hand.values("message").distinct().count(),
        spam=by_hand.filter(spam=True).values("message").distinct().count(),
        model=used.first(),
    )
