"""Random worlds: whatever happens in whatever order, nothing is lost, doubled or over capacity."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from hark.conversations.actions.cases import assign
from hark.kernel.time import database_now
from hark.organisation.types import Role
from hark.routing import actions
from hark.routing.errors import HeldByColleague, NoPointsFree, OfferEnded
from hark.routing.models import AgentLoad, Offer, WorkItem
from hark.routing.policy import plan, replay
from hark.routing.queries import free_agents, skill_names, waiting_items
from hark.routing.types import LIVE, DeclineReason
from tests.paths import WHOLE
from tests.routing.makers import arrivals, check_truth, make_agent, make_case, make_desk, seconds_pass, work_on

places = st.integers(0, 99)


class KilledError(Exception):
    """The process died before its commit."""


class World(RuleBasedStateMachine):
    """Two inboxes, five agents, one supervisor."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.desks = [make_desk("Care"), make_desk("Public")]
        first, second = self.desks
        self.agents = [
            make_agent("Ana", first, french=4),
            make_agent("Bo", first),
            make_agent("Cem", first, second, french=2, billing=3),
            make_agent("Dana", second, here=False),
            make_agent("Eve", second, billing=5),
        ]
        self.boss = make_agent("Boss", first, second, role=Role.SUPERVISOR, here=False)
        self.cases: list[int] = []
        self.needed: set[int] = set()
        self.arrived = arrivals()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @rule(
        desk=places,
        kind=st.sampled_from(["chat", "async"]),
        skill=st.sampled_from(["", "french", "billing"]),
        waited=st.integers(0, 2000),
        holder=st.one_of(st.none(), places),
    )
    def somebody_writes(self, desk: int, kind: str, skill: str, waited: int, holder: int | None) -> None:
        where = self.desks[desk % 2]
        case = make_case(where, assignee=None if holder is None else self.agents[holder % 5])
        self.cases.append(case.pk)
        self.needed.add(case.pk)
        actions.place([work_on(case, kind, *filter(None, [skill]), waited=waited)])
        self.arrived |= {number: at for number, at in arrivals().items() if number not in self.arrived}

    @rule(which=places)
    def somebody_writes_again(self, which: int) -> None:
        if self.cases:
            case = WorkItem.objects.filter(case_id=self.cases[which % len(self.cases)]).latest("id").case
            self.needed.add(case.pk)
            actions.place([work_on(case)])
            self.arrived |= {number: at for number, at in arrivals().items() if number not in self.arrived}

    @rule(who=places, word=st.sampled_from(["available", "busy", "away", "offline"]))
    def agent_says(self, who: int, word: str) -> None:
        actions.set_presence(agent_id=self.agents[who % 5].pk, presence=word)

    @rule(who=places)
    def page_beats(self, who: int) -> None:
        actions.heartbeat(agent_id=self.agents[who % 5].pk)

    @rule(seconds=st.sampled_from([1, 10, 21, 29, 61, 121, 1801]), alive=st.booleans())
    def time_passes(self, seconds: int, alive: bool) -> None:  # noqa: FBT001
        seconds_pass(seconds)
        if alive:
            for agent in self.agents:
                actions.heartbeat(agent_id=agent.pk)

    @rule()
    def router_runs(self) -> None:
        while actions.route():
            pass
        self.check_nothing_was_left_undone()

    @rule(which=places, say=st.sampled_from([*DeclineReason.values, "yes", "yes", "yes"]))
    def agent_answers(self, which: int, say: str) -> None:
        offers = list(Offer.objects.order_by("id"))
        if offers:
            offer = offers[-1 - which % len(offers)]
            with suppress(OfferEnded):
                if say == "yes":
                    actions.accept_offer(offer_key=offer.key, agent_id=offer.agent_id)
                else:
                    actions.decline_offer(offer_key=offer.key, agent_id=offer.agent_id, reason=say)

    @rule(which=places, outcome=st.sampled_from(["replied", "resolved", "waiting", "spam"]))
    def work_is_done(self, which: int, outcome: str) -> None:
        if self.cases:
            case = self.cases[which % len(self.cases)]
            assert actions.finish_work(case_id=case, outcome=outcome, at=database_now()) == (case in self.needed)
            self.needed.discard(case)

    @rule(which=places, who=places, moved=st.booleans())
    def case_is_taken(self, which: int, who: int, moved: bool) -> None:  # noqa: FBT001
        if self.cases:
            agent, case = self.member(which, who)
            with suppress(NoPointsFree, HeldByColleague):
                actions.take(case_id=case, agent_id=agent, moved_by=self.boss.pk if moved else None)

    @rule(which=places, who=places)
    def case_is_assigned_elsewhere(self, which: int, who: int) -> None:
        if self.cases:
            agent, case = self.member(which, who)
            at = database_now()
            assign(case_id=case, agent_id=agent, actor=None)
            actions.follow_assignment(case_id=case, at=at)

    @rule(which=places, what=st.sampled_from(["route", "answer", "done", "take"]))
    def process_is_killed(self, which: int, what: str) -> None:
        """Killed before the commit: as if it had never begun."""
        deeds: dict[str, Callable[[], object]] = {
            "route": actions.route,
            "answer": lambda: self.agent_answers(which, "yes"),
            "done": lambda: self.work_is_done(which, "replied"),
            "take": lambda: self.case_is_taken(which, which, moved=False),
        }
        needed = set(self.needed)
        with suppress(KilledError), transaction.atomic():
            deeds[what]()
            raise KilledError
        self.needed = needed

    def member(self, which: int, who: int) -> tuple[int, int]:
        """A case, and an agent of its inbox."""
        case = self.cases[which % len(self.cases)]
        inbox = WorkItem.objects.filter(case_id=case).latest("id").inbox
        members = [agent.pk for agent in self.agents if agent.teams.filter(pk__in=inbox.teams.all()).exists()]
        return members[who % len(members)], case

    @invariant()
    def everything_is_true(self) -> None:
        check_truth()
        live = list(WorkItem.objects.filter(state__in=LIVE).values_list("case_id", flat=True))
        assert sorted(live) == sorted(self.needed)  # nothing lost, nothing twice
        assert arrivals() == self.arrived  # to the microsecond
        for idle, used in AgentLoad.objects.values_list("idle_since", "used_points"):
            assert not (idle and used)

    def check_nothing_was_left_undone(self) -> None:
        """Nobody gone holds an offer, and nothing waits that somebody could take."""
        at = database_now()
        open_to = set(Offer.objects.filter(answer="", ended_at=None).values_list("agent_id", flat=True))
        here = {row.pk for row in AgentLoad.objects.filter(presence__in=["available", "busy"], gone_since=None)}
        assert open_to <= here
        agents = free_agents(at)
        inboxes = {inbox for agent in agents for inbox in agent.inboxes}
        assert plan(waiting_items(inboxes=inboxes, at=at), agents, at, skill_names()) == []
        for offer in Offer.objects.exclude(inputs=None):
            assert replay(offer.inputs) == offer.agent_id


@pytest.mark.django_db
@pytest.mark.slow
def test_random_worlds_lose_nothing_and_double_nothing() -> None:
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=100 if WHOLE else 15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
