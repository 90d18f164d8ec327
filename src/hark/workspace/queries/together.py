"""Who else is at a case, in words."""

from dataclasses import dataclass
from datetime import datetime

from hark.conversations.models import Case
from hark.conversations.queries.looking import Looker, lookers
from hark.organisation.models import Agent

NAMED = 2


@dataclass(frozen=True, slots=True)
class Company:
    """The line over the composer; `words` is empty when nobody else is there, `until` when it is worth asking again."""

    words: str
    typing: bool
    until: datetime | None


def company(agent: Agent, case: Case, *, at: datetime) -> Company:
    """Who else looks at a case that came from the gate. One query."""
    others = lookers(agent, case, at=at)
    writing = [one for one in others if one.typing]
    watching = [one for one in others if not one.typing]
    said = [_said(writing, "typing"), _said(watching, "looking")]
    words = ", ".join(part for part in said if part)
    return Company(words, bool(writing), min((one.until for one in others), default=None))


def _said(people: list[Looker], does: str) -> str:
    if not people:
        return ""
    names = [one.name for one in people[:NAMED]]
    more = len(people) - len(names)
    names += [f"{more} more"] if more else []
    told = " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
    return f"{told} {'is' if len(people) == 1 else 'are'} {does}"
