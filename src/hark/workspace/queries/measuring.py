"""How long a text would be where it goes, as its venue counts, and as which posts it would leave."""

from dataclasses import dataclass

from hark.channels.in_words import UNITS
from hark.channels.kit.counting import length, text_messages
from hark.channels.kit.splitting import CannotSplit
from hark.conversations.signature import signed
from hark.workspace.types import WayShown


@dataclass(frozen=True, slots=True)
class Post:
    """One post as its reader gets it, and how much of what it may be it is."""

    text: str
    used: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A text with the mark of its author: `used` of `most`, its `posts`, or `why_not` where it cannot leave like this.

    `most` is None where the venue has no limit. `could_split`: the venue takes several posts for one answer.
    """

    used: int
    most: int | None
    unit: str
    posts: tuple[Post, ...]
    why_not: str
    could_split: bool

    @property
    def words(self) -> str:
        """`48 of 280`, with its posts where there are several."""
        said = f"{self.used:,} of {self.most:,}" if self.most else f"{self.used:,}"
        return f"{said}, {len(self.posts)} parts" if len(self.posts) > 1 else said

    @property
    def counted_in(self) -> str:
        """What is counted."""
        return UNITS[self.unit]


def measured(way: WayShown, kind: str, text: str, *, whole: bool = False) -> Measured:
    """How long it is there. `kind` says who reads it; `whole`: it must not leave as several posts."""
    sign = next((one.sign for one in way.kinds if one.kind == kind), "")
    leaving, there = signed(text, sign), way.way
    posts: list[str] = []
    why_not = ""
    try:
        posts = there.posts(leaving, whole=whole)
    except CannotSplit as error:
        why_not = str(error)
    return Measured(
        used=there.length(leaving),
        most=there.max_length,
        unit=there.unit,
        posts=tuple(Post(post, _used(post, there.unit)) for post in posts),
        why_not=why_not,
        could_split=there.max_parts > 1,
    )


def _used(post: str, unit: str) -> int:
    """Of a text message its letters are told: that it is one says nothing."""
    return text_messages(post).used if unit == "sms" else length(post, unit)
