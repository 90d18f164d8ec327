"""Taking the next: the most urgent that one can do, once, with the reason."""

import threading

import pytest
from django.db import connections

from hark.kernel.errors import NotAllowed
from hark.organisation.types import Role
from hark.routing import actions
from hark.routing.errors import NothingWaits
from hark.routing.queries import load_of, why_in_hand
from tests.routing.makers import (
    Desk,
    check_truth,
    item_of,
    make_agent,
    make_case,
    make_desk,
    open_offers,
    place_one,
    work_on,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def test_most_urgent_comes_first_and_says_why(desk: Desk) -> None:
    tessa = make_agent("Tessa", desk, here=False)
    place_one(desk, waited=60)
    late = place_one(desk, waited=2000)
    about_to_break = place_one(desk, waited=800)
    case = actions.take_next(agent_id=tessa.pk)
    assert (case.pk, case.assignee_id) == (about_to_break.case_id, tessa.pk)
    assert item_of(case).state == "accepted"
    assert why_in_hand(tessa, case) == "You: you asked for the next. Now: 13 min of 15 min used."
    assert actions.take_next(agent_id=tessa.pk, but=case.key).pk == late.case_id
    assert load_of(tessa).used_points == 6
    check_truth()


def test_who_asks_is_here_and_keeps_what_he_took(desk: Desk) -> None:
    tessa = make_agent("Tessa", desk, here=False)
    place_one(desk)
    case = actions.take_next(agent_id=tessa.pk)
    actions.route()
    assert (item_of(case).agent_id, load_of(tessa).presence) == (tessa.pk, "busy")
    check_truth()


def test_full_agent_goes_round_what_he_holds_and_takes_nothing_more(desk: Desk) -> None:
    tessa = make_agent("Tessa", desk, here=False)
    items = [place_one(desk, waited=waited) for waited in (800, 700, 600)]
    first = actions.take_next(agent_id=tessa.pk)
    second = actions.take_next(agent_id=tessa.pk, but=first.key)
    assert actions.take_next(agent_id=tessa.pk, but=second.key) == first
    assert item_of(items[2].case).state == "queued"
    check_truth()


def test_offer_that_waits_for_an_answer_is_the_next(desk: Desk) -> None:
    tessa = make_agent("Tessa", desk)
    item = place_one(desk, "chat", waited=10)
    actions.route()
    assert open_offers(tessa)
    assert actions.take_next(agent_id=tessa.pk).pk == item.case_id
    assert open_offers(tessa) == []
    check_truth()


def test_other_inboxes_missing_skills_and_declined_items_are_not_the_next(desk: Desk) -> None:
    tessa = make_agent("Tessa", desk)
    actions.define_skill(key="german", name="German")
    place_one(make_desk("Night"), waited=900)
    place_one(desk, "async", "german", waited=900)
    declined = place_one(desk, waited=900)
    actions.route()
    offer = open_offers(tessa)[0]
    assert offer.item_id == declined.pk
    actions.decline_offer(offer_key=offer.key, agent_id=tessa.pk, reason="cannot_now")
    with pytest.raises(NothingWaits):
        actions.take_next(agent_id=tessa.pk)


def test_case_that_only_its_holder_sees_can_be_the_next(desk: Desk) -> None:
    narrow = make_desk("Narrow", only_assigned=True)
    tessa = make_agent("Tessa", narrow, here=False)
    item = place_one(narrow)
    assert actions.take_next(agent_id=tessa.pk).pk == item.case_id


@pytest.mark.parametrize("role", [Role.LIGHT_AGENT, Role.AUDITOR])
def test_who_may_not_answer_takes_nothing(desk: Desk, role: Role) -> None:
    somebody = make_agent("Somebody", desk, role=role, here=False)
    place_one(desk)
    with pytest.raises(NotAllowed):
        actions.take_next(agent_id=somebody.pk)


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_at_once_get_different_cases(desk: Desk) -> None:
    agents = [make_agent(f"Agent{number}", desk, here=False) for number in range(6)]
    actions.place([work_on(make_case(desk), waited=100 * number) for number in range(12)])
    taken: list[int] = []
    errors: list[Exception] = []

    def ask(agent_id: int) -> None:
        try:
            first = actions.take_next(agent_id=agent_id)
            taken.extend([first.pk, actions.take_next(agent_id=agent_id, but=first.key).pk])
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=(agent.pk,)) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(taken) == len(set(taken)) == 12
    check_truth()
