"""What rests, is merged or is split costs nobody's capacity, and is taken up again where somebody still waits."""

from datetime import timedelta

import pytest

from hark.conversations.actions.merging import merge, split, unmerge
from hark.conversations.actions.snoozing import snooze, wake_due
from hark.conversations.models import Case, Message
from hark.journey.reacting import READER
from hark.kernel.actions import move_reader
from hark.kernel.queries import newest_position
from hark.kernel.time import database_now
from hark.organisation.actions.people import add_team
from hark.organisation.models import Agent, Channel
from hark.routing.actions import route, set_presence, take
from hark.routing.models import AgentLoad, WorkItem
from tests.conversations.desk import acts, an_agent
from tests.journey.makers import make_channel
from tests.journey.test_reactions import react
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def from_now_on() -> None:
    """Earlier tests' events are none of our business."""
    move_reader(name=READER, position=newest_position())


@pytest.fixture
def channel(db: None) -> Channel:
    """Where people write."""
    made = make_channel()
    made.inbox.teams.add(add_team(name="Care"))
    return made


@pytest.fixture
def tessa(channel: Channel) -> Agent:
    """An agent who is here."""
    agent = an_agent("Tessa", channel.inbox)
    set_presence(agent_id=agent.pk, presence="available")
    return agent


def live(case: Case) -> list[tuple[str, int | None]]:
    """(state, agent) of the live work of a case."""
    rows = WorkItem.objects.filter(case=case, state__in=["queued", "offered", "accepted"])
    return list(rows.values_list("state", "agent"))


def in_hand(agent: Agent) -> int:
    """Points in use."""
    return AgentLoad.objects.get(agent=agent).used_points


def rest(case: Case, agent: Agent) -> None:
    """Snooze it, and let that have its effects."""
    snooze(case_id=case.pk, until=database_now() + timedelta(hours=1), actor=acts(agent))
    react()


def test_snoozed_case_costs_nothing_and_comes_back_to_its_holder(channel: Channel, tessa: Agent) -> None:
    arrive(channel, direct(1))
    drain()
    case = Case.objects.get()
    take(case_id=case.pk, agent_id=tessa.pk)
    react()
    assert in_hand(tessa) == 3
    rest(case, tessa)
    assert (live(case), in_hand(tessa)) == ([], 0)
    Case.objects.update(snoozed_until=database_now() - timedelta(seconds=1))
    assert wake_due() == 1
    react()
    route()
    assert (live(case), in_hand(tessa)) == ([("accepted", tessa.pk)], 3)


def test_customer_who_writes_ends_the_rest_and_needs_somebody(channel: Channel, tessa: Agent) -> None:
    arrive(channel, direct(1))
    drain()
    case = Case.objects.get()
    rest(case, tessa)
    assert live(case) == []
    arrive(channel, direct(2))
    drain()
    react()
    assert Case.objects.get().snoozed_until is None
    assert [state for state, _ in live(case)] == ["queued"]


def test_work_follows_conversations_that_are_merged_and_split(channel: Channel, tessa: Agent) -> None:
    arrive(channel, direct(1, "ta", "ua"), direct(2, "tb", "ub"))
    drain()
    first, second = Case.objects.order_by("pk")
    row = merge(survivor_id=first.pk, absorbed_id=second.pk, actor=acts(tessa))
    react()
    assert (len(live(first)), live(second)) == (1, [])
    unmerge(merge_key=row.key, actor=acts(tessa))
    react()
    assert (len(live(first)), len(live(second))) == (1, 1)
    message = Message.objects.get(conversation__case=first)
    new = split(conversation_id=message.conversation_id, actor=acts(tessa), from_message_id=message.pk)
    react()
    assert (live(first), len(live(new))) == ([], 1)
