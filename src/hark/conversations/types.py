"""What crosses between rooms about messages, conversations and cases."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import TextChoices


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


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message ready to be threaded: parsed, read, its author known.

    `thread_id` is the venue's conversation (empty: the message is its own thread). `reading` is the JSON shape of
    `hark.understanding.types.Reading`. `case_reason` is why it opens a case, empty when it stays in the stream.
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
    reading: dict[str, object] = field(default_factory=dict)
    parent_id: str = ""
    subject: str = ""
    permalink: str = ""
    rating: int | None = None
    targets_us: str = "none"
    problem: str = ""
    backfilled: bool = False


@dataclass(frozen=True, slots=True)
class ThreadedMessage:
    """What became of an IncomingMessage. `message_id` is None when the same message was there already."""

    incoming: IncomingMessage
    message_id: int | None
    conversation_id: int | None = None
    case_id: int | None = None
    case_key: str = ""
    opened_case: bool = False
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who acts, for the journal and the case."""

    agent_id: int
    agent_key: str
    name: str
