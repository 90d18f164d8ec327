"""Praise in words."""

from dataclasses import dataclass
from datetime import datetime

from hark.conversations.queries.praise import PraiseCount, PraiseRow, praise_counts, praise_page, praised_lately
from hark.organisation.models import Agent
from hark.workspace.queries.channels import venue_name
from hark.workspace.queries.words import ago, exact

WHYS = {"named": "is named", "answered": "answered before"}
NOBODY = "Nobody in particular"


@dataclass(frozen=True, slots=True)
class PraiseShown:
    """One message of praise as a page shows it. `about`: "Tessa is named; Ruben answered before"."""

    row: PraiseRow
    venue: str
    about: str
    ago: str
    exact: str


def praise_shown(agent: Agent, *, mine: bool, at: datetime, before: int = 0) -> tuple[list[PraiseShown], int]:
    """A page of praise, newest first, and before which the next begins; 0 on the last."""
    rows, older = praise_page(agent, mine=mine, before=before)
    return [_shown(row, at) for row in rows], older


def counts_in_words(agent: Agent, *, at: datetime) -> tuple[str, list[tuple[str, str]]]:
    """Of the last thirty days the whole, and about whom: ("9 messages by 8 people", [("Tessa", "4 messages …"), …])."""
    whole, *each = praise_counts(agent, at=at)
    return count_words(whole), [(one.name or NOBODY, count_words(one)) for one in each]


def mine_in_words(agent: Agent, *, at: datetime) -> str:
    """How often the agent was praised in thirty days; empty for never."""
    told = praised_lately(agent, at=at)
    return count_words(told) if told.messages else ""


def count_words(one: PraiseCount) -> str:
    """12 messages by 9 people."""
    messages = f"{one.messages:,} message{'' if one.messages == 1 else 's'}"
    return f"{messages} by {one.people:,} {'person' if one.people == 1 else 'people'}"


def _shown(row: PraiseRow, at: datetime) -> PraiseShown:
    about = "; ".join(f"{name} {WHYS.get(why, '')}" for name, why in row.about)
    return PraiseShown(row, venue_name(row.venue), about, ago(row.sent_at, at), exact(row.sent_at))
