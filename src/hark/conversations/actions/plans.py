"""Response plans: a mood shortens the running promise of a case within bounds, and the case says so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hark.clocks.arithmetic import due_at
from hark.clocks.queries import targets_of
from hark.clocks.types import ClockKind
from hark.conversations.actions.clocks import RESPONSES
from hark.conversations.models import Case, Clock
from hark.kernel.actions import record
from hark.kernel.db import execute
from hark.kernel.types import NewEvent
from hark.organisation.queries import plans_of
from hark.organisation.types import LEAST_PERCENT, TEMPERS, Plan
from hark.understanding.mood import acted_on

SHORTEST_SECONDS = 60  # no promise is shorter, however furious somebody is
SHORTEN = """
    UPDATE conversations_clock c SET target_seconds = s.target, due_at = s.due
    FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[]) AS s (id, target, due) WHERE c.id = s.id
"""
SOONEST = """
    UPDATE conversations_case k SET due_at = (
        SELECT min(due_at) FROM conversations_clock WHERE case_id = k.id AND stopped_at IS NULL)
    WHERE k.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a plan means for a case's work: the skill it asks for, and the target of its soonest clock, if changed."""

    skill: str = ""
    target_seconds: int | None = None


def follow_plans(case_ids: Iterable[int], *, skills: Mapping[str, str]) -> dict[int, Followed]:
    """Let the plans of their customers' moods hold for these cases, in the caller's transaction, which has locked them.

    Running response clocks are shortened to the plan's share of the inbox's own promise, never lengthened, never below
    a quarter or a minute. A case takes a plan on when the mood is worse than that of the plan it has; then it gets the
    plan's words, and an event says it once. One message's words alone are no anger (`acted_on`). `skills`: names by
    key. Idempotent. No query for no case.
    """
    ids = sorted(set(case_ids))
    if not ids:
        return {}
    cases = list(Case.objects.filter(pk__in=ids).select_related("contact", "inbox").order_by("pk"))
    plans = plans_of({case.inbox.brand_id for case in cases})
    told = [(case, plans[case.inbox.brand_id].get(_level(case))) for case in cases]
    holding = [(case, plan) for case, plan in told if plan is not None and plan.changes]
    targets = _shorten(holding)
    _say([(case, plan) for case, plan in holding if _worse(plan.level, case.plan)], skills)
    return {case.pk: Followed(plan.skill, targets.get(case.pk)) for case, plan in holding}


def _level(case: Case) -> str:
    return acted_on(case.contact.mood_level, case.contact.mood_reasons)


def _worse(level: str, than: str) -> bool:
    return than not in TEMPERS or TEMPERS.index(level) > TEMPERS.index(than)


def _shorten(holding: Sequence[tuple[Case, Plan]]) -> dict[int, int]:
    """The new targets by case; cases whose promise is that short already keep it."""
    by_case = {case.pk: (case, plan) for case, plan in holding if plan.reply_percent < 100}
    if not by_case:
        return {}
    promises = targets_of({case.inbox_id for case, _ in by_case.values()})
    clocks = Clock.objects.filter(case__in=list(by_case), stopped_at=None, kind__in=RESPONSES)
    rows: list[tuple[int, int, datetime]] = []
    targets: dict[int, int] = {}
    for clock in clocks.order_by("due_at"):
        case, plan = by_case[clock.case_id]
        target = shortened(promises[case.inbox_id].of(ClockKind(clock.kind)), plan.reply_percent)
        if target < clock.target_seconds:
            rows.append((clock.pk, target, due_at(clock.started_at, target)))
        targets.setdefault(case.pk, min(target, clock.target_seconds))
    if rows:
        execute(SHORTEN, [list(column) for column in zip(*rows, strict=True)])
        execute(SOONEST, [sorted(by_case)])
    return targets


def shortened(seconds: int, percent: int) -> int:
    """A promise under a plan: never below a quarter of it, nor below a minute, nor longer than it was. Pure."""
    share = max(LEAST_PERCENT, min(percent, 100))
    return min(seconds, max(SHORTEST_SECONDS, -(-seconds * share // 100)))


def plan_words(plan: Plan, skills: Mapping[str, str]) -> str:
    """What follows from a plan, as a phrase. Pure."""
    parts = [
        f"reply within {plan.reply_percent} % of the promise" if plan.reply_percent < 100 else "",
        f"asks for {skills[plan.skill]}" if plan.skill in skills else "",
        "supervisors are told" if plan.tells_seniors else "",
    ]
    return ", ".join(part for part in parts if part)


def _say(changed: Sequence[tuple[Case, Plan]], skills: Mapping[str, str]) -> None:
    for case, plan in changed:
        words = plan_words(plan, skills)
        Case.objects.filter(pk=case.pk).update(plan=plan.level, plan_words=words, version=case.version + 1)
    record([
        NewEvent(
            "case.planned", case.key, inbox_id=case.inbox_id,
            data={"case": case.key, "mood": plan.level, "words": plan_words(plan, skills),
                  "seniors": plan.tells_seniors},
        )
        for case, plan in changed
    ])  # fmt: skip
