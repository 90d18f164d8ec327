"""A brand's own models: kept with their figures, taken into use, gone back to."""

from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from hark.conversations.models import BrandModel, SpamModel
from hark.conversations.models.learning import LearntModel
from hark.kernel.actions import record
from hark.kernel.errors import HarkError, NotAllowed, NotFound
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent, Brand
from hark.organisation.types import Right

GOES_BACK_TO = 20  # newest models of a brand that keep their weights
LEARN_ANEW = "brand.learn_anew"
Learnt = TypeVar("Learnt", bound=LearntModel)


class ModelIsGone(HarkError):
    """The weights of that model are not kept any more. Choose a newer one."""


def keep_model(*, brand: Brand, at: datetime, take: bool, **figures: Any) -> BrandModel:
    """Keep a model of relevance; see `keep_learnt`."""
    return keep_learnt(BrandModel, brand=brand, at=at, take=take, **figures)


@transaction.atomic
def keep_learnt(model: type[Learnt], *, brand: Brand, at: datetime, take: bool, **figures: Any) -> Learnt:
    """Keep a model that was learnt just now under the brand's next number, and use it from the next batch on if `take`.

    `model`: of relevance or of spam; `figures` are its other fields. One transaction, under the brand's lock: where
    somebody has gone back to an earlier one meanwhile, that stays.
    """
    rows = _locked(brand, model)
    take = take and not rows.filter(active=True, held_by__isnull=False, base=figures["base"]).exists()
    newest = rows.order_by("-number").values_list("number", flat=True).first() or 0
    if take:
        rows.filter(active=True).update(active=False, held_by=None)
    made = rows.create(brand=brand, number=newest + 1, made_at=at, active=take, **figures)
    rows.filter(number__lte=made.number - GOES_BACK_TO, active=False, weights__isnull=False).update(
        weights=None, probe=None
    )
    return made


@transaction.atomic
def go_back_to(*, brand: Brand, number: int, agent: Agent, model: type[LearntModel] = BrandModel) -> LearntModel:
    """Use an earlier model, and keep to it until somebody lets the brand learn anew. Audited.

    Raises NotAllowed, NotFound, ModelIsGone.
    """
    _may_decide(agent)
    rows = _locked(brand, model)
    row = rows.filter(number=number).first()
    if row is None:
        raise NotFound
    if row.weights is None:
        raise ModelIsGone
    before = rows.filter(active=True).values_list("number", flat=True).first()
    rows.filter(active=True).update(active=False, held_by=None)
    rows.filter(pk=row.pk).update(active=True, held_by=agent)
    what = {} if model is BrandModel else {"of": "spam"}
    audit("brand.model_chosen", brand.key, model=[before, number], **what)
    row.refresh_from_db()
    return row


@transaction.atomic
def learn_anew(*, brand: Brand, agent: Agent) -> None:
    """Have jobs learn the brand's models from all its corrections; one that was gone back to may be replaced again.

    Raises NotAllowed.
    """
    _may_decide(agent)
    for model in (BrandModel, SpamModel):
        _locked(brand, model).filter(active=True).update(held_by=None)
    record([NewEvent(LEARN_ANEW, brand.key, agent.key)])
    audit("brand.learn_anew", brand.key)


def _may_decide(agent: Agent) -> None:
    if not (agent.is_active and agent.may(Right.BRANDS)):
        raise NotAllowed


def _locked(brand: Brand, model: type[Learnt]) -> QuerySet[Learnt]:
    """The brand's models; whoever else changes them waits for the end of this transaction."""
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    return model._default_manager.filter(brand=brand)
