"""Twenty agents at one case in the same moment: nobody breaks anything, every change is counted and told once."""

import threading
from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.db import connections

from hark.conversations.actions.cases import assign, reopen, resolve, set_waiting
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.snoozing import snooze, wake
from hark.conversations.actions.tags import add_tag, put_tag, take_tag
from hark.conversations.errors import CannotSnooze, ChangedMeanwhile
from hark.conversations.models import Case, CaseTag, Note
from hark.conversations.types import Status
from hark.kernel.ids import new_uuid
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent

pytestmark = pytest.mark.django_db(transaction=True)
AGENTS, ACTS_EACH = 20, 4
TELLS = ("assigned", "resolved", "reopened", "status", "snoozed", "woken", "tagged", "untagged")


def do_something(case: Case, agent: Agent, tags: list[str], random: Random) -> None:
    """One act of an agent, any."""
    who = {"case_id": case.pk, "actor": acts(agent)}
    choice = random.choice(("assign", "resolve", "reopen", "wait", "snooze", "wake", "tag", "untag", "note"))
    if choice == "assign":
        assign(case_id=case.pk, agent_id=agent.pk, actor=acts(agent))
    elif choice == "snooze":
        snooze(**who, until=database_now() + timedelta(hours=random.randint(1, 9)))
    elif choice in {"tag", "untag"}:
        {"tag": put_tag, "untag": take_tag}[choice](**who, tag_key=random.choice(tags))
    elif choice == "note":
        add_note(case_id=case.pk, text="Seen.", author=acts(agent), idempotency_key=new_uuid())
    else:
        {"resolve": resolve, "reopen": reopen, "wait": set_waiting, "wake": wake}[choice](**who)


def test_twenty_agents_edit_one_case_at_once(inbox: Inbox, channel: Channel) -> None:
    case = a_case(channel)
    boss = an_agent("Ada", inbox, role=Role.OWNER)
    tags = [add_tag(name=name, actor=acts(boss)).key for name in ("one", "two", "three")]
    agents = [an_agent(f"A{number}", inbox) for number in range(AGENTS)]
    start, refused, broken = threading.Barrier(AGENTS), Counter[str](), list[BaseException]()

    def work(agent: Agent, random: Random) -> None:
        try:
            start.wait(20)
            for _ in range(ACTS_EACH):
                try:
                    do_something(case, agent, tags, random)
                except (ChangedMeanwhile, CannotSnooze) as error:
                    refused[type(error).__name__] += 1
        except BaseException as error:  # noqa: BLE001 - told to the test
            broken.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(agent, Random(place))) for place, agent in enumerate(agents)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    after = Case.objects.get(pk=case.pk)
    kinds = [f"case.{kind}" for kind in TELLS]
    changes = Event.objects.filter(subject=case.key, kind__in=kinds).count() + Note.objects.filter(case=case).count()
    assert broken == []
    assert after.version == case.version + changes, "every change is counted once, none is lost"
    assert (after.status == Status.RESOLVED) == (after.resolved_at is not None)
    assert not (after.status == Status.RESOLVED and after.snoozed_until)
    on = Counter(Event.objects.filter(subject=case.key, kind="case.tagged").values_list("data__tag", flat=True))
    on.subtract(Event.objects.filter(subject=case.key, kind="case.untagged").values_list("data__tag", flat=True))
    assert {key for key, count in on.items() if count} == set(CaseTag.objects.values_list("tag__key", flat=True))


def test_of_twenty_who_act_on_what_they_saw_one_wins(inbox: Inbox, channel: Channel) -> None:
    case = a_case(channel)
    agents = [an_agent(f"A{number}", inbox) for number in range(AGENTS)]
    start, lost = threading.Barrier(AGENTS), list[Agent]()

    def take(agent: Agent) -> None:
        try:
            start.wait(20)
            assign(case_id=case.pk, agent_id=agent.pk, actor=acts(agent), version=case.version)
        except ChangedMeanwhile:
            lost.append(agent)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    holder = Case.objects.get(pk=case.pk).assignee
    assert {holder, *lost} == set(agents)
    assert len(lost) == AGENTS - 1
