"""What one client may hear, and who decides it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hark.kernel.types import JournalEvent

Place = tuple[str, int | str]


@dataclass(frozen=True, slots=True)
class Rights:
    """What one client may hear: whole inboxes; of `held_inboxes` only subjects it holds; what is said to it alone.

    `held` are those subjects at the moment of asking.
    """

    agent_id: int | None = None
    inboxes: frozenset[int] = frozenset()
    held_inboxes: frozenset[int] = frozenset()
    held: frozenset[str] = frozenset()
    visitor: str = ""

    def places(self) -> list[Place]:
        """Where in the fan-out this client stands."""
        found: list[Place] = [("inbox", inbox) for inbox in self.inboxes]
        found += [("held", inbox) for inbox in self.held_inboxes]
        if self.agent_id is not None:
            found.append(("agent", self.agent_id))
        if self.visitor:
            found.append(("visitor", self.visitor))
        return found

    def concerns(self, event: JournalEvent, holders: Mapping[str, int]) -> bool:
        """May this client hear of `event`? `holders`: who holds its subject. What is said to one, no other hears."""
        if self.visitor:
            return event.visitor == self.visitor
        if event.agent_id is not None:
            return event.agent_id == self.agent_id
        if event.inbox_id in self.held_inboxes:
            return holders.get(event.subject) == self.agent_id
        return event.inbox_id in self.inboxes


class Gate(Protocol):
    """Who may hear what. Its functions run in a thread and may ask the database; they decide for many at once."""

    def rights(self, tickets: Collection[str]) -> Mapping[str, Rights]:
        """The rights of each ticket (a session, a token); a ticket that is missing has none."""
        ...

    def doubtful(self, tickets: Collection[str]) -> Collection[str]:
        """Those tickets whose rights may have changed since `rights` gave them. Asked every few seconds: be cheap.

        Nothing may slip through between the two: what changed while `rights` was working makes its tickets doubtful.
        """
        ...

    def holders(self, subjects: Collection[str]) -> Mapping[str, int]:
        """Which agent holds each of these subjects."""
        ...

    def shown(self, event: JournalEvent) -> dict[str, Any]:
        """What this gate's clients are told of an event: ids only."""
        ...
