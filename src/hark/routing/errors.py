"""What can be wrong with an offer or a case in hand."""

from hark.kernel.errors import HarkError


class OfferEnded(HarkError):
    """This offer is no longer yours: it ran out, was withdrawn, or a colleague took the case."""


class ReasonNeeded(HarkError):
    """Say why you let it go by: not my skill, cannot now, or conflict of interest."""


class NoPointsFree(HarkError):
    """You hold as much as you can. Finish something first, or ask a supervisor to move the case."""


class HeldByColleague(HarkError):
    """A colleague holds this case. Ask them, or a supervisor, to hand it over."""


class WorkInHand(HarkError):
    """More is in hand than the new capacity allows. It can be lowered when some of it is done."""


class NothingWaits(HarkError):
    """Nothing waits that you can do just now. What comes stands in the list by itself."""
