"""Who may no longer hear, hears no longer: within five seconds, whatever the way in which the right ended."""

import time

import pytest
from django.contrib.sessions.models import Session

from hark.contacts.models import Contact
from hark.conversations.models import Case
from hark.kernel.ids import public_key
from hark.kernel.live import hub
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Inbox, OwnRole
from hark.organisation.types import Role
from tests.intake.running import make_inbox, until
from tests.live.conftest import Listen
from tests.live.listening import happen, make_agent

pytestmark = pytest.mark.django_db(transaction=True)


def make_case(inbox: Inbox, assignee: Agent | None = None) -> Case:
    """An open case."""
    at = database_now()
    contact = Contact.objects.create(key=public_key("contact"), name="Maud", created_at=at)
    return Case.objects.create(
        key=public_key("case"),
        title="No signal",
        contact=contact,
        inbox=inbox,
        assignee=assignee,
        opened_at=at,
        last_message_at=at,
    )


def deactivate(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(is_active=False)


def sign_out(agent: Agent) -> None:
    Session.objects.all().delete()


def change_password(agent: Agent) -> None:
    agent.set_password("another long password")
    agent.save()


def let_the_session_end(agent: Agent) -> None:
    Session.objects.update(expire_date=database_now())


@pytest.mark.parametrize("end", [deactivate, sign_out, change_password, let_the_session_end])
def test_stream_closes_within_five_seconds_when_its_right_ends(listen: Listen, end: object) -> None:
    inbox, team = make_inbox()
    agent = make_agent("ann", team)
    ann = listen(agent)
    assert callable(end)
    end(agent)
    ended = time.monotonic()
    until(lambda: ann.ended, seconds=5)
    assert ann.named("closed")
    happen("case_after", inbox)
    assert time.monotonic() - ended < 5
    assert ann.heard() == []


def test_agent_taken_out_of_a_team_hears_nothing_of_it_and_is_told_to_reload(listen: Listen) -> None:
    inbox, team = make_inbox()
    other, other_team = make_inbox("Other")
    agent = make_agent("ann", team, other_team)
    ann = listen(agent)
    agent.teams.remove(team)
    until(lambda: ann.named("reload"), seconds=5)
    happen("case_lost", inbox)
    happen("case_kept", other)
    until(ann.heard)
    assert ann.heard() == ["case_kept"]


def test_agent_let_into_an_inbox_hears_of_it_and_is_told_to_reload(listen: Listen) -> None:
    inbox, team = make_inbox()
    agent = make_agent("ann")
    ann = listen(agent)
    agent.teams.add(team)
    until(lambda: ann.named("reload"), seconds=5)
    happen("case_new", inbox)
    until(ann.heard)


def test_agent_whose_own_role_sees_less_from_now_on_hears_less(listen: Listen) -> None:
    inbox, team = make_inbox()
    other, _ = make_inbox("Other")
    role = OwnRole.objects.create(key="role_1", name="Looks on", rights=["see_all"])
    agent = make_agent("ann", team)
    Agent.objects.filter(pk=agent.pk).update(own_role=role)
    ann = listen(agent)
    happen("case_before", other)
    until(ann.heard)
    OwnRole.objects.update(rights=[])
    until(lambda: ann.named("reload"), seconds=5)
    happen("case_lost", other)
    happen("case_kept", inbox)
    until(lambda: len(ann.heard()) > 1)
    assert ann.heard() == ["case_before", "case_kept"]


def test_rights_that_cannot_be_checked_deliver_nothing(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "CHECK_SECONDS", 60.0)
    time.sleep(3.5)  # the last look at the old pace
    inbox, team = make_inbox()
    agent = make_agent("ann", team)
    ann = listen(agent)
    deactivate(agent)
    monkeypatch.setattr(hub, "STALE_SECONDS", 0.0)
    happen("case_1", inbox)
    until(lambda: ann.ended)
    assert ann.heard() == []
    assert ann.named("closed")


@pytest.mark.parametrize("role", [Role.AGENT, Role.LIGHT_AGENT])
def test_agent_of_an_only_assigned_inbox_hears_of_his_cases_alone(listen: Listen, role: Role) -> None:
    inbox, team = make_inbox(only_assigned=True)
    agent, other = make_agent("ann", team, role=role), make_agent("bob", team, role=role)
    mine, his, nobodys = make_case(inbox, agent), make_case(inbox, other), make_case(inbox)
    ann, boss = listen(agent), listen(make_agent("boss", role=Role.SUPERVISOR))
    for case in (his, mine, nobodys):
        happen(case.key, inbox)
    happen("conv_without_case", inbox)
    until(lambda: len(boss.heard()) == 4)
    until(ann.heard)
    assert ann.heard() == [mine.key]


def test_case_that_changes_hands_is_told_to_both_and_then_to_one(listen: Listen) -> None:
    inbox, team = make_inbox(only_assigned=True)
    agents = make_agent("ann", team), make_agent("bob", team)
    case = make_case(inbox, agents[0])
    ann, bob = listen(agents[0]), listen(agents[1])
    Case.objects.filter(pk=case.pk).update(assignee=agents[1])
    happen(case.key, inbox, kind="case.assigned")
    until(lambda: ann.heard() and bob.heard())
    time.sleep(hub.CHECK_SECONDS + 1)
    happen(case.key, inbox)
    until(lambda: len(bob.heard()) == 2)
    assert len(ann.heard()) == 1


def test_what_an_agent_missed_passes_the_same_gate(listen: Listen) -> None:
    inbox, team = make_inbox(only_assigned=True)
    whole, whole_team = make_inbox("Whole")
    foreign, _ = make_inbox("Foreign")
    agent = make_agent("ann", team, whole_team)
    mine = make_case(inbox, agent)
    first = listen(agent)
    first.close()
    happen("case_foreign", foreign)
    happen("offer_foreign", whole, agent_id=agent.pk + 1)
    happen(mine.key, inbox)
    happen("case_whole", whole)
    again = listen(agent, {"last-event-id": first.last_id})
    until(lambda: len(again.heard()) == 2)
    assert again.heard() == [mine.key, "case_whole"]


def test_agent_who_may_have_lost_a_case_while_away_reloads(listen: Listen) -> None:
    inbox, team = make_inbox(only_assigned=True)
    agent = make_agent("ann", team)
    case = make_case(inbox, agent)
    first = listen(agent)
    first.close()
    Case.objects.filter(pk=case.pk).update(assignee=None)
    happen(case.key, inbox, kind="case.assigned")
    again = listen(agent, {"last-event-id": first.last_id})
    assert again.named("reload")
    assert again.heard() == []
