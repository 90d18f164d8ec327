"""Runs the reactions: follows the journal in commit order, one worker at a time, and tries again what failed."""

import logging
from collections.abc import Sequence

from django.db import transaction

from hark.journey.actions import due_failure, fail_again, forget_failure, remember_failure
from hark.journey.failing import describe, is_database_away
from hark.journey.models import FailedReaction
from hark.journey.reactions import REACTIONS, Reaction
from hark.kernel.actions import hold_reader, move_reader
from hark.kernel.queries import event_at, events_after, reader_position
from hark.kernel.types import JournalEvent

READER = "reactions"
LOOKED_AT = 100
logger = logging.getLogger(__name__)


def react_step() -> bool:
    """Let the next event have its effects, or a failed one once more; True when there may be more.

    Any number of workers: one at a time holds the reader, whose place moves in the transaction of the effects. An event
    nobody reacts to costs nothing. Raises when the database is away: then nothing has happened.
    """
    return _try_again() or (_is_something_to_do() and _follow())


def _is_something_to_do() -> bool:
    """Is there an event to react to, or a full page of others to be passed? Most wake-ups end here."""
    events = events_after(reader_position(READER), limit=LOOKED_AT)
    return len(events) == LOOKED_AT or any(event.kind in REACTIONS for event in events)


@transaction.atomic
def _follow() -> bool:
    place = hold_reader(READER)
    passed = _up_to_the_next_reaction(events_after(place, limit=LOOKED_AT)) if place else ()
    if not passed:
        return False
    event = passed[-1]
    for reaction in REACTIONS.get(event.kind, ()):
        error = _attempt(reaction, event)
        if error is not None:
            remember_failure(event=event, reaction=reaction.__name__, error=describe(error))
    move_reader(name=READER, position=event.position)
    return True


def _up_to_the_next_reaction(events: Sequence[JournalEvent]) -> Sequence[JournalEvent]:
    """The events up to and with the first that somebody reacts to; all of them when nobody reacts to any."""
    for number, event in enumerate(events, 1):
        if event.kind in REACTIONS:
            return events[:number]
    return events


@transaction.atomic
def _try_again() -> bool:
    failure = due_failure()
    if failure is None:
        return False
    error = _redo(failure)
    if error is None:
        forget_failure(failure)
    elif fail_again(failure, error=describe(error)):
        logger.error("reaction %s to %s was set aside: %s", failure.reaction, failure.kind, describe(error))
    return True


def _redo(failure: FailedReaction) -> Exception | None:
    event = event_at(xid=failure.event_xid, number=failure.event_id)
    named = {each.__name__: each for each in REACTIONS.get(failure.kind, ())}
    if event is None or failure.reaction not in named:  # a release that does not know this reaction any more
        return None
    return _attempt(named[failure.reaction], event)


def _attempt(reaction: Reaction, event: JournalEvent) -> Exception | None:
    """Do it within a savepoint, so that what it began is undone when it fails."""
    try:
        with transaction.atomic():
            reaction(event)
    except Exception as error:
        if is_database_away(error):
            raise
        return error
    return None
