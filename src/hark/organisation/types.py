"""Words of the organisation that cross between rooms."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import TextChoices


class Role(TextChoices):
    """The given roles. What each allows is in `RIGHTS_OF`; others are made of the same rights: `OwnRole`."""

    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    SUPERVISOR = "supervisor", "Supervisor"
    AGENT = "agent", "Agent"
    LIGHT_AGENT = "light_agent", "Light agent (notes only)"
    AUDITOR = "auditor", "Auditor (reads)"


class Right(TextChoices):
    """One thing that a role, or a key of the API, allows. Reading the cases of one's own inboxes needs none."""

    SEE_ALL = "see_all", "See the work of every inbox"
    NOTE = "note", "Write notes and attach files to them"
    ANSWER = "answer", "Answer customers, hold and resolve cases"
    ORIGINALS = "originals", "Download messages as they arrived"
    SUPERVISE = "supervise", "Move colleagues’ work, share views with teams, settle parked arrivals"
    TOOLS = "tools", "Define saved replies, macros and tags"
    CHANNELS = "channels", "Connect and change channels and their secrets"
    BRANDS = "brands", "Change brands, inboxes and who sees them"
    PEOPLE = "people", "Add people, change teams, roles and rights"
    KEYS = "keys", "Make and revoke keys of the API"
    AUDIT = "audit", "Read and export the audit"


_ALL = frozenset(Right)
_SUPERVISES = frozenset({Right.SEE_ALL, Right.NOTE, Right.ANSWER, Right.ORIGINALS, Right.SUPERVISE})
RIGHTS_OF = {
    Role.OWNER: _ALL,
    Role.ADMINISTRATOR: _ALL - {Right.AUDIT},
    Role.SUPERVISOR: _SUPERVISES,
    Role.AGENT: _SUPERVISES - {Right.SEE_ALL, Right.SUPERVISE},
    Role.LIGHT_AGENT: frozenset({Right.NOTE, Right.ORIGINALS}),
    Role.AUDITOR: frozenset({Right.SEE_ALL, Right.ORIGINALS, Right.AUDIT}),
}


def known_rights(words: Iterable[str]) -> frozenset[Right]:
    """Those of these words that are rights of this release."""
    return frozenset(right for right in Right if right in frozenset(words))


SETTINGS = frozenset({Right.TOOLS, Right.CHANNELS, Right.BRANDS, Right.PEOPLE, Right.KEYS})
GOES_WITH = {
    Right.ANSWER: Right.NOTE,
    Right.SUPERVISE: Right.ANSWER,
    Right.CHANNELS: Right.SEE_ALL,
    Right.BRANDS: Right.SEE_ALL,
    Right.PEOPLE: Right.SEE_ALL,
}
OF_THE_API = frozenset({Right.SEE_ALL, Right.NOTE, Right.ANSWER})  # what its addresses ask for
NEEDS_SECOND_FACTOR = SETTINGS - {Right.TOOLS}


class PublicSignature(TextChoices):
    """Who signs what a brand says in public."""

    NOBODY = "nobody", "Nobody: the brand speaks"
    INITIALS = "initials", "The agent's initials, such as ^TO"
    NAME = "name", "The agent's first name, such as – Tessa"


class ChannelState(TextChoices):
    """Whether a connected channel takes part."""

    ACTIVE = "active", "Active"
    AUTH_LOST = "auth_lost", "Permission lost: sending waits, arrivals are kept"
    PAUSED = "paused", "Paused by an administrator"


@dataclass(frozen=True, slots=True)
class NewBrand:
    """What a brand says of itself: the words that tell it from ordinary ones."""

    name: str
    about: str = ""
    handles: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    own_numbers: tuple[str, ...] = ()
    language: str = "en"
    colour: str = "#0f6b5f"
    public_signature: str = PublicSignature.NOBODY


@dataclass(frozen=True, slots=True)
class NewInbox:
    """What agents see under one name; times in seconds."""

    name: str
    only_assigned: bool = False
    undo_seconds: int = 15
    first_response_seconds: int = 900
    next_response_seconds: int = 1800
    again_days: int = 14


class WordList(TextChoices):
    """What a word of a brand's own does, in the words of its lexicon (`hark.understanding.types.BrandProfile`)."""

    CRITICAL = "critical", "Always critical"
    HIGH = "high", "Always high"
    LEAVE = "leave", "Somebody leaves"
    LEGAL = "legal", "Legal words"
    PRESS = "press", "The press"
    OUTAGE = "outage", "An outage"
    IGNORE = "ignore", "Never counts"
    OPT_OUT = "opt_out", "Wants no more messages"


LEAST_EXAMPLES, MOST_EXAMPLES = 3, 20
MOST_INTENTS = 40
TEMPERS = ("calm", "unhappy", "angry", "furious")
LEAST_PERCENT = 25  # a mood shortens a promise to a quarter of it, never further


@dataclass(frozen=True, slots=True)
class OwnIntent:
    """An intent of a brand's own: its examples, and the keys of what follows from it; empty: nothing does."""

    name: str
    examples: tuple[str, ...]
    tag: str = ""
    skill: str = ""
    reply: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a mood is answered: in which share of the promised time (25 to 100), by whom, how, and who is told."""

    level: str
    reply_percent: int = 100
    skill: str = ""
    tone: str = ""
    tells_seniors: bool = False

    @property
    def changes(self) -> bool:
        """Does anything follow from the mood, beside a hint on the tone?"""
        return self.reply_percent < 100 or bool(self.skill) or self.tells_seniors


PLANS = {  # until a brand says otherwise
    "calm": Plan("calm"),
    "unhappy": Plan("unhappy", tone="Say that you see what went wrong before you say what you do about it."),
    "angry": Plan("angry", 75, tone="Say sorry for what happened, name the next step and by when."),
    "furious": Plan("furious", 50, tone="Short and calm. One person stays on it; say what you do now and by when."),
}
THANKS = "Thank you, this is good to read."


@dataclass(frozen=True, slots=True)
class OwnReading:
    """What a brand adds to how its messages are read, as a value. `version` 0: nothing was ever said.

    `words` are (list, pattern) pairs.
    """

    version: int = 0
    words: tuple[tuple[str, str], ...] = ()
    intents_off: frozenset[str] = frozenset()
    intents: tuple[OwnIntent, ...] = ()
    buying_tag: str = ""
    buying_skill: str = ""
    thanks: str = THANKS

    def of_list(self, name: str) -> tuple[str, ...]:
        """The patterns of one list."""
        return tuple(pattern for target, pattern in self.words if target == name)


class TermKind(TextChoices):
    """What a word that a brand listens for is to it."""

    NAME = "name", "Name"
    HANDLE = "handle", "Name at a venue"
    PRODUCT = "product", "Product"
    PLACE = "place", "Place"
    KEYWORD = "keyword", "Other word"
    COMPETITOR = "competitor", "Competitor"


MOST_TERMS = 50
SHORTEST_TERM, LONGEST_TERM = 2, 60


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase that a brand may listen for; `profile`: the brand's profile has it, nobody wrote it twice."""

    kind: str
    text: str
    on: bool = False
    profile: bool = False
