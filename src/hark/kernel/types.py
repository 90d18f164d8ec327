"""What crosses between rooms about events."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = Any  # what json.loads gives


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One thing that happened, to be written in the transaction that made it happen.

    `subject` is the public key of what it is about (`case_…`). `inbox_id` says whose pages may hear of it (null:
    nobody's by inbox), `agent_id` addresses one agent (an offer), `visitor` is the conversation key that a visitor's
    page follows.
    `data` holds ids and short words, never what a customer wrote.
    """

    kind: str
    subject: str
    actor: str = "system"
    inbox_id: int | None = None
    agent_id: int | None = None
    visitor: str = ""
    data: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A reader's place in the journal, in commit order: nothing at or before it will ever appear again."""

    xid: int = 0
    id: int = 0

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """The position written as `xid-id`, or None when it is not one."""
        left, dash, right = text.partition("-")
        if not (dash and left.isascii() and left.isdigit() and right.isascii() and right.isdigit()):
            return None
        if len(left) > 19 or len(right) > 18:
            return None
        return cls(int(left), int(right))


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """An event as read from the journal."""

    position: Position
    at: datetime
    kind: str
    subject: str
    actor: str
    inbox_id: int | None
    agent_id: int | None
    visitor: str
    data: dict[str, Json]
