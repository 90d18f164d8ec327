"""What can be wrong with a reply in the out-box."""

from hark.kernel.errors import HarkError


class NothingToSettle(HarkError):
    """This reply needs no decision any more."""


class FaultMade(HarkError):
    """A fault was made on purpose, by a test."""
