"""Taking and moving a case by hand."""

import pytest

from hark.conversations.errors import CannotAssign
from hark.kernel.errors import HarkError, NotAllowed, NotFound
from hark.organisation.models import Agent
from hark.organisation.types import Role
from hark.routing import actions
from hark.routing.errors import HeldByColleague, NoPointsFree
from hark.routing.models import Offer
from hark.routing.queries import load_of
from tests.routing.makers import (
    Desk,
    check_truth,
    item_of,
    make_agent,
    make_case,
    make_desk,
    open_offers,
    place_one,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def fill(desk: Desk, agent: Agent) -> None:
    """Two items in hand: no point left."""
    for _ in range(2):
        actions.take(case_id=place_one(desk).case_id, agent_id=agent.pk)


def test_taken_case_is_assigned_and_in_hand_and_the_offer_elsewhere_is_withdrawn(desk: Desk) -> None:
    tessa, ruben = make_agent("Tessa", desk), make_agent("Ruben", desk, here=False)
    item = place_one(desk)
    actions.route()
    assert open_offers(tessa)
    for _ in range(2):
        actions.take(case_id=item.case_id, agent_id=ruben.pk)
    taken = item_of(item.case)
    assert (taken.state, taken.agent_id, taken.case.assignee_id) == ("accepted", ruben.pk, ruben.pk)
    assert taken.arrived_at == item.arrived_at
    assert open_offers(tessa) == []
    assert [load_of(agent).used_points for agent in (tessa, ruben)] == [0, 3]
    assert Offer.objects.count() == 2
    check_truth()


def test_own_offer_taken_by_hand_costs_once(desk: Desk) -> None:
    tessa = make_agent("Tessa", desk)
    item = place_one(desk)
    actions.route()
    actions.take(case_id=item.case_id, agent_id=tessa.pk)
    assert load_of(tessa).used_points == 3
    check_truth()


def test_case_that_needs_nobody_is_only_assigned(desk: Desk) -> None:
    tessa = make_agent("Tessa", desk)
    case = make_case(desk)
    actions.take(case_id=case.pk, agent_id=tessa.pk)
    case.refresh_from_db()
    assert (case.assignee_id, load_of(tessa).used_points) == (tessa.pk, 0)


def test_full_agent_cannot_take_more_and_nothing_is_changed(desk: Desk) -> None:
    tessa = make_agent("Tessa", desk, here=False)
    fill(desk, tessa)
    item = place_one(desk)
    with pytest.raises(NoPointsFree):
        actions.take(case_id=item.case_id, agent_id=tessa.pk)
    assert (item_of(item.case).state, item_of(item.case).case.assignee_id) == ("queued", None)
    check_truth()


def test_supervisor_moves_a_case_to_a_full_agent_at_the_price_of_what_is_left(desk: Desk) -> None:
    tessa = make_agent("Tessa", desk, here=False)
    boss = make_agent("Boss", desk, role=Role.SUPERVISOR, here=False)
    fill(desk, tessa)
    item = place_one(desk, "chat")
    actions.take(case_id=item.case_id, agent_id=tessa.pk, moved_by=boss.pk)
    moved = item_of(item.case)
    assert (moved.state, moved.agent_id, moved.points) == ("accepted", tessa.pk, 0)
    assert load_of(tessa).used_points == 6
    check_truth()
    actions.take(case_id=item.case_id, agent_id=boss.pk)
    assert item_of(item.case).points == 2  # elsewhere it costs what it costs
    check_truth()


def test_colleagues_case_is_not_snatched_but_its_holder_may_pass_it_on(desk: Desk) -> None:
    tessa, ruben = make_agent("Tessa", desk, here=False), make_agent("Ruben", desk, here=False)
    item = place_one(desk)
    actions.take(case_id=item.case_id, agent_id=tessa.pk)
    with pytest.raises(HeldByColleague):
        actions.take(case_id=item.case_id, agent_id=ruben.pk)
    actions.take(case_id=item.case_id, agent_id=ruben.pk, moved_by=tessa.pk)
    assert item_of(item.case).agent_id == ruben.pk
    assert [load_of(agent).used_points for agent in (tessa, ruben)] == [0, 3]
    check_truth()


@pytest.mark.parametrize(
    ("role", "inside", "error"),
    [(Role.LIGHT_AGENT, True, NotAllowed), (Role.AUDITOR, True, NotAllowed), (Role.AGENT, False, NotFound)],
)
def test_rights_are_looked_up_when_a_case_is_taken(
    desk: Desk,
    role: Role,
    inside: bool,  # noqa: FBT001
    error: type[HarkError],
) -> None:
    somebody = make_agent("Somebody", desk if inside else make_desk("Other"), role=role, here=False)
    item = place_one(desk)
    with pytest.raises(error):
        actions.take(case_id=item.case_id, agent_id=somebody.pk)
    check_truth()


def test_case_cannot_be_moved_to_somebody_outside_the_inbox(desk: Desk) -> None:
    boss = make_agent("Boss", desk, role=Role.SUPERVISOR, here=False)
    outsider = make_agent("Outsider", make_desk("Other"), here=False)
    item = place_one(desk)
    with pytest.raises(CannotAssign):
        actions.take(case_id=item.case_id, agent_id=outsider.pk, moved_by=boss.pk)
