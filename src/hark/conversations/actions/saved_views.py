"""Saved views are written by those whose they are; a team's by supervisors."""

from dataclasses import dataclass

from django.db import transaction

from hark.conversations.actions.naming import named
from hark.conversations.actions.standing import acting_agent
from hark.conversations.errors import TooManyViews
from hark.conversations.models import SavedView
from hark.conversations.queries.filters import CaseFilter
from hark.conversations.queries.saved_views import MOST
from hark.conversations.types import Author
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.ids import public_key
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent, Team
from hark.organisation.types import Right


@dataclass(frozen=True, slots=True)
class NewView:
    """A view as it is written. No team: it is the writer's own."""

    name: str
    filter: CaseFilter
    team: Team | None = None


@transaction.atomic
def add_view(*, new: NewView, actor: Author) -> SavedView:
    """Keep a filter under a name, behind the others. One transaction.

    Raises NotAllowed (a team's view by anybody but a supervisor), NameMissing, TooManyViews.
    """
    agent = acting_agent(actor, Right.SUPERVISE if new.team else None)
    beside = SavedView.objects.filter(owner=None if new.team else agent, team=new.team)
    if beside.count() >= MOST:
        raise TooManyViews
    view = SavedView.objects.create(
        key=public_key("view"),
        name=named(new.name),
        owner=None if new.team else agent,
        team=new.team,
        filter=str(new.filter),
        place=beside.count(),
    )
    _audit("added", view, actor)
    return view


@transaction.atomic
def change_view(*, key: str, name: str, filter: CaseFilter, actor: Author) -> SavedView:  # noqa: A002 - the field's word
    """Replace the name and the filter of a view. Raises NotFound, NotAllowed, NameMissing."""
    view = _own(key, actor)
    view.name, view.filter = named(name), str(filter)
    view.save(update_fields=["name", "filter"])
    _audit("changed", view, actor)
    return view


@transaction.atomic
def remove_view(*, key: str, actor: Author) -> None:
    """Forget a view. Raises NotFound, NotAllowed."""
    view = _own(key, actor)
    view.delete()
    _audit("removed", view, actor)


@transaction.atomic
def move_view(*, key: str, by: int, actor: Author) -> None:
    """Move a view up (-1) or down (1) among its neighbours. One transaction. Raises NotFound, NotAllowed."""
    view = _own(key, actor)
    beside = SavedView.objects.select_for_update().filter(owner=view.owner, team=view.team).order_by("place", "id")
    order = [one for one in beside if one.pk != view.pk]
    here = sum((one.place, one.pk) < (view.place, view.pk) for one in order)
    order.insert(max(0, here + by), view)
    for place, one in enumerate(order):
        SavedView.objects.filter(pk=one.pk).update(place=place)


def _audit(act: str, view: SavedView, actor: Author) -> None:
    """What a team looks at is written down; one's own view is one's own."""
    if view.team:
        audit(f"view.{act}", view.key, actor=actor.agent_key, team=view.team.key)


def _own(key: str, actor: Author) -> SavedView:
    agent: Agent = acting_agent(actor)
    view = SavedView.objects.filter(key=key).first()
    if view is None or (view.owner_id not in {None, agent.pk}):
        raise NotFound
    if view.owner_id is None and not agent.may(Right.SUPERVISE):
        raise NotAllowed
    return view
