"""How work reaches an agent: placed, offered, answered, run out, handed back, ended."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hark.conversations.actions.cases import assign
from hark.kernel.db import execute
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now, monotonic
from hark.organisation.models import Agent
from hark.organisation.types import Role
from hark.routing import actions
from hark.routing.errors import OfferEnded, ReasonNeeded, WorkInHand
from hark.routing.jobs import recount
from hark.routing.models import AgentLoad, Offer, WorkItem
from hark.routing.policy import replay
from hark.routing.queries import drift, load_of, open_offers_for, waiting_counts, work_in_hand_of
from hark.routing.types import NewWork
from tests.routing.makers import (
    Desk,
    check_truth,
    events,
    everybody_beats,
    item_of,
    make_agent,
    make_case,
    make_desk,
    open_offers,
    place_one,
    seconds_pass,
    work_on,
)

pytestmark = pytest.mark.django_db


def accept_next(agent: Agent) -> WorkItem:
    return actions.accept_offer(offer_key=open_offers(agent)[0].key, agent_id=agent.pk)


def test_work_is_offered_in_one_pass_and_within_two_seconds_of_arrival() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    started = monotonic()
    item = place_one(desk, "chat")
    assert actions.route() is True
    assert monotonic() - started < 2
    [offer] = open_offers_for(tessa)
    assert offer.case_key == item.case.key
    assert 18 <= offer.seconds_left <= 20
    assert offer.sentence.startswith("You: the only one free")
    assert "Now: a chat, waiting" in offer.sentence
    assert load_of(tessa).used_points == 2
    assert actions.route() is False
    check_truth()


def test_offer_is_announced_to_its_agent_only() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    place_one(desk)
    actions.route()
    with connection.cursor() as cursor:
        cursor.execute("SELECT agent_id, inbox_id, subject FROM kernel_event WHERE kind = 'offer.made'")
        assert cursor.fetchall() == [(tessa.pk, None, open_offers(tessa)[0].key)]


def test_fair_turn_goes_round_the_idle() -> None:
    desk = make_desk()
    agents = [make_agent(name, desk) for name in ("Ana", "Bo", "Cem")]
    for _ in range(3):
        place_one(desk)
    actions.route()
    assert [len(open_offers(agent)) for agent in agents] == [1, 1, 1]
    for agent in reversed(agents):
        actions.finish_work(case_id=accept_next(agent).case_id, outcome="replied")
    turns = []
    for _ in range(3):
        item = place_one(desk)
        actions.route()
        turns.append(WorkItem.objects.get(pk=item.pk).agent_id)
    assert turns == [agent.pk for agent in reversed(agents)]  # Cem was done first, so has been idle longest


def test_only_members_of_the_inbox_who_may_answer_get_offers() -> None:
    desk, other = make_desk(), make_desk("Other")
    outsiders = [
        make_agent("Elsewhere", other),
        make_agent("Light", desk, role=Role.LIGHT_AGENT),
        make_agent("Auditor", desk, role=Role.AUDITOR),
        make_agent("Boss", other, role=Role.OWNER),  # sees every inbox, and is still asked for his own only
        make_agent("Gone", desk),
    ]
    Agent.objects.filter(name="Gone").update(is_active=False)
    item = place_one(desk)
    assert actions.route() is False
    assert [open_offers(agent) for agent in outsiders] == [[]] * 5
    member = make_agent("Member", desk, role=Role.SUPERVISOR)
    actions.route()
    assert WorkItem.objects.get(pk=item.pk).agent_id == member.pk


def test_skill_is_needed_once_it_is_defined_and_never_before() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk, billing=4)
    undefined = place_one(desk, "async", "klingon")
    actions.define_skill(key="french", name="French")
    french, billing = place_one(desk, "async", "french"), place_one(desk, "async", "billing")
    actions.route()
    states = [WorkItem.objects.get(pk=one.pk).state for one in (undefined, french, billing)]
    assert states == ["offered", "queued", "offered"]
    actions.set_agent_skills(agent_id=tessa.pk, skills={"french": 2})
    actions.set_capacity(agent_id=tessa.pk, points=9)
    actions.route()
    assert WorkItem.objects.get(pk=french.pk).agent_id == tessa.pk


def test_urgent_work_behind_a_long_row_that_nobody_can_take_is_still_found() -> None:
    desk = make_desk()
    actions.define_skill(key="french", name="French")
    cases = [make_case(desk) for _ in range(60)]
    actions.place([work_on(case, "async", "french", waited=800) for case in cases])
    make_agent("Tessa", desk)
    item = place_one(desk)
    actions.route()
    offer = Offer.objects.get()
    assert offer.item_id == item.pk
    assert offer.reason["passed_over"][0]["for"] == "French"


def test_case_has_one_live_item_that_keeps_the_earliest_arrival_to_the_microsecond() -> None:
    desk = make_desk()
    case = make_case(desk)
    first = work_on(case, waited=100.123456)
    actions.place([first])
    actions.place([work_on(case, "chat", waited=5, target=45), work_on(case, waited=50)])
    item = item_of(case)
    assert WorkItem.objects.filter(case=case).count() == 1
    assert (item.arrived_at, item.target_seconds) == (first.arrived_at, 900)
    assert (item.kind, item.points) == ("chat", 2)
    earlier = work_on(case, waited=300, target=60)
    actions.place([earlier])
    assert (item_of(case).arrived_at, item_of(case).target_seconds) == (earlier.arrived_at, 60)


def test_item_in_hand_keeps_its_points_when_more_is_written() -> None:
    desk = make_desk()
    make_agent("Tessa", desk)
    item = place_one(desk)
    actions.route()
    actions.place([work_on(item.case, "chat")])
    assert (item_of(item.case).kind, item_of(item.case).points) == ("async", 3)
    check_truth()


def test_finished_case_gets_a_new_item_when_the_customer_writes_again() -> None:
    desk = make_desk()
    item = place_one(desk)
    assert actions.finish_work(case_id=item.case_id, outcome="replied")
    assert not actions.finish_work(case_id=item.case_id, outcome="replied")
    actions.place([work_on(item.case)])
    assert sorted(WorkItem.objects.values_list("state", flat=True)) == ["done", "queued"]


def test_placing_many_asks_no_more_of_the_database_than_placing_one() -> None:
    desk = make_desk()
    one_work, many_works = new_work(desk), [new_work(desk) for _ in range(50)]
    with CaptureQueriesContext(connection) as one:
        assert actions.place([one_work]) == 1
    with CaptureQueriesContext(connection) as many:
        assert actions.place(many_works) == 50
    assert len(many) == len(one) <= 3
    with CaptureQueriesContext(connection) as none:
        assert actions.place([]) == 0
    assert len(none) == 0


def new_work(desk: Desk) -> NewWork:
    return work_on(make_case(desk))


def test_pass_asks_a_constant_number_of_questions() -> None:
    desk = make_desk()
    for number in range(4):
        make_agent(f"A{number}", desk)
    place_one(desk)
    with CaptureQueriesContext(connection) as one:
        actions.route()
    for number in range(20):
        make_agent(f"B{number}", desk)
    actions.place([new_work(desk) for _ in range(40)])
    with CaptureQueriesContext(connection) as many:
        actions.route()
    assert len(many) == len(one) <= 24
    assert WorkItem.objects.filter(state="offered").count() == 41


def test_accept_assigns_the_case_and_is_accepted_once_when_clicked_twice() -> None:
    desk = make_desk(only_assigned=True)  # until he accepts he cannot even see the case
    tessa = make_agent("Tessa", desk)
    place_one(desk)
    actions.route()
    offer = open_offers(tessa)[0]
    for _ in range(2):
        item = actions.accept_offer(offer_key=offer.key, agent_id=tessa.pk)
    item.case.refresh_from_db()
    assert item.case.assignee_id == tessa.pk
    assert load_of(tessa).used_points == 3
    assert list(work_in_hand_of(tessa)) == [item]
    assert open_offers_for(tessa) == []
    assert (len(events("offer.ended")), len(events("case.assigned"))) == (1, 1)
    check_truth()


def test_offer_of_somebody_else_does_not_exist() -> None:
    desk = make_desk()
    tessa, ruben = make_agent("Tessa", desk), make_agent("Ruben", desk, here=False)
    place_one(desk)
    actions.route()
    key = open_offers(tessa)[0].key
    with pytest.raises(NotFound):
        actions.accept_offer(offer_key=key, agent_id=ruben.pk)
    with pytest.raises(NotFound):
        actions.decline_offer(offer_key=key, agent_id=ruben.pk, reason="cannot_now")
    with pytest.raises(NotFound):
        actions.accept_offer(offer_key="offer_none", agent_id=tessa.pk)


def test_declined_item_goes_to_the_next_with_its_arrival_and_not_back_for_a_quarter_of_an_hour() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    item = place_one(desk, waited=40)
    actions.route()
    offer = open_offers(tessa)[0]
    with pytest.raises(ReasonNeeded):
        actions.decline_offer(offer_key=offer.key, agent_id=tessa.pk, reason="")
    for _ in range(2):
        actions.decline_offer(offer_key=offer.key, agent_id=tessa.pk, reason="not_my_skill")
    assert load_of(tessa).used_points == 0
    assert actions.route() is False
    ruben = make_agent("Ruben", desk)
    actions.route()
    again = item_of(item.case)
    assert (again.agent_id, again.arrived_at) == (ruben.pk, item.arrived_at)
    offer.refresh_from_db()
    assert (offer.answer, offer.answer_reason) == ("declined", "not_my_skill")
    actions.set_presence(agent_id=ruben.pk, presence="offline")
    seconds_pass(901)
    actions.heartbeat(agent_id=tessa.pk)
    everybody_beats()
    actions.route()
    assert item_of(item.case).agent_id == tessa.pk
    check_truth()


def test_accepted_offer_cannot_be_declined_nor_an_ended_one_accepted() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    place_one(desk)
    actions.route()
    key = open_offers(tessa)[0].key
    item = actions.accept_offer(offer_key=key, agent_id=tessa.pk)
    with pytest.raises(OfferEnded):
        actions.decline_offer(offer_key=key, agent_id=tessa.pk, reason="cannot_now")
    actions.finish_work(case_id=item.case_id, outcome="resolved")
    with pytest.raises(OfferEnded):
        actions.accept_offer(offer_key=key, agent_id=tessa.pk)
    with pytest.raises(OfferEnded):
        actions.decline_offer(offer_key=key, agent_id=tessa.pk, reason="cannot_now")


def test_offer_past_its_end_is_refused_before_the_router_has_come_round() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    item = place_one(desk, "chat")
    actions.route()
    key = open_offers(tessa)[0].key
    seconds_pass(21)
    assert open_offers_for(tessa) == []
    with pytest.raises(OfferEnded):
        actions.accept_offer(offer_key=key, agent_id=tessa.pk)
    actions.route()
    assert (item_of(item.case).state, load_of(tessa).used_points) == ("queued", 0)
    with pytest.raises(OfferEnded):
        actions.accept_offer(offer_key=key, agent_id=tessa.pk)


def test_unanswered_async_offer_goes_to_the_next_and_presence_stays() -> None:
    desk = make_desk()
    tessa, ruben = make_agent("Tessa", desk), make_agent("Ruben", desk)
    item = place_one(desk)
    actions.route()
    first = item_of(item.case).agent_id
    seconds_pass(121)
    everybody_beats()
    actions.route()
    again = item_of(item.case)
    assert {first, again.agent_id} == {tessa.pk, ruben.pk}
    assert again.arrived_at == item.arrived_at
    assert {load_of(tessa).presence, load_of(ruben).presence} == {"available"}
    assert Offer.objects.filter(answer="timed_out").count() == 1
    check_truth()


def test_second_missed_chat_in_a_row_sends_the_agent_away_with_the_reason() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    for missed in range(2):
        assert load_of(tessa).presence == "available"
        place_one(desk, "chat")
        actions.route()
        assert len(open_offers(tessa)) == 1
        seconds_pass(21)
        everybody_beats()
        actions.route()
        assert len(events("presence.changed")) == 1 + missed
    assert (load_of(tessa).presence, load_of(tessa).presence_reason) == ("away", "missed two chats")
    check_truth()


def test_answered_chat_between_two_missed_ones_keeps_the_agent_here() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    for answered in (False, True, False):
        place_one(desk, "chat")
        actions.route()
        if answered:
            actions.finish_work(case_id=accept_next(tessa).case_id, outcome="replied")
        seconds_pass(21)
        everybody_beats()
        actions.route()
    assert load_of(tessa).presence == "available"


def test_silent_page_loses_its_offer_within_half_a_minute_and_gets_work_when_it_is_back() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    item = place_one(desk)
    actions.route()
    seconds_pass(28)  # the pass after this comes within two seconds
    actions.route()
    assert (item_of(item.case).state, load_of(tessa).used_points, load_of(tessa).reachable) == ("queued", 0, False)
    assert Offer.objects.get().answer == "withdrawn"
    assert load_of(tessa).presence == "available"
    actions.heartbeat(agent_id=tessa.pk)
    assert load_of(tessa).reachable
    actions.route()
    assert item_of(item.case).agent_id == tessa.pk
    assert len(events("presence.changed")) == 3
    check_truth()


@pytest.mark.parametrize(("kind", "stays", "goes"), [("chat", 58, 61), ("async", 1790, 1801)])
def test_accepted_work_of_a_silent_page_goes_back_after_its_time(kind: str, stays: float, goes: float) -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    place_one(desk, kind)
    actions.route()
    item = accept_next(tessa)
    seconds_pass(stays)
    actions.route()
    assert item_of(item.case).state == "accepted"
    seconds_pass(goes - stays)
    actions.route()
    back = item_of(item.case)
    assert (back.state, back.arrived_at, load_of(tessa).used_points) == ("queued", item.arrived_at, 0)
    ruben = make_agent("Ruben", desk)
    actions.route()
    assert item_of(item.case).agent_id == ruben.pk  # the case is still Tessa's, who is never waited for
    check_truth()


def test_page_silent_for_half_an_hour_is_offline_for_good() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    seconds_pass(1801)
    actions.route()
    assert (load_of(tessa).presence, load_of(tessa).presence_reason) == ("offline", "page closed")
    actions.heartbeat(agent_id=tessa.pk)
    assert not load_of(tessa).reachable


def test_away_agent_keeps_accepted_work_for_its_time_and_loses_open_offers_at_once() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    place_one(desk)
    actions.route()
    accepted = accept_next(tessa)
    offered = place_one(desk)
    actions.route()
    assert load_of(tessa).used_points == 6
    actions.set_presence(agent_id=tessa.pk, presence="away", reason="lunch")
    actions.route()
    assert (item_of(accepted.case).state, item_of(offered.case).state) == ("accepted", "queued")
    seconds_pass(1801)
    everybody_beats()
    actions.route()
    assert item_of(accepted.case).state == "queued"
    check_truth()


@pytest.mark.parametrize("how", ["signs out", "is deactivated"])
def test_all_work_goes_back_when_its_agent_leaves(how: str) -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    place_one(desk, "chat")
    actions.route()
    item = accept_next(tessa)
    if how == "signs out":
        actions.set_presence(agent_id=tessa.pk, presence="offline", reason="signed out")
    else:
        Agent.objects.filter(pk=tessa.pk).update(is_active=False)
    actions.route()
    assert item_of(item.case).state == "queued"
    check_truth()


def test_agent_coming_online_is_offered_what_waits_in_the_pass_his_coming_asks_for() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk, here=False)
    item = place_one(desk)
    assert actions.route() is False
    actions.set_presence(agent_id=tessa.pk, presence="available")
    assert actions.route() is True
    assert item_of(item.case).agent_id == tessa.pk


def test_same_presence_again_is_no_event_and_an_unknown_one_is_refused() -> None:
    tessa = make_agent("Tessa", make_desk())
    since = load_of(tessa).presence_since
    actions.set_presence(agent_id=tessa.pk, presence="available")
    assert load_of(tessa).presence_since == since
    assert len(events("presence.changed")) == 1
    with pytest.raises(ValueError, match="lunch"):
        actions.set_presence(agent_id=tessa.pk, presence="lunch")


def test_holder_who_is_here_gets_the_case_back_at_once_as_accepted() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    make_agent("Ruben", desk)
    seconds_pass(10)
    everybody_beats()
    item = place_one(desk, "chat", assignee=tessa)
    actions.route()
    held = item_of(item.case)
    assert (held.state, held.agent_id) == ("accepted", tessa.pk)
    offer = Offer.objects.get()
    assert (offer.answer, offer.expires_at) == ("accepted", None)
    assert {"holds_case": True} in offer.reason["why_me"]
    assert open_offers_for(tessa) == []
    check_truth()


def test_holder_without_room_is_not_waited_for() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    place_one(desk)
    place_one(desk)
    actions.route()
    ruben = make_agent("Ruben", desk)
    item = place_one(desk, assignee=tessa)
    actions.route()
    assert (item_of(item.case).state, item_of(item.case).agent_id) == ("offered", ruben.pk)


def test_stored_inputs_of_every_offer_lead_to_the_same_agent() -> None:
    desk = make_desk()
    for number, name in enumerate(("Ana", "Bo", "Cem")):
        make_agent(name, desk, **({"billing": number + 1} if number else {}))
    for number in range(8):
        place_one(desk, "chat" if number % 3 else "async", *(["billing"] if number % 2 else []), waited=number * 99)
    while actions.route():
        pass
    offers = list(Offer.objects.all())
    assert len(offers) >= 6
    assert [replay(offer.inputs) for offer in offers] == [offer.agent_id for offer in offers]
    assert all(offer.reason["why_me"] and offer.reason["why_now"] for offer in offers)
    assert "Maud" not in str([(offer.reason, offer.inputs) for offer in offers])


def test_answered_case_withdraws_the_offer_and_spam_calls_it_off() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    answered, spam = place_one(desk), place_one(desk)
    actions.route()
    actions.finish_work(case_id=answered.case_id, outcome="replied")
    actions.finish_work(case_id=spam.case_id, outcome="spam")
    assert [item_of(one.case).state for one in (answered, spam)] == ["done", "cancelled"]
    assert list(Offer.objects.values_list("answer", "answer_reason").order_by("id")) == [
        ("withdrawn", "replied"),
        ("withdrawn", "spam"),
    ]
    assert load_of(tessa).used_points == 0
    assert AgentLoad.objects.get().idle_since is not None
    check_truth()


def test_reply_that_was_written_before_the_newest_message_does_not_end_its_work() -> None:
    desk = make_desk()
    case = make_case(desk)
    replied_at = database_now()
    actions.place([work_on(case)])
    assert not actions.finish_work(case_id=case.pk, outcome="replied", at=replied_at)
    assert item_of(case).state == "queued"
    assert actions.finish_work(case_id=case.pk, outcome="replied", at=database_now())


def test_case_assigned_by_hand_leaves_the_agent_it_was_offered_to() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    item = place_one(desk)
    actions.route()
    ruben = make_agent("Ruben", desk)
    assign(case_id=item.case_id, agent_id=ruben.pk, actor=None)
    at = database_now()
    assert actions.follow_assignment(case_id=item.case_id, at=at)
    assert not actions.follow_assignment(case_id=item.case_id, at=at)
    assert load_of(tessa).used_points == 0
    actions.route()
    assert (item_of(item.case).state, item_of(item.case).agent_id) == ("accepted", ruben.pk)
    assert not actions.follow_assignment(case_id=item.case_id, at=at)
    check_truth()


def test_old_assignment_does_not_withdraw_a_newer_offer() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk, here=False)
    case = make_case(desk, assignee=tessa)
    assigned_at = database_now() - timedelta(seconds=1)
    actions.place([work_on(case)])
    make_agent("Ruben", desk)
    actions.route()
    assert not actions.follow_assignment(case_id=case.pk, at=assigned_at)
    assert item_of(case).state == "offered"


def test_capacity_is_the_agents_own_and_never_below_what_is_in_hand() -> None:
    desk = make_desk()
    tessa = make_agent("Tessa", desk)
    actions.set_capacity(agent_id=tessa.pk, points=3)
    for _ in range(3):
        place_one(desk)
    while actions.route():
        pass
    assert load_of(tessa).used_points == 3
    with pytest.raises(WorkInHand):
        actions.set_capacity(agent_id=tessa.pk, points=2)


def test_counts_of_waiting_work_pass_the_gate() -> None:
    desk, other, quiet = make_desk(), make_desk("Other"), make_desk("Quiet", only_assigned=True)
    tessa = make_agent("Tessa", desk, quiet, here=False)
    boss = make_agent("Boss", other, role=Role.SUPERVISOR, here=False)
    for where in (desk, other, quiet):
        place_one(where, waited=60)
    place_one(quiet, assignee=tessa)
    assert {row.inbox_id: row.queued for row in waiting_counts(tessa)} == {desk.inbox.pk: 1, quiet.inbox.pk: 1}
    assert {row.inbox_id: row.queued for row in waiting_counts(boss)} == {
        desk.inbox.pk: 1,
        other.inbox.pk: 1,
        quiet.inbox.pk: 2,
    }


def test_drift_is_found_where_somebody_made_one_and_named_at_night(caplog: pytest.LogCaptureFixture) -> None:
    desk = make_desk()
    make_agent("Tessa", desk)
    place_one(desk)
    actions.route()
    check_truth()
    recount()
    assert caplog.messages == []
    execute("UPDATE routing_agentload SET used_points = 1")
    execute("UPDATE routing_workitem SET state = 'queued', agent_id = NULL")
    found = {(one.what, one.counted, one.stored) for one in drift()}
    assert found == {("points of an agent", 0, 1), ("items in hand of a live offer", 0, 1)}
    recount()
    assert len(caplog.messages) == 2
