"""The lists of cases: soonest clock first, page by page, counted through the gate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet, TextChoices

from hark.contacts.models import Identity
from hark.conversations.models import Case, Clock, Conversation, Draft, Follow
from hark.conversations.queries.access import cases_visible_to
from hark.conversations.queries.appearance import icon_of
from hark.conversations.queries.filters import AT_RISK, condition
from hark.conversations.queries.keyset import Place
from hark.conversations.queries.saved_views import FilteredList
from hark.conversations.queries.tags import tag_names
from hark.conversations.types import FROM_OUTSIDE, Status
from hark.kernel.db import count_each
from hark.organisation.models import Agent

COUNTED_TO = 1_000  # a list says "1,000 and more" rather than reading a million rows


class View(TextChoices):
    """The lists that everybody has."""

    MINE = "mine", "Mine"
    UNASSIGNED = "unassigned", "Team inbox"
    AT_RISK = "at_risk", "At risk"
    WAITING = "waiting", "Waiting"
    SNOOZED = "snoozed", "Snoozed"
    FOLLOWED = "followed", "Followed"
    RESOLVED = "resolved", "Resolved"
    ALL = "all", "All"


AnyList = View | FilteredList


@dataclass(frozen=True, slots=True)
class ClockFace:
    """A promise as it stands: `none`, `running`, `breached` or `met`.

    `seconds` are left while running, over when breached, taken when met; `spent` is the share of the target, 0 to 1.
    `stopped` tells a breach that was answered in the end from one that still waits.
    """

    state: str
    kind: str = ""
    seconds: int = 0
    spent: float = 0.0
    due_at: datetime | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a list."""

    id: int
    key: str
    title: str
    who: str
    text: str
    icon: str
    venue: str
    channel: str
    inbox: str
    status: str
    mood: str
    why: str
    clock: ClockFace
    assignee: str
    assignee_id: int | None
    last_message_at: datetime
    ours_is_last: bool
    has_draft: bool
    version: int
    tags: tuple[str, ...] = ()
    snoozed_until: datetime | None = None
    again: int = 0
    kind: str = ""
    plan: str = ""
    spam: bool = False


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of a list; `next_place` is empty on the last."""

    rows: tuple[CaseRow, ...]
    next_place: str


def cases_in(agent: Agent, view: AnyList, *, at: datetime) -> QuerySet[Case]:
    """The cases of a list that the agent may see, unordered. 'All' is everything that is not resolved.

    A snoozed case is out of sight where it would ask for somebody, but for its promises: those go on.
    """
    visible = cases_visible_to(agent)
    if isinstance(view, FilteredList):
        return visible.filter(condition(view.filter, agent, at=at))
    alive = ~Q(status=Status.RESOLVED)  # in the words of the index case_alive_due
    awake = Q(snoozed_until__isnull=True)
    return visible.filter(
        {
            View.MINE: alive & awake & Q(assignee=agent),
            View.UNASSIGNED: alive & awake & Q(assignee__isnull=True),
            View.AT_RISK: alive & Q(status=Status.OPEN, due_at__lte=at + AT_RISK),
            View.WAITING: alive & awake & Q(status=Status.WAITING),
            View.SNOOZED: alive & ~awake,
            View.FOLLOWED: alive & Q(pk__in=Follow.objects.filter(agent=agent).values("case")),
            View.RESOLVED: Q(status=Status.RESOLVED, merged_into__isnull=True, spam=False),
            View.ALL: alive,
        }[view]
    )


def case_counts(agent: Agent, *, at: datetime, lists: Iterable[AnyList] = tuple(View)) -> dict[str, int]:
    """How many cases each list holds for this agent, at most COUNTED_TO, by its `value`. One query for all."""
    asked = {str(view.value): cases_in(agent, view, at=at)[:COUNTED_TO] for view in lists}
    return dict(zip(asked, count_each(asked.values()), strict=True))


def case_page(agent: Agent, view: AnyList, *, at: datetime, after: str = "", limit: int = 50) -> CasePage:
    """One page of a list, soonest clock first (resolved ones: newest first). Five queries, however many rows."""
    found = cases_in(agent, view, at=at).select_related("contact", "inbox", "assignee")
    place = Place.parse(after)
    ordered = _newest_first(found, place) if is_of_resolved(view) else _soonest_first(found, place)
    cases = list(ordered[: limit + 1])
    more, cases = len(cases) > limit, cases[:limit]
    last = cases[-1] if more else None
    return CasePage(case_rows(agent, cases, at=at), str(Place(last.due_at, 0, last.pk)) if last else "")


def is_of_resolved(view: AnyList) -> bool:
    """Does a list hold nothing but what is resolved, so that no clock gives it an order?"""
    if isinstance(view, FilteredList):
        return view.filter.values("status") == (Status.RESOLVED,) or bool(view.filter.values("spam"))
    return view == View.RESOLVED


def case_rows(agent: Agent, cases: list[Case], *, at: datetime) -> tuple[CaseRow, ...]:
    """Cases as lines, in the order given; they come from the gate, with contact, inbox and assignee at hand."""
    ids = [case.pk for case in cases]
    newest = Conversation.objects.filter(case__in=ids, outside=False).order_by(
        "case_id", F("last_inbound_at").desc(nulls_last=True)
    )
    told = newest.distinct("case_id").values_list("case_id", "channel__venue", "channel__name")
    places = {case: (venue, name) for case, venue, name in told}
    clocks = _telling_clocks(ids)
    tags = tag_names(ids)
    drafts = set(Draft.objects.filter(case__in=ids, agent=agent).values_list("case_id", flat=True))
    handles = _handles({case.contact_id for case in cases if not case.contact.name})
    return tuple(
        CaseRow(
            id=case.pk,
            key=case.key,
            title=case.title,
            who=case.contact.name or handles.get(case.contact_id, "Somebody"),
            text=case.last_text,
            icon=icon_of(case.last_kind),
            venue=places.get(case.pk, ("", ""))[0],
            channel=places.get(case.pk, ("", ""))[1],
            inbox=case.inbox.name,
            status=case.status,
            mood=case.contact.mood_level,
            why="waiting for the customer" if case.status == Status.WAITING else case.opened_because,
            clock=clock_face(clocks.get(case.pk), at),
            assignee=case.assignee.name if case.assignee else "",
            assignee_id=case.assignee_id,
            last_message_at=case.last_message_at,
            ours_is_last=_ours_is_last(case),
            has_draft=case.pk in drafts,
            version=case.version,
            tags=tags.get(case.pk, ()),
            snoozed_until=case.snoozed_until,
            again=case.again,
            kind=case.kind,
            plan=case.plan,
            spam=case.spam,
        )
        for case in cases
    )


def _ours_is_last(case: Case) -> bool:
    """Did we write the newest line of a case?"""
    if case.last_text.startswith(FROM_OUTSIDE):
        return False
    return case.last_inbound_at is None or case.last_message_at > case.last_inbound_at


def clock_faces(case: Case, *, at: datetime) -> list[ClockFace]:
    """The newest clock of each kind on a case: what its head says. One query."""
    told = Clock.objects.filter(case=case).order_by("kind", F("stopped_at").desc(nulls_first=True), "due_at")
    return [clock_face(clock, at) for clock in told.distinct("kind")]


def clock_face(clock: Clock | None, at: datetime) -> ClockFace:
    """A clock as it stands at `at`. A breach is never taken back: answered late stays breached, by so much."""
    if clock is None:
        return ClockFace("none")
    end = clock.stopped_at or at
    spent = (end - clock.started_at).total_seconds()
    late = (end - clock.due_at).total_seconds()
    stopped = clock.stopped_at is not None
    share = min(1.0, max(0.0, spent / clock.target_seconds)) if clock.target_seconds else 1.0
    if late > 0:
        return ClockFace("breached", clock.kind, int(late), 1.0, clock.due_at, stopped)
    if stopped:
        return ClockFace("met", clock.kind, int(spent), share, clock.due_at, stopped=True)
    return ClockFace("running", clock.kind, int(-late), share, clock.due_at)


def _telling_clocks(case_ids: list[int]) -> dict[int, Clock]:
    """The clock that a line tells: the soonest running one, else the one that stopped last."""
    order = ("case_id", F("stopped_at").desc(nulls_first=True), "due_at")
    told = Clock.objects.filter(case__in=case_ids).order_by(*order).distinct("case_id")
    return {clock.case_id: clock for clock in told}


def _handles(contact_ids: set[int]) -> dict[int, str]:
    """What people without a name are called at their venue."""
    if not contact_ids:
        return {}
    seen = Identity.objects.filter(contact__in=contact_ids).exclude(handle="").order_by("contact_id", "-id")
    return dict(seen.distinct("contact_id").values_list("contact_id", "handle"))


def _soonest_first(found: QuerySet[Case], place: Place | None) -> QuerySet[Case]:
    if place:
        behind = Q(due_at__isnull=True, pk__gt=place.id)
        if place.at:
            behind = Q(due_at__gt=place.at) | Q(due_at=place.at, pk__gt=place.id) | Q(due_at__isnull=True)
        found = found.filter(behind)
    return found.order_by(F("due_at").asc(nulls_last=True), "pk")


def _newest_first(found: QuerySet[Case], place: Place | None) -> QuerySet[Case]:
    return (found.filter(pk__lt=place.id) if place else found).order_by("-pk")
