"""Today: what needs an answer now over all venues, ranked by the urgency index; the rest can wait and says how long."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from hark.clocks.types import ClockKind
from hark.conversations.models import Case, Clock
from hark.conversations.queries.access import cases_visible_to
from hark.conversations.queries.cases import COUNTED_TO, case_rows
from hark.conversations.queries.filters import AT_RISK
from hark.conversations.types import Status
from hark.organisation.models import Agent
from hark.routing.queries import urgency_of, urgency_words
from hark.workspace.queries.lists import row_shown
from hark.workspace.queries.words import hour, span_words
from hark.workspace.types import RowShown

RESPONSES = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE)
LOOKED_AT = 100  # of the late and of the others each
NOW_FROM = 300.0  # late, a chat, or a promise about to break: from here on it cannot wait


@dataclass(frozen=True, slots=True)
class Due:
    """A case that owes an answer: how urgent, why in a few words, and until when it can wait."""

    row: RowShown
    urgency: float
    why: str
    mine: bool
    until: str = ""


@dataclass(frozen=True, slots=True)
class Today:
    """The page: `now` and `later` are ranked, `elsewhere` is in colleagues' hands, `waiting` owe us an answer."""

    now: tuple[Due, ...]
    later: tuple[Due, ...]
    elsewhere: tuple[Due, ...]
    waiting: int


def today(agent: Agent, *, at: datetime) -> Today:
    """What the agent's day asks for, through the gate; as many queries for much as for little."""
    due = sorted(_due(agent, _running(agent, at), at), key=lambda one: (-one.urgency, one.row.case.id))
    ours = [one for one in due if one.row.case.assignee_id in {None, agent.pk}]
    return Today(
        now=tuple(one for one in ours if one.urgency >= NOW_FROM),
        later=tuple(one for one in ours if one.urgency < NOW_FROM),
        elsewhere=tuple(one for one in due if one.row.case.assignee_id not in {None, agent.pk}),
        waiting=cases_visible_to(agent).filter(status=Status.WAITING)[:COUNTED_TO].count(),
    )


def _running(agent: Agent, at: datetime) -> dict[int, Clock]:
    """The most pressing running response clock of each open case: of those not yet late, and of those that are."""
    asked = Clock.objects.filter(stopped_at=None, kind__in=RESPONSES, case__in=cases_visible_to(agent))
    awake = Q(case__snoozed_until__isnull=True) | Q(due_at__lte=at + AT_RISK)  # promises go on while a case is snoozed
    open_ones = asked.filter(awake, case__status=Status.OPEN)
    open_ones = open_ones.select_related("case__contact", "case__inbox", "case__assignee")
    late = open_ones.filter(due_at__lte=at).order_by("-due_at")[:LOOKED_AT]
    soon = open_ones.filter(due_at__gt=at).order_by("due_at")[:LOOKED_AT]
    found: dict[int, Clock] = {}
    for clock in [*soon, *late]:
        before = found.get(clock.case_id)
        if before is None or _used(clock, at) > _used(before, at):
            found[clock.case_id] = clock
    return found


def _due(agent: Agent, clocks: dict[int, Clock], at: datetime) -> Iterable[Due]:
    cases: list[Case] = [clock.case for clock in clocks.values()]
    for row in case_rows(agent, cases, at=at):
        clock = clocks[row.id]
        kind = "chat" if clock.case.last_kind == "chat" else "async"
        waited = max(0.0, (at - clock.started_at).total_seconds())
        urgency = urgency_of(kind, waited, clock.target_seconds)
        until = clock.started_at + timedelta(seconds=0.7 * clock.target_seconds)
        why = urgency_words(kind, waited, clock.target_seconds)
        can_wait = f"can wait until {hour(until)}" if until - at < timedelta(days=1) else _days(until - at)
        yield Due(row_shown(row), urgency, why, row.assignee_id == agent.pk, "" if urgency >= NOW_FROM else can_wait)


def _days(left: timedelta) -> str:
    return f"can wait for {span_words(left.total_seconds())}"


def _used(clock: Clock, at: datetime) -> float:
    return (at - clock.started_at).total_seconds() / max(1, clock.target_seconds)
