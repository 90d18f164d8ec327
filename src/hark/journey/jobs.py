"""The journey's loops: `drain_step` takes arrivals through the stages, `react_step` lets events have their effects.

And its background work: brands' models learnt from corrections.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from django.db import transaction

from hark.intake import actions as intake
from hark.intake.types import ClaimedArrival, LeaseLost
from hark.journey import stages
from hark.journey.failing import describe, is_contention, is_database_away
from hark.journey.hurry import is_behind, read_hurried
from hark.journey.noticing import notice_step
from hark.journey.passengers import Passenger, board, by_arrival, outcome_of, problem_of
from hark.journey.reacting import react_step
from hark.journey.rereading import take_turn
from hark.journey.spam import LEARN_SPAM, learn_spam_of
from hark.journey.teaching import LEARN, catch_up, learn_now
from hark.kernel.tasks import periodic, task
from hark.kernel.time import monotonic

__all__ = ["drain_step", "notice_step", "react_step"]

BATCH = 500
RENEW_AFTER_SECONDS = 10.0
logger = logging.getLogger(__name__)

Work = Callable[[Sequence[ClaimedArrival]], None]


def drain_step(worker: int, workers: int) -> bool:
    """Take one batch of arrivals through the stages; True when there may be more. Any number of workers at once.

    1. Claim up to 500 arrivals of this worker's lanes (others' after two seconds), under a lease with a fence.
    2. Parse and read them: no transaction is open meanwhile. Where many wait, or one has waited for long, they are read
       by their words alone, and by the encoder later (`hurry`).
    3. Recognise, thread, place and `finish` them in one transaction: everything or nothing.
    4. What fails is halved until the poison stands alone. That one is tried again later, five times within a minute,
       then parked where people see it. Its neighbours are not delayed.
    A worker that has lost its lease drops the work quietly: another one does it. Raises when the database is away.
    """
    started = monotonic()
    claimed = intake.claim(worker=worker, workers=workers, limit=BATCH)
    ready: dict[int, list[Passenger]] = {}
    in_halves(partial(_prepare, ready, hurried=is_behind(claimed)), claimed)
    prepared = [one for one in claimed if one.id in ready]
    if monotonic() - started > RENEW_AFTER_SECONDS:
        in_halves(lambda batch: intake.renew(claimed=batch), prepared)
    in_halves(partial(_carry, ready), prepared)
    return bool(claimed)


@periodic("journey.read_again", "* * * * * */10")
def read_again() -> None:
    """Every ten seconds a worker reads again what was read in a hurry, then old messages where that was asked for."""
    if not read_hurried():
        take_turn()


def in_halves(work: Work, batch: Sequence[ClaimedArrival]) -> None:
    """Do `work` on the batch; on what fails of it, by halves, until only the poison is left, which is set aside.

    Work that met a lock held by others is tried once more as a whole. Raises only when the database is away.
    """
    error = _attempt(work, batch) if batch else None
    if error is not None and is_contention(error):
        error = _attempt(work, batch)
    if error is None:
        return
    if len(batch) == 1:
        _set_aside(batch[0], error)
        return
    middle = len(batch) // 2
    in_halves(work, batch[:middle])
    in_halves(work, batch[middle:])


def _attempt(work: Work, batch: Sequence[ClaimedArrival]) -> Exception | None:
    try:
        work(batch)
    except Exception as error:  # the one place where poison is caught: a third party's parse may raise anything
        if is_database_away(error):
            raise
        return error
    return None


def _set_aside(arrival: ClaimedArrival, error: Exception) -> None:
    """Try it again later, or park it. Whoever lost the lease leaves it to the one who has it now."""
    if isinstance(error, LeaseLost):
        return
    logger.warning("arrival %s could not be read at attempt %s: %s", arrival.id, arrival.attempts, describe(error))
    try:
        intake.retry_later(claimed=arrival, error=describe(error))
    except LeaseLost:
        logger.info("arrival %s has been taken over", arrival.id)


def _prepare(ready: dict[int, list[Passenger]], batch: Sequence[ClaimedArrival], *, hurried: bool = False) -> None:
    """The pure stages."""
    passengers = by_arrival(stages.read(stages.parse(board(batch)), hurried=hurried))
    ready.update({one.id: passengers.get(one.id, []) for one in batch})


def _carry(ready: dict[int, list[Passenger]], batch: Sequence[ClaimedArrival]) -> None:
    """The writing stages and the end of the arrivals, in one transaction."""
    with transaction.atomic():
        travelled = stages.recognise([passenger for one in batch for passenger in ready[one.id]])
        carried = by_arrival(stages.place(stages.thread(travelled)))
        problems = {one.id: problem_of(carried.get(one.id, ())) for one in batch}
        whole = [one for one in batch if not problems[one.id]]
        intake.finish(claimed=whole, outcomes=[outcome_of(carried.get(one.id, ())) for one in whole])
        for one in batch:
            if problems[one.id]:
                intake.park(claimed=one, error=problems[one.id])


@task(LEARN)
def learn_brand_model(*, brand: str, anew: bool = False) -> None:
    """Learn a brand's model from its corrections, and use it if it is no worse than the one before."""
    learn_now(brand, anew=anew)


@task(LEARN_SPAM)
def learn_spam_model(*, brand: str, anew: bool = False) -> None:
    """Learn a brand's model of spam from its marks, and use it if it is no worse than the one before."""
    learn_spam_of(brand, anew=anew)


@periodic("journey.learn_behind_a_release", "*/5 * * * *")
def learn_behind_a_release() -> None:
    """A new release brings other shipped models: what was learnt beside the old ones is learnt anew."""
    catch_up()
