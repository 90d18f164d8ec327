"""The policy is pure: urgency, eligibility, turn, reasons, and the same again from what was stored."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark.routing.policy import by_urgency, decide, hindrance, plan, replay, urgency
from hark.routing.reasons import sentence, span
from hark.routing.types import Candidate, WaitingItem

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = {"billing": "Billing", "french": "French", "activation": "Activation"}


def item(number: int = 1, kind: str = "async", waited: float = 0, **more: object) -> WaitingItem:
    return WaitingItem(
        **{
            "id": number,
            "key": f"work_{number}",
            "inbox_id": 1,
            "kind": kind,
            "skills": (),
            "arrived_at": AT - timedelta(seconds=waited),
            "target_seconds": 900,
            **more,
        }
    )


def agent(number: int = 1, *, idle: float | None = 60, used: int = 0, **more: object) -> Candidate:
    return Candidate(
        **{
            "agent_id": number,
            "presence": "available",
            "heartbeat_at": AT - timedelta(seconds=5),
            "used_points": used,
            "capacity_points": 6,
            "idle_since": None if idle is None or used else AT - timedelta(seconds=idle),
            "last_offered_at": None,
            "inboxes": frozenset({1}),
            "skills": {},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("kind", "waited", "target", "index"),
    [
        ("chat", 0, 45, 500),
        ("chat", 90, 45, 590),
        ("chat", 5000, 45, 700),
        ("async", 0, 900, 0),
        ("async", 630, 900, 70),
        ("async", 643, 900, 900 + 100 * 643 / 900),
        ("async", 899, 900, 900 + 100 * 899 / 900),
        ("async", 900, 900, 301),
        ("async", 1800, 900, 302),
    ],
)
def test_urgency_follows_the_table(kind: str, waited: float, target: float, index: float) -> None:
    assert urgency(kind, waited, target) == pytest.approx(index)


@given(st.floats(0, 10**9), st.floats(0, 10**9), st.integers(1, 10**6))
def test_late_work_stands_below_every_chat_and_above_fresh_work(waited: float, chat: float, target: int) -> None:
    late = urgency("async", target + waited, target)
    assert 300 < late < urgency("chat", chat, 45)
    assert late > urgency("async", 0.69 * target, target)


def test_equal_urgency_goes_by_arrival_then_by_id() -> None:
    old, new = item(9, "chat", waited=400), item(3, "chat", waited=300)
    twins = [item(5), item(4)]
    assert [one.id for one in by_urgency([*twins, new, old], AT)] == [9, 3, 4, 5]


@pytest.mark.parametrize(
    ("work", "who", "why"),
    [
        (item(), agent(), ""),
        (item(kind="chat"), agent(presence="busy"), "not reachable"),
        (item(), agent(presence="busy"), ""),
        (item(), agent(presence="away"), "not reachable"),
        (item(), agent(presence="offline"), "not reachable"),
        (item(), agent(heartbeat_at=AT - timedelta(seconds=30)), "not reachable"),
        (item(inbox_id=2), agent(), "not in the inbox"),
        (item(skills=("french",)), agent(), "skill"),
        (item(skills=("french",)), agent(skills={"french": 1}), ""),
        (item(), agent(used=4), "no points free"),
        (item(kind="chat"), agent(used=4), ""),
        (item(excluded=((1, AT + timedelta(seconds=1)),)), agent(), "let it go by"),
        (item(excluded=((1, AT),)), agent(), ""),
        (item(excluded=((2, AT + timedelta(seconds=1)),)), agent(), ""),
    ],
)
def test_eligibility_names_what_stands_in_the_way(work: WaitingItem, who: Candidate, why: str) -> None:
    assert hindrance(work, who, AT) == why


def chosen(work: WaitingItem, *agents: Candidate) -> int:
    decision = decide(work, agents, AT, NAMES)
    assert decision
    return decision.agent_id


def test_turn_goes_to_the_one_idle_longest() -> None:
    assert chosen(item(), agent(1, idle=10), agent(2, idle=500), agent(3, idle=60)) == 2


def test_idle_agent_comes_before_one_with_work_then_least_in_hand() -> None:
    assert chosen(item(kind="chat"), agent(1, used=2), agent(2, idle=1)) == 2
    assert chosen(item(kind="chat"), agent(1, used=4), agent(2, used=2), agent(3, used=3)) == 2


def test_holder_is_preferred_only_when_eligible() -> None:
    held = item(holder_id=1)
    assert chosen(held, agent(1, used=3), agent(2, idle=900)) == 1
    assert chosen(held, agent(1, presence="away"), agent(2)) == 2
    assert chosen(held, agent(1, used=4), agent(2)) == 2


def test_nobody_eligible_gives_no_decision() -> None:
    assert decide(item(), [agent(presence="away")], AT, NAMES) is None


def test_plan_counts_points_given_in_the_same_pass() -> None:
    decisions = plan([item(n) for n in range(1, 6)], [agent(1), agent(2)], AT, NAMES)
    given_to = [decision.agent_id for decision in decisions]
    assert sorted(given_to) == [1, 1, 2, 2]
    assert given_to[:2] in ([1, 2], [2, 1])


def test_lower_item_is_placed_while_a_higher_one_waits_for_a_skill_and_the_reason_says_so() -> None:
    urgent = item(1, waited=800, skills=("french",))
    [decision] = plan([urgent, item(2)], [agent()], AT, NAMES)
    assert decision.item.id == 2
    assert decision.reason["passed_over"] == [{"item": "work_1", "for": "French"}]
    assert "more urgent work waits for French" in sentence(decision.reason)


def test_work_of_another_inbox_is_not_named_in_the_reason() -> None:
    elsewhere = item(1, waited=800, inbox_id=2)
    [decision] = plan([elsewhere, item(2)], [agent()], AT, NAMES)
    assert decision.reason["passed_over"] == []


def test_item_let_go_by_the_only_agent_does_not_hide_its_neighbours() -> None:
    passed = item(1, waited=600, excluded=((1, AT + timedelta(seconds=60)),))
    assert [decision.item.id for decision in plan([passed, item(2)], [agent()], AT, NAMES)] == [2]


def test_sentence_says_why_me_and_why_now() -> None:
    work = item(waited=660, skills=("activation", "french"))
    skills = {"activation": 4, "french": 5}
    decision = decide(work, [agent(1, idle=240, skills=skills), agent(2, idle=10, skills=skills)], AT, NAMES)
    assert decision
    said = "Activation 4, French 5, free the longest of 2 (4 min), 6 points free. Now: 11 min of 15 min used."
    assert sentence(decision.reason) == f"You: {said}"
    assert sentence(decision.reason, "Tessa") == f"Tessa: {said}"


def test_sentence_of_the_holder_of_a_chat_and_of_a_late_item() -> None:
    mine = decide(item(kind="chat", waited=52, holder_id=1), [agent(1, used=2), agent(2)], AT, NAMES)
    late = decide(item(waited=1500), [agent()], AT, NAMES)
    assert mine
    assert late
    assert sentence(mine.reason) == "You: holding this case, 4 points free. Now: a chat, waiting 0:52."
    assert sentence(late.reason) == "You: the only one free, 6 points free. Now: 10 min past its 15 min."


def test_sentence_leaves_out_what_counted_least_rather_than_fill_a_third_line() -> None:
    skills = {"activation": 4, "french": 5}
    held = item(5, waited=1020, skills=tuple(skills), holder_id=1)
    unfit = item(1, waited=9000, skills=("portuguese",))
    [decision] = plan([unfit, held], [agent(1, skills=skills)], AT, NAMES)
    said = sentence(decision.reason, "Wilhelmina Featherstonehaugh")
    assert len(said) <= 150
    assert said.startswith("Wilhelmina Featherstonehaugh: holding this case, ")
    assert "points free" not in said
    assert said.endswith("more urgent work waits for portuguese.")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0:00"), (119, "1:59"), (120, "2 min"), (7200, "2 h"), (10**6, "11 days")]
)
def test_span_is_short(seconds: float, said: str) -> None:
    assert span(seconds) == said


KEYS = ["billing", "french", "activation"]
agents = st.builds(
    lambda n, used, idle, skills, presence, beat: agent(
        n, used=used, idle=idle, skills=skills, presence=presence, heartbeat_at=AT - timedelta(seconds=beat)
    ),
    st.integers(1, 6),
    st.integers(0, 6),
    st.integers(0, 10_000),
    st.dictionaries(st.sampled_from(KEYS), st.integers(1, 5)),
    st.sampled_from(["available", "busy", "away"]),
    st.integers(0, 40),
)
works = st.builds(
    lambda n, kind, waited, skills, holder: item(n, kind, waited, skills=tuple(sorted(skills)), holder_id=holder),
    st.integers(1, 99),
    st.sampled_from(["chat", "async"]),
    st.integers(0, 5000),
    st.sets(st.sampled_from(KEYS), max_size=2),
    st.one_of(st.none(), st.integers(1, 6)),
)


@given(
    st.lists(works, max_size=12, unique_by=lambda one: one.id),
    st.lists(agents, max_size=6, unique_by=lambda one: one.agent_id),
)
def test_plan_keeps_every_rule_and_can_be_replayed(waiting: list[WaitingItem], here: list[Candidate]) -> None:
    decisions = plan(waiting, here, AT, NAMES)
    pool = {one.agent_id: one for one in here}
    for decision in decisions:
        assert hindrance(decision.item, pool[decision.agent_id], AT) == ""
        spent = pool[decision.agent_id]
        pool[spent.agent_id] = replace(spent, used_points=spent.used_points + decision.item.points)
        assert replay(decision.inputs) == decision.agent_id
        assert decision.reason["why_me"]
        assert decision.reason["why_now"]
        assert len(sentence(decision.reason)) <= 150
    placed = {decision.item.id for decision in decisions}
    for left in (one for one in waiting if one.id not in placed):
        assert all(hindrance(left, one, AT) for one in pool.values())
