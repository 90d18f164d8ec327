"""Background work of the conversations."""

from hark.conversations.actions.silence import learn_usual_gaps, watch_silence
from hark.kernel.tasks import periodic
from hark.kernel.time import database_now


@periodic("conversations.learn_usual_gaps", "20 2 * * *", tries=3)
def learn_gaps() -> None:
    """Every night."""
    learn_usual_gaps(at=database_now())


@periodic("conversations.watch_silence", "* * * * *")
def watch() -> None:
    """Every minute."""
    watch_silence(at=database_now())
