"""Errors named for their cause. The docstring of the class is the message people read."""

from inspect import cleandoc


class HarkError(Exception):
    """Something went wrong in Hark."""

    def __init__(self, detail: str = "") -> None:
        """`detail` is added after the sentence; it must hold neither secrets nor customers' words."""
        self.detail = detail
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The sentence for people, with the detail behind it where there is one."""
        sentence = " ".join(cleandoc(type(self).__doc__ or "").split())
        return f"{sentence} ({self.detail})" if self.detail else sentence


class NotFound(HarkError):
    """There is nothing here that you may see."""


class NotAllowed(HarkError):
    """Your role does not allow this."""


class NotInTransaction(HarkError):
    """Work after the commit was asked for outside a transaction."""


class MissingSetting(HarkError):
    """A setting that Hark needs is missing or cannot be read."""


class TooManyRequests(HarkError):
    """Too many requests in a short time. Please wait and try again."""

    def __init__(self, retry_after_seconds: int) -> None:
        """`retry_after_seconds`: when the next request will be taken."""
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"again in {retry_after_seconds} s")
