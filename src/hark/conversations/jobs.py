"""What the house does for cases by itself, at its own times."""

from hark.conversations.actions.looking import forget_past_looks
from hark.conversations.actions.warning import warn_of_clocks
from hark.kernel.tasks import periodic


@periodic("conversations.warn", "*/20 * * * * *")
def warn() -> None:
    """Tell of promises that are about to break."""
    warn_of_clocks()


@periodic("conversations.forget_looks", "*/10 * * * *")
def forget_looks() -> None:
    """Sweep away who looked at what."""
    forget_past_looks()
