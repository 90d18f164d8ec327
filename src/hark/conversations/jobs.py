"""Background work on cases."""

from hark.conversations.actions.snoozing import BATCH, wake_due
from hark.kernel.tasks import periodic


@periodic("conversations.wake_snoozed", "* * * * * */10")
def wake_snoozed() -> None:
    """Wake what was snoozed until now, within ten seconds of its time."""
    while wake_due() == BATCH:
        pass
