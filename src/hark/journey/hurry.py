"""Reading when behind: what waits for long is read by its words alone at once, and by the encoder when there is quiet.

The quick reading has the same shape and the same rules, so danger is seen at once; its version ends in `+linear`.
"""

from collections.abc import Sequence

from hark.conversations.actions.rereading import keep_hurried
from hark.conversations.queries.rereading import next_hurried
from hark.intake.queries import more_wait_than
from hark.intake.types import ClaimedArrival
from hark.journey.reading import has_encoder
from hark.journey.rereading import TURN_SECONDS, intake_waits, read_batch
from hark.kernel.time import database_now, monotonic

BEHIND_SECONDS = 30.0  # one that nobody has tried yet has waited so long,
BEHIND_FEW = 100  # and more than so many wait: fewer the encoder reads in a second, however late they are
BEHIND_WAITING = 2_000  # so many wait: with the encoder the last of them would wait for many seconds


def is_behind(claimed: Sequence[ClaimedArrival]) -> bool:
    """Must these be read in a hurry? Never where there is no encoder: then every reading is as quick as can be."""
    if not claimed or not has_encoder():
        return False
    fresh = [one.received_at for one in claimed if one.attempts <= 1]
    late = bool(fresh) and (database_now() - min(fresh)).total_seconds() > BEHIND_SECONDS
    return more_wait_than(BEHIND_FEW if late else BEHIND_WAITING)


def read_hurried(*, seconds: float = TURN_SECONDS) -> bool:
    """Read again what was read in a hurry, newest first, for a while; stops as soon as new messages wait.

    Two workers at once read the same twice and write it once. True when something was read.
    """
    started, read = monotonic(), False
    while monotonic() - started < seconds and not intake_waits() and has_encoder():
        batch = next_hurried()
        if batch is None:
            break
        keep_hurried(batch=batch, readings=read_batch(batch))
        read = True
    return read
