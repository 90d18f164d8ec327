"""The lists of cases: soonest clock first, page by page, counted through the gate."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet, TextChoices

from hark.contacts.models import Identity
from hark.conversations.models import Case, Clock, Conversation, Draft, Follow
from hark.conversations.queries.access import cases_visible_to
from hark.conversations.queries.appearance import icon_of
from hark.conversations.queries.keyset import Place
from hark.conversations.types import Status
from hark.organisation.models import Agent

AT_RISK = timedelta(minutes=10)
COUNTED_TO = 1_000  # a list says "1,000 and more" rather than reading a million rows


class View(TextChoices):
    """The lists that everybody has."""

    MINE = "mine", "Mine"
    UNASSIGNED = "unassigned", "Team inbox"
    AT_RISK = "at_risk", "At risk"
    WAITING = "waiting", "Waiting"
    FOLLOWED = "followed", "Followed"
    RESOLVED = "resolved", "Resolved"
    ALL = "all", "All"


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


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of a list; `next_place` is empty on the last."""

    rows: tuple[CaseRow, ...]
    next_place: str


def cases_in(agent: Agent, view: View, *, at: datetime) -> QuerySet[Case]:
    """The cases of a view that the agent may see, unordered. 'All' is everything that is not resolved."""
    visible = cases_visible_to(agent)
    alive = ~Q(status=Status.RESOLVED)  # in the words of the index case_alive_due
    return visible.filter(
        {
            View.MINE: alive & Q(assignee=agent),
            View.UNASSIGNED: alive & Q(assignee__isnull=True),
            View.AT_RISK: alive & Q(status=Status.OPEN, due_at__lte=at + AT_RISK),
            View.WAITING: alive & Q(status=Status.WAITING),
            View.FOLLOWED: alive & Q(pk__in=Follow.objects.filter(agent=agent).values("case")),
            View.RESOLVED: Q(status=Status.RESOLVED),
            View.ALL: alive,
        }[view]
    )


def case_counts(agent: Agent, *, at: datetime) -> dict[View, int]:
    """How many cases each view holds for this agent, at most COUNTED_TO. One query a view."""
    return {view: cases_in(agent, view, at=at)[:COUNTED_TO].count() for view in View}


def case_page(agent: Agent, view: View, *, at: datetime, after: str = "", limit: int = 50) -> CasePage:
    """One page of a view, soonest clock first (resolved ones: newest first). Five queries, however many rows."""
    found = cases_in(agent, view, at=at).select_related("contact", "inbox", "assignee")
    place = Place.parse(after)
    ordered = _newest_first(found, place) if view == View.RESOLVED else _soonest_first(found, place)
    cases = list(ordered[: limit + 1])
    more, cases = len(cases) > limit, cases[:limit]
    last = cases[-1] if more else None
    return CasePage(case_rows(agent, cases, at=at), str(Place(last.due_at, 0, last.pk)) if last else "")


def case_rows(agent: Agent, cases: list[Case], *, at: datetime) -> tuple[CaseRow, ...]:
    """Cases as lines, in the order given; they come from the gate, with contact, inbox and assignee at hand."""
    ids = [case.pk for case in cases]
    newest = Conversation.objects.filter(case__in=ids).order_by("case_id", F("last_inbound_at").desc(nulls_last=True))
    venues = dict(newest.distinct("case_id").values_list("case_id", "channel__venue"))
    clocks = _telling_clocks(ids)
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
            venue=venues.get(case.pk, ""),
            inbox=case.inbox.name,
            status=case.status,
            mood=case.contact.mood_level,
            why="waiting for the customer" if case.status == Status.WAITING else case.opened_because,
            clock=clock_face(clocks.get(case.pk), at),
            assignee=case.assignee.name if case.assignee else "",
            assignee_id=case.assignee_id,
            last_message_at=case.last_message_at,
            ours_is_last=case.last_inbound_at is None or case.last_message_at > case.last_inbound_at,
            has_draft=case.pk in drafts,
            version=case.version,
        )
        for case in cases
    )


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
