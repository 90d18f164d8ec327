"""Tells people what concerns them: follows the journal in commit order, one worker at a time, a page at once.

Beside the reactions and not one of them: much that arrives may concern a follower, and one transaction an event would
hold the journal up. Effects and place move together, so a page is never told twice.
"""

from django.db import transaction

from hark.conversations.actions.noticing import CONCERNING, notice
from hark.kernel.actions import hold_reader, move_reader
from hark.kernel.queries import events_after, reader_position
from hark.kernel.time import database_now

READER = "notices"
LOOKED_AT = 500


def notice_step() -> bool:
    """Let the next page of events become notices; True when there may be more. Any number of workers."""
    events = events_after(reader_position(READER), limit=LOOKED_AT)
    if len(events) < LOOKED_AT and not any(event.kind in CONCERNING for event in events):
        return False
    return _follow()


@transaction.atomic
def _follow() -> bool:
    place = hold_reader(READER)
    events = events_after(place, limit=LOOKED_AT) if place else []
    if not events:
        return False
    notice(events, at=database_now())
    move_reader(name=READER, position=events[-1].position)
    return len(events) == LOOKED_AT
