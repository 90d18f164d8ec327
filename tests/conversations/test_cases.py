"""Whose case, and how it stands: compared before it is set, told in the journal."""

import threading

import pytest
from django.db import connections

from hark.contacts.models import Contact
from hark.conversations.actions.cases import assign, open_case_by_hand, reopen, resolve, set_waiting, title_of
from hark.conversations.actions.drafts import drop_draft, keep_draft
from hark.conversations.actions.notes import add_note
from hark.conversations.errors import CannotAssign, ChangedMeanwhile, NothingWritten
from hark.conversations.models import Case, Clock, Conversation, Message, Note
from hark.conversations.queries.drafts import drafts_of
from hark.conversations.types import Status
from hark.kernel.errors import NotAllowed
from hark.kernel.ids import new_uuid
from hark.kernel.models import Event
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent, said

pytestmark = pytest.mark.django_db


def told(case: Case) -> list[tuple[str, str]]:
    rows = Event.objects.filter(subject=case.key).exclude(kind__in=["case.opened", "message.received", "draft.kept"])
    return list(rows.order_by("id").values_list("kind", "actor"))


def test_case_is_given_taken_and_given_back(tessa: Agent, ruben: Agent, channel: Channel) -> None:
    case = a_case(channel)
    assign(case_id=case.pk, agent_id=tessa.pk, actor=acts(tessa))
    assign(case_id=case.pk, agent_id=tessa.pk, actor=acts(tessa))
    assign(case_id=case.pk, agent_id=ruben.pk, actor=acts(tessa))
    after = assign(case_id=case.pk, agent_id=None, actor=None)
    assert (after.assignee, after.version) == (None, case.version + 3)
    assert told(case) == [("case.assigned", tessa.key), ("case.assigned", tessa.key), ("case.assigned", "routing")]


def test_case_is_given_only_to_somebody_who_may_answer_there(tessa: Agent, sven: Agent, channel: Channel) -> None:
    case = a_case(channel)
    light = an_agent("Light", channel.inbox, role=Role.LIGHT_AGENT)
    Agent.objects.filter(pk=tessa.pk).update(is_active=True)
    for wrong in (sven.pk, light.pk, 999_999):
        with pytest.raises(CannotAssign):
            assign(case_id=case.pk, agent_id=wrong, actor=acts(tessa))
    assert told(case) == []


def test_case_that_changed_meanwhile_is_not_overwritten(tessa: Agent, ruben: Agent, channel: Channel) -> None:
    case = a_case(channel)
    assign(case_id=case.pk, agent_id=ruben.pk, actor=acts(ruben), version=case.version)
    for act in (resolve, set_waiting):
        with pytest.raises(ChangedMeanwhile):
            act(case_id=case.pk, actor=acts(tessa), version=case.version)
    with pytest.raises(ChangedMeanwhile):
        assign(case_id=case.pk, agent_id=tessa.pk, actor=acts(tessa), version=case.version)
    case.refresh_from_db()
    assert (case.assignee, case.status) == (ruben, Status.OPEN)


def test_resolving_keeps_the_mood_and_ends_the_clocks(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    Contact.objects.update(mood_level="angry")
    for _ in range(2):
        resolve(case_id=case.pk, actor=acts(tessa))
    case.refresh_from_db()
    assert (case.status, case.mood_at_closing, case.due_at) == (Status.RESOLVED, "angry", None)
    assert case.resolved_at is not None
    assert Clock.objects.get().stopped_at is not None
    assert told(case) == [("case.resolved", tessa.key)]


def test_case_is_opened_again_and_waits_again(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    resolve(case_id=case.pk, actor=acts(tessa))
    reopened = reopen(case_id=case.pk, actor=acts(tessa))
    assert (reopened.status, reopened.resolved_at, reopened.mood_at_closing) == (Status.OPEN, None, "")
    set_waiting(case_id=case.pk, actor=acts(tessa))
    set_waiting(case_id=case.pk, actor=acts(tessa))
    reopen(case_id=case.pk, actor=acts(tessa))
    assert [kind for kind, _ in told(case)] == ["case.resolved", "case.reopened", "case.status", "case.status"]
    assert Case.objects.get().version == case.version + 4


def test_stream_message_becomes_a_case_of_the_one_who_opened_it(tessa: Agent, channel: Channel) -> None:
    said(channel, "Has anybody else no network? " * 5, case_reason="", ago=9)
    said(channel, "Still nothing", case_reason="", ago=3)
    message = Message.objects.latest("id")
    case = open_case_by_hand(message_id=message.pk, author=acts(tessa))
    assert open_case_by_hand(message_id=message.pk, author=acts(tessa)) == case
    assert (case.assignee, case.opened_because, case.last_text) == (tessa, "opened by Tessa", "Still nothing")
    assert Conversation.objects.get().case == case
    first = Message.objects.earliest("id")
    assert (Clock.objects.get().started_at, case.due_at) == (first.sent_at, Clock.objects.get().due_at)
    assert Event.objects.get(kind="case.opened").data == {"case": case.key, "message": message.key, "by": "hand"}


def test_title_is_one_line_cut_at_a_word() -> None:
    assert title_of(" two\n lines ") == "two lines"
    title = title_of("word " * 40)
    assert len(title) <= 80
    assert title.endswith("word…")
    assert len(title_of("x" * 300)) <= 81


def test_note_is_written_once_when_clicked_twice(tessa: Agent, ruben: Agent, channel: Channel) -> None:
    case, key = a_case(channel), new_uuid()
    keep_draft(case_id=case.pk, kind="note", text="half a no", author=acts(tessa))
    note = add_note(case_id=case.pk, text=" Ask finance.\x00 ", author=acts(tessa), idempotency_key=key)
    assert add_note(case_id=case.pk, text="Ask finance.", author=acts(tessa), idempotency_key=key) == note
    assert (Note.objects.get().text, drafts_of(tessa, case)) == ("Ask finance.\ufffd", {})
    assert told(case) == [("note.added", tessa.key)]
    with pytest.raises(NotAllowed):
        add_note(case_id=case.pk, text="x", author=acts(ruben), idempotency_key=key)
    with pytest.raises(NothingWritten):
        add_note(case_id=case.pk, text=" ", author=acts(ruben), idempotency_key=new_uuid())


def test_drafts_are_kept_per_agent_and_kind(tessa: Agent, ruben: Agent, channel: Channel) -> None:
    case = a_case(channel)
    for text in ("Dear", "Dear Maud"):
        keep_draft(case_id=case.pk, kind="reply", text=text, author=acts(tessa))
    keep_draft(case_id=case.pk, kind="note", text="n", author=acts(tessa))
    keep_draft(case_id=case.pk, kind="reply", text="Hello", author=acts(ruben))
    assert drafts_of(tessa, case) == {"reply": "Dear Maud", "note": "n"}
    drop_draft(case_id=case.pk, kind="reply", author=acts(tessa))
    assert (drafts_of(tessa, case), drafts_of(ruben, case)) == ({"note": "n"}, {"reply": "Hello"})
    kept = Event.objects.filter(kind="draft.kept")
    assert {event.agent_id for event in kept} == {tessa.pk, ruben.pk}
    assert {event.inbox_id for event in kept} == {None}, "nobody else hears that somebody types"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_a_case_at_once_one_is_told(inbox: Inbox, channel: Channel, tessa: Agent, ruben: Agent) -> None:
    case = a_case(channel)
    start, failed = threading.Barrier(2), []

    def take(agent: Agent) -> None:
        try:
            start.wait(5)
            assign(case_id=case.pk, agent_id=agent.pk, actor=acts(agent), version=case.version)
        except ChangedMeanwhile:
            failed.append(agent)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(agent,)) for agent in (tessa, ruben)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    case.refresh_from_db()
    assert {case.assignee, *failed} == {tessa, ruben}
    assert len(told(case)) == 1
