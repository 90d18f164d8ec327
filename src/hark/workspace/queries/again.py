"""The mark *again* in words: which contacts it rests on, and whether a senior is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hark.conversations.matter import ordinal
from hark.conversations.models import Case
from hark.conversations.queries.access import cases_visible_to
from hark.conversations.queries.matters import case_again
from hark.organisation.models import Agent
from hark.routing.queries import asks_for_senior
from hark.workspace.queries.channels import venue_name
from hark.workspace.queries.words import day, exact, hour

EARLIER_SHOWN = 5
SENIOR_WORDS = {
    "asked": "Waits for a senior.",
    "nobody": "No senior works in this inbox, so it goes to everybody.",
    "late": "No senior was free in time, so it goes to everybody.",
}


@dataclass(frozen=True, slots=True)
class EarlierShown:
    """An earlier contact. `key` is empty where it was in this case."""

    words: str
    exact: str
    why: str
    key: str


@dataclass(frozen=True, slots=True)
class AgainShown:
    """The mark. `corrected` says who took it off; then there is nothing else to tell. `hidden`: so many elsewhere."""

    title: str
    earlier: tuple[EarlierShown, ...] = ()
    hidden: int = 0
    senior: str = ""
    corrected: str = ""


def again_shown(agent: Agent, case: Case, *, at: datetime) -> AgainShown | None:
    """The mark of a case, its earlier contacts as far as the agent may see them. No query for a case without."""
    row = case_again(case)
    if row is None or not (case.again or row.corrected_by):
        return None
    if not case.again:
        who = row.corrected_by.name if row.corrected_by else ""
        return AgainShown("", corrected=f"{who} said: not the same matter as before.")
    told = row.contacts[:-1]
    seen = set(cases_visible_to(agent).filter(key__in={one["case"] for one in told}).values_list("key", flat=True))
    shown = [_earlier(one, case, at) for one in told if one["case"] in seen]
    return AgainShown(
        title=f"{ordinal(case.again)} contact on this matter",
        earlier=tuple(shown[-EARLIER_SHOWN:]),
        hidden=len(told) - len(shown[-EARLIER_SHOWN:]),
        senior=SENIOR_WORDS.get(asks_for_senior(case), ""),
    )


def _earlier(one: Mapping[str, Any], case: Case, at: datetime) -> EarlierShown:
    when = datetime.fromisoformat(one["at"])
    name = venue_name(one["venue"])
    on = day(when, at)
    words = f"{name} {on.lower()}, {hour(when)}" if on in {"Today", "Yesterday"} else f"{name} on {on}"
    return EarlierShown(words, exact(when), one["why"], "" if one["case"] == case.key else one["case"])
