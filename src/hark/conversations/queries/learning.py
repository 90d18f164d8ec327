"""What corrections taught: the votes of agents, the brands' own models, and which of them are in use."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import BooleanField, Count, ExpressionWrapper, Q

from hark.conversations.models import BrandModel, Correction
from hark.conversations.models.learning import LearntModel
from hark.kernel.db import fetch_all
from hark.organisation.models import Brand, Inbox
from hark.understanding.votes import Vote

MOST_VOTES = 4_000  # newest of a brand
JUDGED = ("relevant", "irrelevant")
Learnt = TypeVar("Learnt", bound=LearntModel)


@dataclass(frozen=True, slots=True)
class InUse:
    """A brand's model in use: its row, its number, and the shipped models it stands on."""

    id: int
    brand: str
    number: int
    base: str


@dataclass(frozen=True, slots=True)
class BrandLearning:
    """How far a brand's corrections have come: messages judged, those about it, the model in use."""

    brand: Brand
    judged: int
    relevant: int
    model: BrandModel | None


def votes_on(brand: Brand) -> tuple[list[Vote], int]:
    """Each agent's newest word on whether a message is about the brand, oldest first, and the newest correction's id.

    One query. What was deleted since teaches nothing; what a message quotes is not its author's.
    """
    found = Correction.objects.filter(
        field="relevance", new_value__in=JUDGED, message__channel__inbox__brand=brand, message__deleted_at=None
    ).exclude(message__text="")
    columns = ("id", "agent_id", "message_id", "new_value", "message__text", "message__quote_from")
    rows = list(found.order_by("-id").values_list(*columns)[:MOST_VOTES])
    votes: dict[tuple[int, int], Vote] = {}
    for number, agent, message, value, text, quote_from in reversed(rows):
        votes[agent, message] = Vote(agent, message, text[:quote_from], value == "relevant", number)
    return list(votes.values()), rows[0][0] if rows else 0


def models_in_use() -> list[InUse]:
    """Which model each brand uses; one small query, asked before every batch."""
    rows = fetch_all(
        "SELECT m.id, b.key, m.number, m.base FROM conversations_brandmodel m "
        "JOIN organisation_brand b ON b.id = m.brand_id WHERE m.active"
    )
    return [InUse(*row) for row in rows]


def weights_of(ids: Iterable[int]) -> dict[int, dict[str, object]]:
    """The weights of these models, by row."""
    return {row.pk: row.weights for row in BrandModel.objects.filter(pk__in=list(ids)).only("weights") if row.weights}


def models_of(brand: Brand, *, limit: int, model: type[Learnt]) -> list[tuple[Learnt, bool]]:
    """The brand's newest models of one kind, newest first, without weights; and whether each can be gone back to."""
    there = ExpressionWrapper(Q(weights__isnull=False), output_field=BooleanField())
    rows = model._default_manager.filter(brand=brand).select_related("held_by").order_by("-number")
    found = rows.defer("probe", "weights").annotate(there=there)[:limit]
    return [(row, bool(vars(row)["there"]) and not row.active) for row in found]


def learning_of_brands(brands: Sequence[Brand]) -> list[BrandLearning]:
    """What each of these has learnt. Two queries."""
    used = BrandModel.objects.filter(brand__in=brands, active=True).select_related("held_by").defer("probe", "weights")
    models = {row.brand_id: row for row in used}
    said = Correction.objects.filter(
        field="relevance", new_value__in=JUDGED, message__channel__inbox__brand__in=brands
    ).values("message__channel__inbox__brand")
    counts = said.annotate(
        judged=Count("message", distinct=True),
        about=Count("message", distinct=True, filter=Q(new_value="relevant")),
    )
    told = {row["message__channel__inbox__brand"]: (row["judged"], row["about"]) for row in counts}
    return [BrandLearning(brand, *told.get(brand.pk, (0, 0)), models.get(brand.pk)) for brand in brands]


def model_in_use(brand: Brand) -> BrandModel | None:
    """The one that judges now; None: the profile alone."""
    return BrandModel.objects.select_related("held_by").filter(brand=brand, active=True).first()


def newest_model(brand: Brand) -> BrandModel | None:
    """The one that was made last, in use or not."""
    return BrandModel.objects.filter(brand=brand).order_by("-number").first()


def brand_of_inbox(inbox_id: int) -> str:
    """The key of the brand that an inbox speaks for; empty where there is no such inbox."""
    return Inbox.objects.filter(pk=inbox_id).values_list("brand__key", flat=True).first() or ""
