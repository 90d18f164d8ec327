"""The four ways a send can fail (channels reference, section 2.4)."""

from hark.kernel.errors import HarkError


class SendError(HarkError):
    """The venue did not take the reply."""


class Retry(SendError):
    """The venue asks for patience; Hark tries again by itself."""

    def __init__(self, after_seconds: float | None = None, detail: str = "") -> None:
        """`after_seconds`: what the venue asked for, None when it said nothing."""
        self.after_seconds = after_seconds
        super().__init__(detail)


class Refused(SendError):
    """The venue refuses this reply."""

    def __init__(self, code: str, human: str) -> None:
        """`human`: words an agent can act on."""
        self.code, self.human = code, human
        super().__init__(human)


class AuthLost(SendError):
    """The venue no longer accepts our permission; sending waits until it is renewed."""


class Ambiguous(SendError):
    """The line broke after the reply had left; it may have been sent."""
