"""What crosses between rooms about messages, conversations and cases."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import TextChoices

from hark.channels.types import Letter
from hark.contacts.types import SeenAuthor

MAIL, FORM = "email", "form"  # venues of which this room knows more than their abilities say
FROM_OUTSIDE = "From outside: "  # before the newest line of a case that somebody outside has written
TOLD = "told:"  # how the id of an answer at the venue begins that an agent told of, until the venue tells its own


class Visibility(TextChoices):
    """Who can read a message. `limited` counts as public wherever only two are told apart."""

    PUBLIC = "public", "Public"
    LIMITED = "limited", "Limited"
    PRIVATE = "private", "Private"


class Direction(TextChoices):
    """Who wrote it."""

    INBOUND = "in", "From the contact"
    OUTBOUND = "out", "From us"


class Status(TextChoices):
    """The three fixed categories of a case."""

    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting for the customer"
    RESOLVED = "resolved", "Resolved"


class FileState(TextChoices):
    """Where a file is: with an agent's browser, at the venue, here, nowhere."""

    UPLOADING = "uploading", "Coming in"
    WAITING = "waiting", "Fetched in a moment"
    STORED = "stored", "Here"
    FAILED = "failed", "Could not be fetched"
    TOO_LARGE = "too_large", "Too large to keep"
    REMOVED = "removed", "Removed"


DRAFT_KINDS = ("reply", "outside", "forward", "note")  # what an agent may be writing on a case
TRAY_KINDS = ("reply", "note")  # what may have files beside it


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file that a venue names in a message; its bytes come later. `name` and `mime` are what others say."""

    ref: str
    name: str = ""
    size: int | None = None
    content_id: str = ""
    inline: bool = False


class HeldState(TextChoices):
    """Why a finished reply has not left, or what became of it."""

    APPROVAL = "approval", "Waits for approval"
    LATER = "later", "Waits for its time"
    STOPPED = "stopped", "Stopped, its author decides"
    SENT = "sent", "Sent"
    SENT_BACK = "sent_back", "Sent back to its author"
    TAKEN_BACK = "taken_back", "Taken back"


HELD = (HeldState.APPROVAL, HeldState.LATER, HeldState.STOPPED)


class NoticeKind(TextChoices):
    """Why something concerns an agent."""

    MENTION = "mention", "A colleague mentions me in a note"
    ASSIGNED = "assigned", "A colleague gives me a case"
    FOLLOWED = "followed", "Something happens on a case I follow"
    NOT_SENT = "not_sent", "A reply of mine did not arrive"
    AT_RISK = "at_risk", "A promise on a case of mine is about to break"
    OUTSIDE = "outside", "Somebody outside answers on a case of mine"
    TO_APPROVE = "to_approve", "A reply waits for my approval"
    DECIDED = "decided", "A waiting reply of mine is approved, sent back or stopped"
    MOOD = "mood", "A customer grows angry, and the brand's plan says to tell me"
    CHANNEL = "channel", "A channel is cut off, or what lets us in there ends soon"


class Medium(TextChoices):
    """Where an agent hears of it. One more medium: a line here, and a sender (`workspace/actions/telling.py`)."""

    DESK = "desk", "In Hark"
    BROWSER = "browser", "Pops up while Hark is open"
    PUSH = "push", "On my phone or computer, with Hark closed"
    EMAIL = "email", "By e-mail"


UNASKED = frozenset({Medium.DESK, Medium.BROWSER, Medium.PUSH})  # until he says otherwise; mails are asked for


def unasked(kind: str) -> frozenset[str]:
    """How he hears of it until he says otherwise: of a channel that needs him also by mail, wherever he is."""
    return UNASKED | {Medium.EMAIL} if kind == NoticeKind.CHANNEL else UNASKED


@dataclass(frozen=True, slots=True)
class Held:
    """Why a message is held as spam when it comes, and how likely that is; `opens`: why it would have opened a case."""

    why: str
    p: float | None = None
    opens: str = ""


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message ready to be threaded: parsed, read, its author known.

    `thread_id` is the venue's conversation (empty: the message is its own thread). `reading` is the JSON shape of
    `hark.understanding.types.Reading`. `case_reason` is why it opens a case, empty when it stays in the stream. `html`
    is clean. `held`: it is kept as spam, and opens nothing. From the code point `quote_from` on it is a quotation.
    `automatic`: no person wrote it, so it asks nothing. Of a mail `letter` says which conversation it may mean;
    threading finds that, with the channel of the conversation, whether its writer is `pending` there, and whether it is
    a `copy` of what came to another address of the same inbox. `reply_until` is when the venue stops taking answers to
    it, `policy` are its tags for that.
    """

    arrival_id: int
    channel_id: int
    inbox_id: int
    external_id: str
    thread_id: str
    identity_id: int
    contact_id: int
    visibility: Visibility
    kind: str
    text: str
    sent_at: datetime
    received_at: datetime
    case_reason: str
    reading: dict[str, Any] = field(default_factory=dict)
    parent_id: str = ""
    subject: str = ""
    permalink: str = ""
    rating: int | None = None
    targets_us: str = "none"
    problem: str = ""
    backfilled: bool = False
    automatic: bool = False
    letter: Letter | None = None
    thread_channel_id: int | None = None
    pending: bool = False
    copy: bool = False
    quote_from: int | None = None
    html: str = ""
    hidden_text: str = ""
    files: tuple[SeenFile, ...] = ()
    reply_until: datetime | None = None
    policy: tuple[str, ...] = ()
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class ThreadedMessage:
    """What became of an IncomingMessage. `message_id` is None when the same message was there already.

    `changed`: it was there with other words, which are now its text or an earlier version. `waiting_since` is the start
    of the case's oldest running response clock, with its target; None where nobody waits. `holder_id` has the case,
    `again` is its mark.
    """

    incoming: IncomingMessage
    message_id: int | None
    conversation_id: int | None = None
    case_id: int | None = None
    case_key: str = ""
    opened_case: bool = False
    waiting_since: datetime | None = None
    target_seconds: int = 0
    holder_id: int | None = None
    again: int = 0
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """A message that its author, or the venue, has deleted. `purge`: its words must go at once."""

    channel_id: int
    external_id: str
    at: datetime
    purge: bool = False


@dataclass(frozen=True, slots=True)
class Echo:
    """A message of our own account that came back from the venue; `author` is how we appear there."""

    arrival_id: int
    channel_id: int
    inbox_id: int
    external_id: str
    thread_id: str
    author: SeenAuthor
    visibility: Visibility
    kind: str
    text: str
    sent_at: datetime
    received_at: datetime
    client_ref: str = ""
    parent_id: str = ""
    subject: str = ""
    permalink: str = ""
    letter: Letter | None = None


@dataclass(frozen=True, slots=True)
class ReceiptSeen:
    """What a venue says became of a message of ours."""

    channel_id: int
    external_id: str
    state: str
    client_ref: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts, for the journal and the case."""

    agent_id: int
    agent_key: str
    name: str


class RereadingState(TextChoices):
    """What becomes of a run over old messages."""

    RUNNING = "running", "Reading"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


MacroAct = tuple[
    str, str
]  # an act of a case and its value: ("tag", "tag_7f3k…"), ("snooze", "tomorrow"), ("resolve", "")
