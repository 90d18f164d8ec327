"""Who else has a case on the screen just now."""

from dataclasses import dataclass
from datetime import datetime

from hark.conversations.models import Case, Looking
from hark.organisation.models import Agent


@dataclass(frozen=True, slots=True)
class Looker:
    """A colleague who looks at the case, or types on it; good until `until` unless heard of again."""

    name: str
    typing: bool
    until: datetime


def lookers(agent: Agent, case: Case, *, at: datetime) -> tuple[Looker, ...]:
    """The others who look at a case that came from the gate, those who type first. One query."""
    rows = Looking.objects.filter(case=case, until__gt=at, agent__is_active=True).exclude(agent=agent)
    told = rows.order_by("typing", "until").values_list("agent_id", "agent__name", "typing", "until")
    once = {number: Looker(name, typing, until) for number, name, typing, until in told}  # the last row of each counts
    return tuple(sorted(once.values(), key=lambda one: (not one.typing, one.name)))
