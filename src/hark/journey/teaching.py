"""From corrections to the next judgement: a job learns a brand's model, every process takes it with its next batch.

A correction waits a few seconds for others, the job takes about a second, and each batch asks once which models are in
use: within a minute all workers judge by it.
"""

import logging
from datetime import timedelta

from hark.conversations.actions.learning import LEARN_ANEW, keep_model
from hark.conversations.models import BrandModel
from hark.conversations.profiles import profile_of
from hark.conversations.queries.learning import (
    brand_of_inbox,
    model_in_use,
    models_in_use,
    newest_model,
    votes_on,
)
from hark.journey.learning import base_of
from hark.journey.reading import teaching_models
from hark.kernel.tasks import defer
from hark.kernel.time import database_now
from hark.kernel.types import JournalEvent
from hark.organisation.models import Brand
from hark.organisation.queries import own_readings
from hark.understanding.loading import Models
from hark.understanding.trials import Trial, packed, try_out, unpacked
from hark.understanding.votes import Taught, counted

LEARN = "journey.learn_brand"
GATHERING = timedelta(seconds=5)  # a correction waits so long for others: mostly an agent makes several
TEACHES = "relevance"  # the field whose corrections teach a brand's model
logger = logging.getLogger(__name__)


def have_it_learn(event: JournalEvent) -> None:
    """Somebody has corrected whether a message is about the brand, or asks for it: its model is learnt anew shortly."""
    if event.kind == LEARN_ANEW:
        ask_to_learn(event.subject, anew=True)
    elif event.data.get("field") == TEACHES and event.inbox_id and (key := brand_of_inbox(event.inbox_id)):
        ask_to_learn(key, wait=GATHERING)


def ask_to_learn(key: str, *, wait: timedelta = timedelta(), anew: bool = False) -> None:
    """Have a job learn a brand's model; several askings that wait are one job, and jobs of one brand never overlap."""
    once = f"{LEARN}:{key}:{anew}"
    defer(LEARN, once=once, in_order=f"{LEARN}:{key}", not_before=database_now() + wait, brand=key, anew=anew)


def learn_now(key: str, *, anew: bool = False) -> BrandModel | None:
    """Learn it in this process, with the models that it reads with; None where there is nothing to do."""
    models = teaching_models()
    return learn_brand(key, models, anew=anew) if models else None


def learn_brand(key: str, models: Models, *, anew: bool = False) -> BrandModel | None:
    """Learn a brand's model from its corrections and use it, if it is no worse on the newest; None: nothing to do.

    Doing it twice changes nothing. One that somebody went back to stays, until a release brings other shipped models;
    `anew` learns even from the same corrections.
    """
    brand = Brand.objects.filter(key=key).first()
    if brand is None:
        return None
    votes, newest = votes_on(brand)
    before, last, base = model_in_use(brand), newest_model(brand), base_of(models.version)
    known = last is not None and last.newest_correction == newest and last.base == base
    held = before is not None and before.held_by_id is not None and before.base == base
    if not votes or held or (known and not anew):
        return None
    taught = counted(brand.key, votes)
    old = unpacked(brand.key, before.probe) if before and before.probe and before.base == base else None
    trial = try_out(taught.examples, profile_of(brand, own_readings({brand.pk})[brand.pk]), models, old)
    return _kept(brand, trial, taught, newest=newest, base=base)


def _kept(brand: Brand, trial: Trial, taught: Taught, *, newest: int, base: str) -> BrandModel | None:
    if trial.weights is None:  # the corrections do not tell both sides yet
        return None
    made = keep_model(
        brand=brand,
        at=database_now(),
        take=not trial.worse,
        base=base,
        weights=packed(trial.weights),
        probe=packed(trial.probe) if trial.probe else None,
        newest_correction=newest,
        examples=len(taught.examples),
        relevant=sum(one.relevant for one in taught.examples),
        cancelled=taught.cancelled,
        agents=taught.agents,
        tested=trial.tested,
        right=trial.right,
        right_before=trial.right_before,
    )
    if trial.worse:
        logger.warning("model %s of %s is kept back: worse on the newest corrections", made.number, brand.key)
    return made


def catch_up() -> None:
    """Have those brands learn anew whose model stands on other shipped models than this process reads with."""
    models = teaching_models()
    if models:
        for key in sorted({row.brand for row in models_in_use() if row.base != base_of(models.version)}):
            ask_to_learn(key)
