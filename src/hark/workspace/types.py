"""What the desk's templates are given: the rooms' own views of things, with words and shapes beside them."""

from dataclasses import dataclass
from datetime import datetime

from hark.conversations.queries.cases import CaseRow
from hark.conversations.queries.held import HeldShown
from hark.conversations.queries.messages import MessageShown
from hark.conversations.queries.stream import HeardRow
from hark.conversations.queries.timeline import DoneShown, NoteShown
from hark.conversations.queries.writing import Way


@dataclass(frozen=True, slots=True)
class ClockShown:
    """A clock in words: `strong` and `rest` are one phrase. `due_at` is set while the page itself must count."""

    state: str
    strong: str = ""
    rest: str = ""
    share: int = 0
    kind: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MoodShown:
    """A mood as shape and word."""

    kind: str
    word: str


@dataclass(frozen=True, slots=True)
class RowShown:
    """A line of the list. `here`: it is still in the view (its line stays put); `rank`: why it stands so high."""

    case: CaseRow
    clock: ClockShown
    mood: MoodShown
    venue: str
    here: bool = True
    rank: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ReadingWords:
    """A reading as a line: mood, short words, why; `values` are the fields as they stand, for the correction form.

    `chances` are (what was read, how sure), `changes` who corrected what and when, both in words, by `model`. `flags`
    are set, `unset` are not: (field, word). `intents`: the brand's own, to choose from.
    """

    mood: MoodShown | None
    words: tuple[str, ...]
    why: str
    values: dict[str, str]
    corrected_by: str = ""
    model: str = ""
    chances: tuple[tuple[str, str], ...] = ()
    changes: tuple[str, ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    unset: tuple[tuple[str, str], ...] = ()
    intents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryShown:
    """An entry of the ledger. `mark` changes with anything shown of it; `day` is empty below the first of a day.

    `veiled` says why its words and pictures are hidden until somebody asks for them.
    """

    id: str
    kind: str
    body: MessageShown | NoteShown | DoneShown | HeldShown
    at: datetime
    day: str
    hour: str
    exact: str
    readers: str
    readers_word: str
    where: str
    text_html: str
    quoted_html: str
    veiled: str
    reading: ReadingWords | None
    delivery_due: datetime | None
    elsewhere: str
    mark: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """A page of the ledger, oldest first; `older` names the place before it, `seen` what a reply under it has seen.

    `own` is the newest reply of whoever looks that has left: the one that a key changes.
    """

    entries: tuple[EntryShown, ...]
    older: str
    seen: dict[str, int]
    own: str = ""


@dataclass(frozen=True, slots=True)
class KindShown:
    """One way to write: public, limited, private or note. `why_not` is empty where it can be done.

    `sign` is the mark that its author's words get there. `there` is the address at which the venue itself takes an
    answer, where Hark may not write it.
    """

    kind: str
    tab: str
    icon: str
    act: str
    readers: str
    why_not: str = ""
    sign: str = ""
    there: str = ""


@dataclass(frozen=True, slots=True)
class WindowShown:
    """Until when the venue takes an answer, as an instant, as a time of day, and what is left of it."""

    ends_at: datetime
    until: str
    left: str


@dataclass(frozen=True, slots=True)
class WayShown:
    """A conversation that can be answered, with what a page needs to say before anything is sent.

    `copies` are those who get a copy; `talk_of_many`: more than one person can take part in it. `window` is there while
    the venue takes answers for a time only. `aside` is who reads a line in public that goes along with a private reply,
    `line` what it says at first; empty where there can be none.
    """

    way: Way
    key: str
    name: str
    to: str
    kinds: tuple[KindShown, ...]
    seen: int
    limit: int | None
    unit: str
    copies: str = ""
    talk_of_many: bool = False
    window: WindowShown | None = None
    aside: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class HeardShown:
    """A message of the stream with its evidence underlined; `fold` says for how many more the line stands.

    `reach` is how many follow its author, and since when that is known; `care` why a complaint stands where it does.
    """

    row: HeardRow
    hour: str
    exact: str
    text_html: str
    reading: ReadingWords | None
    word: str
    shape: str
    sure: str
    why: str
    venue: str
    reach: str = ""
    care: tuple[str, ...] = ()
    thanks: str = ""
    fold: str = ""
    fold_title: str = ""
