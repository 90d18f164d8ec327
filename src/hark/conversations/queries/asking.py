"""What is asked of search, read from what somebody has typed. Pure and total: whatever is typed is a search.

What looks like a filter and is none is searched as words, and `odd` says so.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from hark.kernel.fulltext import fold, has_spaces, words_of

LONGEST = 500
MOST_TERMS = 20
EARLIEST_YEAR = 1970
SHORTEST_BEGINNING = 3  # letters of a last word that also stands for its longer ones
TOKEN = re.compile(r'(?P<minus>-?)(?:(?P<name>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))')
QUOTES = str.maketrans("“”„«»", '"""""')
MOODS = {
    "calm": ("calm",), "unhappy": ("unhappy",), "angry": ("angry",), "pleased": ("pleased",),
    "negative": ("unhappy", "angry"), "neutral": ("calm",), "positive": ("pleased",),
}  # fmt: skip
HELD = {
    "attachment": "attachment", "file": "attachment", "picture": "picture", "photo": "picture", "image": "picture",
}  # fmt: skip
KINDS = {
    "complaint": "complaint", "complaints": "complaint", "buying": "buying", "sales": "buying", "question": "question",
    "questions": "question", "request": "request", "requests": "request", "praise": "praise", "chatter": "chatter",
}  # fmt: skip
STATES = ("open", "waiting", "resolved", "mine", "unassigned", "again")
DAY_SHAPES = ("%Y-%m-%d", "%Y-%m", "%Y")
DAYS_AGO = re.compile(r"(\d{1,4})d")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must be there, one after the other; `without`: must not. `begins`: the last one may go on.

    `exact`: as they are written, no other form of them.
    """

    words: tuple[str, ...]
    exact: bool = False
    without: bool = False
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Of each group all, of the groups one must be there (`venue:form`); `without`: none."""

    groups: tuple[tuple[str, ...], ...]
    without: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What filters may name: who asks, venues by the words for them, inboxes by name."""

    agent_id: int
    venues: Mapping[str, str] = field(default_factory=dict)
    inboxes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search. `before` and `after` bound the time, `inboxes` and `states` say which cases; empty: all of them.

    `odd`: sentences about what was not understood.
    """

    terms: tuple[Term, ...] = ()
    marks: tuple[Mark, ...] = ()
    states: frozenset[str] = frozenset()
    inboxes: frozenset[int] = frozenset()
    after: datetime | None = None
    before: datetime | None = None
    odd: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing is asked for that could be found."""
        return not (self.wants_words or self.states or self.inboxes or self.after or self.before)

    @property
    def wants_words(self) -> bool:
        """Some word or mark must be there: not only left out."""
        return not (all(one.without for one in self.terms) and all(one.without for one in self.marks))


def asked_for(text: str, known: Known, *, at: datetime) -> Asked:
    """What `text` asks for. `at` is now in the asker's time zone: by it days begin and end."""
    typed = text[:LONGEST].replace("\x00", " ").translate(QUOTES)
    reading = _Reading(known, at)
    tokens = list(TOKEN.finditer(typed))
    for number, token in enumerate(tokens[:MOST_TERMS]):
        reading.take(token, is_last=number == len(tokens) - 1 and token.end() == len(typed))
    if len(tokens) > MOST_TERMS or len(text) > LONGEST:
        reading.odd.append(f"Only the first {MOST_TERMS} words and {LONGEST} letters were looked for.")
    return reading.done()


class _Reading:
    """A search being read, token by token."""

    def __init__(self, known: Known, at: datetime) -> None:
        self.known, self.at = known, at
        self.terms: list[Term] = []
        self.groups: dict[tuple[str, bool], list[tuple[str, ...]]] = {}
        self.states: set[str] = set()
        self.inboxes: set[int] = set()
        self.after: datetime | None = None
        self.before: datetime | None = None
        self.odd: list[str] = []

    def take(self, token: "re.Match[str]", *, is_last: bool) -> None:
        """One word, phrase or filter."""
        without = bool(token["minus"])
        name = (token["name"] or "").lower()
        value = token["quoted"] if token["quoted"] is not None else token["plain"]
        if name in FILTERS:
            said = FILTERS[name](self, value, without)
            if not said:
                return
            self.odd.append(said)
        if token["quoted"] is None and value.endswith(":") and value[:-1].lower() in FILTERS:
            return  # a filter whose value is still to be typed
        words = f"{token['name']} {value}" if token["name"] else value
        exact = token["quoted"] is not None
        self._add_term(words, exact=exact, without=without, is_last=is_last and not exact)

    def _add_term(self, text: str, *, exact: bool, without: bool, is_last: bool) -> None:
        words = tuple(word.folded for word in words_of(text, asked=True))
        if words:
            last = words[-1]
            begins = len(last) >= SHORTEST_BEGINNING and is_last if has_spaces(last) else len(last) == 1
            self.terms.append(Term(words, exact, without, begins))

    def done(self) -> Asked:
        """The search as it was read."""
        marks = tuple(Mark(tuple(groups), without) for (_, without), groups in self.groups.items())
        states, inboxes = frozenset(self.states), frozenset(self.inboxes)
        return Asked(tuple(self.terms), marks, states, inboxes, self.after, self.before, tuple(self.odd))

    def _mark(self, name: str, groups: Sequence[tuple[str, ...]], *, without: bool) -> None:
        self.groups.setdefault((name, without), []).extend(groups)

    def sender(self, value: str, without: bool) -> str:  # noqa: FBT001 - called by the table
        """`from:me`, `from:us`, or words of a name or handle."""
        words = [word.folded for word in words_of(value, asked=True)]
        if not words:
            return "from: needs a name, a handle, me or us."
        group = {"me": (f"by:{self.known.agent_id}",), "us": ("by:us",)}.get(" ".join(words))
        self._mark("from", [group or tuple(f"from:{word}" for word in words)], without=without)
        return ""

    def venue(self, value: str, without: bool) -> str:  # noqa: FBT001
        """A venue by any word for it."""
        asked = _bare(value)
        found = sorted({key for word, key in self.known.venues.items() if asked and word.startswith(asked)})
        if not found:
            return _odd("venue", value, sorted(set(self.known.venues.values())))
        self._mark("venue", [(f"venue:{key}",) for key in found], without=without)
        return ""

    def mood(self, value: str, without: bool) -> str:  # noqa: FBT001
        """How the message sounds."""
        found = MOODS.get(_bare(value))
        if not found:
            return _odd("mood", value, MOODS)
        self._mark("mood", [(f"mood:{mood}",) for mood in found], without=without)
        return ""

    def kind(self, value: str, without: bool) -> str:  # noqa: FBT001
        """What kind of message it is."""
        found = KINDS.get(_bare(value))
        if not found:
            return _odd("kind", value, dict.fromkeys(KINDS.values()))
        self._mark("kind", [(f"kind:{found}",)], without=without)
        return ""

    def holding(self, value: str, without: bool) -> str:  # noqa: FBT001
        """What comes with it."""
        if _bare(value) not in HELD:
            return _odd("has", value, dict.fromkeys(HELD.values()))
        self._mark("has", [(f"has:{HELD[_bare(value)]}",)], without=without)
        return ""

    def state(self, value: str, without: bool) -> str:  # noqa: FBT001
        """How the case stands."""
        if without or _bare(value) not in STATES:
            return _odd("is", value, STATES)
        self.states.add(_bare(value))
        return ""

    def inbox(self, value: str, without: bool) -> str:  # noqa: FBT001
        """An inbox by the beginning of its name."""
        asked = _bare(value)
        found = {pk for name, pk in self.known.inboxes.items() if asked and _bare(name).startswith(asked)}
        if without or not found:
            return _odd("in", value, sorted(self.known.inboxes))
        self.inboxes |= found
        return ""

    def since(self, value: str, without: bool) -> str:  # noqa: FBT001
        """On that day or later."""
        day = day_of(value, self.at.date())
        if without or day is None:
            return _odd("after", value, DAY_EXAMPLES)
        self.after = datetime.combine(day, time(), self.at.tzinfo)
        return ""

    def until(self, value: str, without: bool) -> str:  # noqa: FBT001
        """Earlier than that day."""
        day = day_of(value, self.at.date())
        if without or day is None:
            return _odd("before", value, DAY_EXAMPLES)
        self.before = datetime.combine(day, time(), self.at.tzinfo)
        return ""


DAY_EXAMPLES = ("2026-10-31", "2026-10", "2026", "today", "yesterday", "7d")
FILTERS: dict[str, Callable[[_Reading, str, bool], str]] = {
    "from": _Reading.sender, "venue": _Reading.venue, "mood": _Reading.mood, "kind": _Reading.kind,
    "is": _Reading.state, "has": _Reading.holding, "in": _Reading.inbox, "after": _Reading.since,
    "before": _Reading.until,
}  # fmt: skip


def day_of(value: str, today: date) -> date | None:
    """The day that a word names; the first of a month or year."""
    word = value.strip().lower()
    if word in {"today", "yesterday"}:
        return today - timedelta(days=word == "yesterday")
    if ago := DAYS_AGO.fullmatch(word):
        return today - timedelta(days=int(ago[1]))
    for shape in DAY_SHAPES:
        try:
            day = datetime.strptime(word, shape).date()  # noqa: DTZ007 - a day, of no zone
        except ValueError:
            continue
        return day if day.year >= EARLIEST_YEAR else None
    return None


def _bare(value: str) -> str:
    return " ".join(fold(word) for word in value.split())


def _odd(name: str, value: str, known: Iterable[str]) -> str:
    one_of = ", ".join(known)
    return f"“{name}:{value}” is no filter here, so its words were looked for. {name}: takes {one_of or 'nothing yet'}."
