"""Saved views: an agent's own, and those of his teams, in his order."""

from dataclasses import dataclass

from django.db.models import F, Q, QuerySet

from hark.conversations.models import SavedView
from hark.conversations.queries.filters import CaseFilter
from hark.organisation.models import Agent
from hark.organisation.types import Right

MOST = 30
FREE = "f~"  # a filter that nobody has saved is its own name


@dataclass(frozen=True, slots=True)
class FilteredList:
    """A list that a filter makes. `value` names it in addresses; `may_edit`: it can be kept in place."""

    value: str
    label: str
    filter: CaseFilter
    team: str = ""
    may_edit: bool = False


def saved_views_of(agent: Agent) -> QuerySet[SavedView]:
    """The agent's own views and those of his teams; a supervisor's and higher ones' are those of all teams."""
    theirs = Q(team__isnull=False) if agent.may(Right.SUPERVISE) else Q(team__in=agent.teams.all())
    found = SavedView.objects.filter(Q(owner=agent) | theirs).select_related("team")
    return found.order_by(F("owner").asc(nulls_last=True), "team__name", "place", "id")


def saved_lists(agent: Agent) -> list[FilteredList]:
    """The same as lists, at most 30. Two queries at most."""
    return [saved_list(agent, view) for view in saved_views_of(agent)[:MOST]]


def saved_list(agent: Agent, view: SavedView) -> FilteredList:
    """A saved view as a list."""
    may_edit = view.owner_id == agent.pk or (view.owner_id is None and agent.may(Right.SUPERVISE))
    team = view.team.name if view.team else ""
    return FilteredList(view.key, view.name, CaseFilter.parse(view.filter), team, may_edit)


def free_list(wanted: CaseFilter) -> FilteredList:
    """A filter that nobody has saved, as a list."""
    return FilteredList(f"{FREE}{wanted}", "Filter", wanted)


def find_list(agent: Agent, value: str) -> FilteredList | None:
    """The list that an address names; None when there is none, or it is somebody else's."""
    if value.startswith(FREE):
        return free_list(CaseFilter.parse(value.removeprefix(FREE)))
    view = saved_views_of(agent).filter(key=value).first() if value.startswith("view_") else None
    return saved_list(agent, view) if view else None
