"""The filter of the list as a form: every field with its choices, and what may be done with it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from hark.conversations.queries.cases import AnyList, View
from hark.conversations.queries.filters import CaseFilter
from hark.conversations.queries.saved_views import FilteredList
from hark.conversations.queries.tags import tags_offered
from hark.organisation.models import Agent, Channel, Team
from hark.organisation.queries import inboxes_visible_to, who_may
from hark.organisation.types import Right
from hark.workspace.queries.channels import venue_name
from hark.workspace.queries.shapes import KIND_WORDS

MOST = 60
STATUS = (("open", "Open"), ("waiting", "Waiting"), ("resolved", "Resolved"))
MOOD = (("calm", "Calm"), ("unhappy", "Unhappy"), ("angry", "Angry"), ("furious", "Furious"))
CLOCK = (("running", "Running"), ("at_risk", "At risk"), ("late", "Breached"))
OLDER = (("hour", "An hour"), ("day", "A day"), ("week", "A week"))
SNOOZED = (("yes", "Snoozed"),)
AGAIN = (("yes", "Again"),)
SPAM = (("yes", "Spam"),)
AS_FILTERS = {
    View.MINE: "assignee.me",
    View.UNASSIGNED: "assignee.nobody",
    View.AT_RISK: "status.open~clock.at_risk~clock.late",
    View.WAITING: "status.waiting",
    View.SNOOZED: "snoozed.yes",
    View.FOLLOWED: "",  # no field of the filter says it
    View.RESOLVED: "status.resolved",
    View.ALL: "",
}


@dataclass(frozen=True, slots=True)
class FieldShown:
    """One field of the filter; `choices` are (value, word, chosen)."""

    name: str
    legend: str
    choices: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class FilterShown:
    """The filter of a list as a form. `saved` is the view it belongs to, `teams` those it can be kept for."""

    fields: tuple[FieldShown, ...]
    saved: FilteredList | None
    teams: tuple[Team, ...]


def filter_shown(agent: Agent, view: AnyList) -> FilterShown:
    """The filter of the list that is looked at. Five queries."""
    wanted = view.filter if isinstance(view, FilteredList) else CaseFilter.parse(AS_FILTERS[view])
    teams = Team.objects.order_by("name") if agent.may(Right.SUPERVISE) else Team.objects.none()
    is_saved = isinstance(view, FilteredList) and view.may_edit
    return FilterShown(
        tuple(
            FieldShown(name, legend, tuple((value, word, value in wanted.values(name)) for value, word in choices))
            for name, legend, choices in _fields(agent)
        ),
        view if is_saved and isinstance(view, FilteredList) else None,
        tuple(teams),
    )


def _fields(agent: Agent) -> Iterable[tuple[str, str, Iterable[tuple[str, str]]]]:
    inboxes = inboxes_visible_to(agent)
    venues = Channel.objects.filter(inbox__in=inboxes).values_list("venue", flat=True).distinct().order_by("venue")
    yield "status", "Status", STATUS
    yield "assignee", "With", (("me", "Me"), ("nobody", "Nobody"), *_colleagues(agent))
    yield "clock", "Clock", CLOCK
    yield "kind", "Kind", KIND_WORDS.items()
    yield "mood", "Mood", MOOD
    yield "tag", "Tag", tags_offered().values_list("key", "name")[:MOST]
    yield "inbox", "Inbox", inboxes.order_by("name").values_list("key", "name")[:MOST]
    yield "venue", "Venue", [(venue, venue_name(venue)) for venue in venues]
    yield "older", "Older than", OLDER
    yield "snoozed", "Resting", SNOOZED
    yield "again", "Third contact", AGAIN
    yield "spam", "Spam", SPAM


def _colleagues(agent: Agent) -> Iterable[tuple[str, str]]:
    everybody = Agent.objects.filter(who_may(Right.ANSWER), is_active=True).exclude(pk=agent.pk)
    if not agent.may(Right.SUPERVISE):
        everybody = everybody.filter(Q(teams__in=agent.teams.all())).distinct()
    return everybody.order_by("name").values_list("key", "name")[:MOST]
