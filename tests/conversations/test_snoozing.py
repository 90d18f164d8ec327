"""A case rests until its time, or until the customer writes; its promises go on."""

from datetime import timedelta

import pytest

from hark.conversations.actions.cases import assign, reopen, resolve, set_waiting
from hark.conversations.actions.snoozing import snooze, wake, wake_due
from hark.conversations.actions.thread import thread
from hark.conversations.errors import CannotSnooze, ChangedMeanwhile
from hark.conversations.models import Case, Clock
from hark.conversations.queries.timeline import DoneShown, timeline
from hark.conversations.types import Status
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, a_post, acts, an_agent

pytestmark = pytest.mark.django_db


def rest(case: Case, agent: Agent, hours: float = 1) -> Case:
    """Snooze it for some hours."""
    return snooze(case_id=case.pk, until=database_now() + timedelta(hours=hours), actor=acts(agent))


def is_due(case: Case) -> None:
    """Its time has come."""
    Case.objects.filter(pk=case.pk).update(snoozed_until=database_now() - timedelta(seconds=1))


def told(case: Case) -> list[tuple[str, str]]:
    """(kind, why) of the events of a rest."""
    kinds = ("case.snoozed", "case.woken")
    rows = Event.objects.filter(subject=case.key, kind__in=kinds).order_by("id")
    return [(row.kind, row.data.get("why", "")) for row in rows]


def test_case_wakes_open_at_its_time_and_only_once(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    set_waiting(case_id=case.pk, actor=acts(tessa))
    rest(case, tessa)
    assert wake_due() == 0
    is_due(case)
    assert (wake_due(), wake_due()) == (1, 0)
    case.refresh_from_db()
    assert (case.status, case.snoozed_until) == (Status.OPEN, None)
    assert told(case) == [("case.snoozed", ""), ("case.woken", "time")]


def test_case_wakes_when_its_customer_writes(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    rest(case, tessa)
    thread([a_post(channel, "And now?")])
    case.refresh_from_db()
    assert case.snoozed_until is None
    assert told(case)[-1] == ("case.woken", "message")
    rest(case, tessa)
    thread([a_post(channel, "An old one, read back.", backfilled=True)])
    case.refresh_from_db()
    assert case.snoozed_until is not None, "what is read back wakes nobody"


def test_clocks_go_on_while_a_case_rests(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    before = list(Clock.objects.filter(case=case).values())
    rest(case, tessa)
    is_due(case)
    wake_due()
    assert list(Clock.objects.filter(case=case).values()) == before
    assert Case.objects.get(pk=case.pk).due_at == case.due_at


@pytest.mark.parametrize("hours", [-1, 0, 24 * 400])
def test_time_that_is_past_or_too_far_is_refused(tessa: Agent, channel: Channel, hours: float) -> None:
    with pytest.raises(CannotSnooze):
        rest(a_case(channel), tessa, hours)


def test_resolving_and_reopening_end_the_rest(tessa: Agent, channel: Channel) -> None:
    case = rest(a_case(channel), tessa)
    assert resolve(case_id=case.pk, actor=acts(tessa)).snoozed_until is None
    with pytest.raises(CannotSnooze):
        rest(case, tessa)
    reopen(case_id=case.pk, actor=acts(tessa))
    rest(case, tessa)
    assert wake(case_id=case.pk, actor=acts(tessa)).snoozed_until is None
    assert told(case)[-1] == ("case.woken", "hand")


def test_only_those_who_may_answer_and_see_it_snooze(inbox: Inbox, channel: Channel, tessa: Agent, sven: Agent) -> None:
    case = a_case(channel)
    with pytest.raises(NotFound):
        rest(case, sven)
    with pytest.raises(NotAllowed):
        rest(case, an_agent("Lotte", inbox, role=Role.LIGHT_AGENT))
    assign(case_id=case.pk, agent_id=tessa.pk, actor=acts(tessa))
    with pytest.raises(ChangedMeanwhile):
        snooze(case_id=case.pk, until=database_now() + timedelta(hours=1), actor=acts(tessa), version=case.version)


def test_timeline_says_until_when_and_that_it_woke(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    rest(case, tessa)
    is_due(case)
    wake_due()
    entries = timeline(tessa, case, at=database_now()).entries
    words = [entry.body.words for entry in entries if isinstance(entry.body, DoneShown)]
    assert any(one.startswith("snoozed the case until ") for one in words)
    assert "opened the case again: its time has come" in words
