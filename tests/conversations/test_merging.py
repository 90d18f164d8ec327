"""Merge and split: what goes over is written down, and goes back exactly."""

from random import Random
from typing import Any

import pytest

from hark.conversations.actions.cases import assign, resolve, set_waiting
from hark.conversations.actions.following import follow
from hark.conversations.actions.merging import merge, split, unmerge
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.tags import add_tag, put_tag
from hark.conversations.actions.thread import thread
from hark.conversations.errors import CannotMerge, CannotSplit, CaseMerged
from hark.conversations.models import Case, CaseTag, Clock, Conversation, Follow, Message
from hark.conversations.queries.cases import View, case_page
from hark.conversations.queries.messages import MessageShown
from hark.conversations.queries.notices import is_followed
from hark.conversations.queries.timeline import NoteShown, timeline
from hark.conversations.types import Status
from hark.kernel.errors import NotFound
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, a_post, acts, an_agent, answers, said
from tests.delivery.makers import a_channel, an_inbox

pytestmark = pytest.mark.django_db
STANDING = ("status", "resolved_at", "mood_at_closing", "due_at", "snoozed_until", "merged_into", "assignee", "contact")
LINE = ("last_message_at", "last_inbound_at", "last_text", "last_kind", "title")


def everything() -> dict[str, Any]:
    """All rows that a merge may touch, but for versions."""
    return {
        "cases": list(Case.objects.order_by("pk").values("pk", *STANDING, *LINE)),
        "conversations": list(Conversation.objects.order_by("pk").values()),
        "clocks": list(Clock.objects.order_by("pk").values()),
        "followers": sorted(Follow.objects.values_list("case", "agent")),
        "tags": sorted(CaseTag.objects.values_list("case", "tag")),
        "messages": list(Message.objects.order_by("pk").values()),
    }


def two(channel: Channel, *, same: bool = True) -> tuple[Case, Case]:
    """Two cases, of one person or of two."""
    first = a_case(channel, "Charged twice.", who="maud", thread_id="a", ago=30)
    return first, a_case(channel, "Nobody answers.", who="maud" if same else "bram", thread_id="b", ago=20)


def test_conversations_clocks_tags_and_followers_go_over(inbox: Inbox, tessa: Agent, channel: Channel) -> None:
    survivor, absorbed = two(channel)
    tag = add_tag(name="Billing", actor=acts(an_agent("Ada", inbox, role=Role.ADMINISTRATOR)))
    put_tag(case_id=absorbed.pk, tag_key=tag.key, actor=acts(tessa))
    follow(case_id=absorbed.pk, author=acts(tessa))
    add_note(case_id=absorbed.pk, text="Ask finance.", author=acts(tessa), idempotency_key=new_uuid())
    merge(survivor_id=survivor.pk, absorbed_id=absorbed.pk, actor=acts(tessa))
    assert Conversation.objects.filter(case=survivor).count() == 2
    assert Clock.objects.filter(case=survivor, stopped_at=None).count() == 2
    assert CaseTag.objects.filter(case=survivor, tag=tag).exists()
    assert is_followed(tessa, survivor)
    survivor.refresh_from_db()
    absorbed.refresh_from_db()
    assert (absorbed.status, absorbed.merged_into, absorbed.due_at) == (Status.RESOLVED, survivor, None)
    assert survivor.last_text == "Nobody answers."
    shown = [entry.body for entry in timeline(tessa, survivor, at=database_now()).entries]
    assert sum(isinstance(body, MessageShown) for body in shown) == 2
    assert any(isinstance(body, NoteShown) for body in shown)
    assert [row.key for row in case_page(tessa, View.ALL, at=database_now()).rows] == [survivor.key]
    assert case_page(tessa, View.RESOLVED, at=database_now()).rows == ()


def test_merged_case_leads_on_and_takes_no_acts(tessa: Agent, channel: Channel) -> None:
    survivor, absorbed = two(channel)
    merge(survivor_id=survivor.pk, absorbed_id=absorbed.pk, actor=acts(tessa))
    with pytest.raises(CaseMerged):
        resolve(case_id=absorbed.pk, actor=acts(tessa))
    thread([a_post(channel, "Hello?", thread_id="b")])
    assert Message.objects.get(text="Hello?").conversation.case == survivor


def test_messages_of_two_people_stand_on_one_timeline(tessa: Agent, channel: Channel) -> None:
    survivor, absorbed = two(channel, same=False)
    merge(survivor_id=survivor.pk, absorbed_id=absorbed.pk, actor=acts(tessa))
    shown = [entry.body for entry in timeline(tessa, survivor, at=database_now()).entries]
    assert {body.who for body in shown if isinstance(body, MessageShown)} == {"Maud", "Bram"}


@pytest.mark.parametrize("seed", range(8))
def test_merge_taken_back_leaves_every_row_as_it_was(tessa: Agent, channel: Channel, seed: int) -> None:
    random = Random(seed)
    cases = two(channel, same=random.random() < 0.5)
    for case in cases:
        if random.random() < 0.4:
            assign(case_id=case.pk, agent_id=tessa.pk, actor=acts(tessa))
        if random.random() < 0.3:
            answers(tessa, case)
        end = random.choice((None, resolve, set_waiting))
        if end is not None:
            end(case_id=case.pk, actor=acts(tessa))
    if random.random() < 0.5:
        thread([a_post(channel, "Once more.", thread_id="a", ago=1)])
    for case in random.sample(cases, random.randrange(3)):
        follow(case_id=case.pk, author=acts(tessa))
    before = everything()
    row = merge(survivor_id=cases[0].pk, absorbed_id=cases[1].pk, actor=acts(tessa))
    assert everything() != before
    unmerge(merge_key=row.key, actor=acts(tessa))
    unmerge(merge_key=row.key, actor=acts(tessa))
    assert everything() == before


def test_what_came_after_a_merge_goes_with_its_conversation(tessa: Agent, channel: Channel) -> None:
    survivor, absorbed = two(channel)
    set_waiting(case_id=absorbed.pk, actor=acts(tessa))
    row = merge(survivor_id=survivor.pk, absorbed_id=absorbed.pk, actor=acts(tessa))
    thread([a_post(channel, "Hello?", thread_id="b", ago=-1 / 60)])
    unmerge(merge_key=row.key, actor=acts(tessa))
    absorbed.refresh_from_db()
    assert Message.objects.get(text="Hello?").conversation.case == absorbed
    assert absorbed.status == Status.OPEN
    assert Clock.objects.filter(case=absorbed, stopped_at=None).count() == 1


def test_both_ends_pass_the_gate(tessa: Agent, sven: Agent, channel: Channel) -> None:
    ours, other = two(channel)
    sales = an_inbox("Away")
    theirs = a_case(a_channel(sales, "sales"), who="zoe")
    lead = an_agent("Lea", channel.inbox, sales)
    for survivor, absorbed in ((ours, theirs), (theirs, ours)):
        with pytest.raises(NotFound):
            merge(survivor_id=survivor.pk, absorbed_id=absorbed.pk, actor=acts(tessa))
        with pytest.raises(CannotMerge):
            merge(survivor_id=survivor.pk, absorbed_id=absorbed.pk, actor=acts(lead))
    with pytest.raises(CannotMerge):
        merge(survivor_id=ours.pk, absorbed_id=ours.pk, actor=acts(tessa))
    row = merge(survivor_id=ours.pk, absorbed_id=other.pk, actor=acts(tessa))
    with pytest.raises(NotFound):
        unmerge(merge_key=row.key, actor=acts(sven))
    with pytest.raises(NotFound):
        split(conversation_id=ours.conversations.first().pk, actor=acts(sven))  # type: ignore[union-attr]


def test_conversation_is_split_off_with_its_clock(tessa: Agent, channel: Channel) -> None:
    origin, other = two(channel)
    merge(survivor_id=origin.pk, absorbed_id=other.pk, actor=acts(tessa))
    talk = Conversation.objects.get(thread_key="b")
    new = split(conversation_id=talk.pk, actor=acts(tessa))
    assert (new.assignee, new.status, new.last_text) == (tessa, Status.OPEN, "Nobody answers.")
    assert list(new.conversations.all()) == [talk]
    assert Clock.objects.filter(case=new, stopped_at=None).count() == 1
    assert Clock.objects.filter(case=origin, stopped_at=None).count() == 1
    origin.refresh_from_db()
    assert origin.last_text == "Charged twice."
    with pytest.raises(CannotSplit):
        split(conversation_id=talk.pk, actor=acts(tessa))


def test_talk_outside_is_no_second_problem(tessa: Agent, channel: Channel) -> None:
    case, _ = two(channel)
    talk = Conversation.objects.get(thread_key="b")
    Conversation.objects.filter(pk=talk.pk).update(outside=True, case=case)
    with pytest.raises(NotFound):
        split(conversation_id=talk.pk, actor=acts(tessa))
    with pytest.raises(CannotSplit):
        split(conversation_id=Conversation.objects.get(thread_key="a").pk, actor=acts(tessa))


def test_second_problem_begins_at_a_message_and_both_keep_the_context(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, "Charged twice.", ago=30)
    answers(tessa, case)
    second = said(channel, "By the way: my number should move to my new phone.", ago=1)
    message = Message.objects.get(pk=second.message_id)
    new = split(conversation_id=message.conversation_id, actor=acts(tessa), from_message_id=message.pk)
    assert new.title == "By the way: my number should move to my new phone."
    for one in (case, new):
        shown = [entry.body for entry in timeline(tessa, one, at=database_now()).entries]
        assert sum(isinstance(body, MessageShown) for body in shown) == 3
    assert said(channel, "Thank you.", ago=0).case_id == new.pk
    assert merge(survivor_id=case.pk, absorbed_id=new.pk, actor=acts(tessa)).absorbed == new
