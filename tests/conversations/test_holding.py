"""Replies that wait: approved by one other person, sent at their time, stopped when somebody writes, sent once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from hark.conversations.actions.holding import (
    approve,
    release_due,
    send,
    send_back,
    send_later,
    send_now,
    take_held_back,
)
from hark.conversations.actions.reply import reply, sent
from hark.conversations.errors import (
    DecidedAlready,
    LookAgain,
    NeedsApproval,
    NewerMessage,
    NotYourOwn,
    WrongTime,
)
from hark.conversations.models import (
    Attachment,
    Case,
    Clock,
    Conversation,
    Draft,
    HeldReply,
    Message,
    Note,
)
from hark.conversations.queries.files import files_visible_to
from hark.conversations.types import FileState, HeldState, Status, Visibility
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.ids import new_uuid
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.actions.approval import set_approval_of_agent, set_approval_of_channel
from hark.organisation.models import Agent, AuditEntry, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent, said
from tests.delivery.shelf import Shelf

pytestmark = pytest.mark.django_db
PUBLIC = {"visibility": Visibility.PUBLIC, "kind": "post"}


@pytest.fixture
def sofia(inbox: Inbox) -> Agent:
    """A supervisor."""
    return an_agent("Sofia", inbox, role=Role.SUPERVISOR)


@pytest.fixture
def case(channel: Channel) -> Case:
    """Somebody asks in public."""
    return a_case(channel, "My order never came, where is it?", **PUBLIC)


def fields(agent: Agent, case: Case, text: str, **more: Any) -> dict[str, Any]:
    conversation = Conversation.objects.get(case=case)
    newest = conversation.messages.latest("id").pk
    return {
        "case_id": case.pk, "conversation_id": conversation.pk, "author": acts(agent), "text": text,
        "visibility": Visibility.PUBLIC, "idempotency_key": new_uuid(), "seen_message_id": newest, **more,
    }  # fmt: skip


def held_by(agent: Agent, case: Case, text: str = "We look into it.", **more: Any) -> HeldReply:
    made = send(**fields(agent, case, text, **more))
    assert isinstance(made, HeldReply)
    return made


def in_an_hour() -> Any:
    return database_now() + timedelta(hours=1)


def its_time_comes() -> None:
    HeldReply.objects.update(leaves_at=database_now() - timedelta(seconds=1))
    release_due()


def kinds(*names: str) -> list[str]:
    return list(Event.objects.filter(kind__in=names).order_by("id").values_list("kind", flat=True))


def needs(agent: Agent) -> Agent:
    set_approval_of_agent(key=agent.key, needed=True, actor=agent)
    agent.refresh_from_db()
    return agent


def test_public_reply_of_one_who_needs_approval_waits_and_is_no_message(tessa: Agent, case: Case) -> None:
    held = held_by(needs(tessa), case)
    assert (held.state, held.text) == (HeldState.APPROVAL, "We look into it.")
    assert not OutboxItem.objects.exists()
    assert Message.objects.count() == 1
    case.refresh_from_db()
    assert (case.status, case.assignee) == (Status.OPEN, tessa)
    with pytest.raises(NeedsApproval):
        reply(**fields(tessa, case, "Past the gate?"))


def test_private_reply_of_one_who_needs_approval_leaves_at_once(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    assert isinstance(send(**fields(needs(tessa), case, "Hello.", visibility=Visibility.PRIVATE)), Message)


def test_channel_that_asks_for_approval_asks_everybody(
    sofia: Agent, tessa: Agent, case: Case, channel: Channel
) -> None:
    set_approval_of_channel(key=channel.key, needed=True, actor=sofia)
    assert held_by(tessa, case).state == HeldState.APPROVAL
    assert held_by(sofia, case, "Quite another answer from me.").state == HeldState.APPROVAL
    assert AuditEntry.objects.filter(verb="channel.approval_changed", subject=channel.key).count() == 1


def test_same_key_waits_once(tessa: Agent, case: Case) -> None:
    new = fields(needs(tessa), case, "We look into it.")
    assert send(**new) == send(**new)
    assert HeldReply.objects.count() == 1


def test_approved_reply_leaves_as_its_authors_and_stops_the_clock_only_when_it_has_left(
    tessa: Agent, sofia: Agent, case: Case, shelf: Shelf
) -> None:
    held = held_by(needs(tessa), case)
    approve(key=held.key, approver=acts(sofia))
    held.refresh_from_db()
    assert (held.state, held.decided_by, held.message and held.message.agent) == (HeldState.SENT, sofia, tessa)
    assert Clock.objects.filter(stopped_at=None).exists()
    OutboxItem.objects.update(not_before=database_now() - timedelta(minutes=1))
    while send_due():
        pass
    sent(message_key=held.message.key if held.message else "")
    assert shelf.texts == ["We look into it."]
    assert not Clock.objects.filter(stopped_at=None, kind="first").exists()
    case.refresh_from_db()
    assert case.status == Status.WAITING


def test_reply_is_approved_once_and_never_by_its_author(
    tessa: Agent, sofia: Agent, case: Case, channel: Channel
) -> None:
    held = held_by(needs(tessa), case)
    with pytest.raises(NotAllowed):
        approve(key=held.key, approver=acts(tessa))
    approve(key=held.key, approver=acts(sofia))
    for decide in (approve, send_back):
        with pytest.raises(DecidedAlready):
            decide(key=held.key, approver=acts(sofia))
    set_approval_of_channel(key=channel.key, needed=True, actor=sofia)
    own = held_by(sofia, case, "Mine is another one altogether.")
    for decide in (approve, send_back):
        with pytest.raises(NotYourOwn):
            decide(key=own.key, approver=acts(sofia))
    assert OutboxItem.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        HeldReply.objects.filter(pk=own.pk).update(decided_by=sofia)


def test_approver_changes_the_words_and_they_are_looked_over(tessa: Agent, sofia: Agent, case: Case) -> None:
    held = held_by(needs(tessa), case)
    with pytest.raises(LookAgain) as found:
        approve(key=held.key, approver=acts(sofia), text="Mail maud@private.example for it.")
    assert HeldReply.objects.get().state == HeldState.APPROVAL
    despite = [one.code for one in found.value.findings]
    approve(key=held.key, approver=acts(sofia), text="Mail maud@private.example for it.", despite=despite)
    assert OutboxItem.objects.get().payload["text"] == "Mail maud@private.example for it."
    assert Event.objects.filter(kind="reply.approved").latest("id").data["changed"]


def test_reply_sent_back_is_a_draft_again_with_a_word_on_the_case(tessa: Agent, sofia: Agent, case: Case) -> None:
    held = held_by(needs(tessa), case)
    send_back(key=held.key, approver=acts(sofia), word="Kinder, please.")
    assert Draft.objects.get(agent=tessa).text == "We look into it."
    assert Note.objects.get().text == "Kinder, please."
    assert not OutboxItem.objects.exists()


def test_customer_who_writes_meanwhile_stops_the_approval(
    tessa: Agent, sofia: Agent, case: Case, channel: Channel
) -> None:
    held = held_by(needs(tessa), case)
    said(channel, "It has just come, forget it.", **PUBLIC)
    with pytest.raises(NewerMessage):
        approve(key=held.key, approver=acts(sofia))
    approve(key=held.key, approver=acts(sofia), anyway=True)
    assert OutboxItem.objects.count() == 1


def test_reply_leaves_at_its_time_and_once(tessa: Agent, case: Case) -> None:
    held = held_by(tessa, case, leaves_at=in_an_hour())
    release_due()
    assert not OutboxItem.objects.exists()
    its_time_comes()
    release_due()
    held.refresh_from_db()
    assert (held.state, OutboxItem.objects.count()) == (HeldState.SENT, 1)
    HeldReply.objects.update(state=HeldState.LATER)  # as if its mark were lost: its key knows that it has left
    release_due()
    assert OutboxItem.objects.count() == 1


def test_what_its_author_types_meanwhile_is_kept_when_it_leaves(tessa: Agent, case: Case) -> None:
    held_by(tessa, case, leaves_at=in_an_hour())
    Draft.objects.create(case=case, agent=tessa, kind="reply", text="And another", updated_at=database_now())
    its_time_comes()
    assert Draft.objects.get().text == "And another"


def test_waiting_reply_does_not_hold_back_another_one(tessa: Agent, case: Case, shelf: Shelf) -> None:
    held_by(tessa, case, leaves_at=in_an_hour())
    assert isinstance(send(**fields(tessa, case, "This one at once, please.")), Message)
    OutboxItem.objects.update(not_before=database_now() - timedelta(minutes=1))
    while send_due():
        pass
    assert shelf.texts == ["This one at once, please."]


def test_customer_who_writes_meanwhile_stops_it_at_once_and_its_author_decides(
    tessa: Agent, case: Case, channel: Channel
) -> None:
    held = held_by(tessa, case, leaves_at=in_an_hour())
    said(channel, "It has just come, forget it.", **PUBLIC)
    release_due()
    held.refresh_from_db()
    assert (held.state, held.why_stopped) == (HeldState.STOPPED, "Somebody wrote meanwhile.")
    its_time_comes()
    assert not OutboxItem.objects.exists()
    with pytest.raises(NewerMessage):
        send_now(key=held.key, author=acts(tessa))
    send_now(key=held.key, author=acts(tessa), anyway=True)
    assert OutboxItem.objects.count() == 1
    assert kinds("reply.held", "reply.stopped", "case.replied") == ["reply.held", "reply.stopped", "case.replied"]


def test_stopped_reply_waits_again_once_its_author_has_read(tessa: Agent, case: Case, channel: Channel) -> None:
    held = held_by(tessa, case, leaves_at=in_an_hour())
    newer = said(channel, "Hello?", **PUBLIC)
    release_due()
    later = in_an_hour()
    with pytest.raises(NewerMessage):
        send_later(key=held.key, author=acts(tessa), leaves_at=later)
    send_later(key=held.key, author=acts(tessa), leaves_at=later, seen_message_id=newer.message_id)
    its_time_comes()
    held.refresh_from_db()
    assert held.state == HeldState.SENT


def test_time_is_ahead_and_within_a_year(tessa: Agent, case: Case) -> None:
    for wrong in (database_now() - timedelta(minutes=1), database_now() + timedelta(days=400)):
        with pytest.raises(WrongTime):
            held_by(tessa, case, leaves_at=wrong)


def test_approved_reply_waits_for_its_time(tessa: Agent, sofia: Agent, case: Case) -> None:
    held = held_by(needs(tessa), case, leaves_at=in_an_hour())
    its_time_comes()
    assert not OutboxItem.objects.exists()
    HeldReply.objects.update(leaves_at=in_an_hour())
    approve(key=held.key, approver=acts(sofia))
    held.refresh_from_db()
    assert held.state == HeldState.LATER
    its_time_comes()
    assert OutboxItem.objects.count() == 1


def test_approval_asked_for_while_it_waited_is_asked_for(tessa: Agent, case: Case) -> None:
    held = held_by(tessa, case, leaves_at=in_an_hour())
    needs(tessa)
    its_time_comes()
    held.refresh_from_db()
    assert (held.state, OutboxItem.objects.count()) == (HeldState.APPROVAL, 0)


def test_reply_taken_back_is_a_draft_again(tessa: Agent, ruben: Agent, sven: Agent, case: Case) -> None:
    held = held_by(tessa, case, leaves_at=in_an_hour())
    for nobody, refusal in ((ruben, NotAllowed), (sven, NotFound)):
        with pytest.raises(refusal):
            take_held_back(key=held.key, author=acts(nobody))
    take_held_back(key=held.key, author=acts(tessa))
    its_time_comes()
    assert (Draft.objects.get().text, OutboxItem.objects.count()) == ("We look into it.", 0)


def test_files_wait_with_it_are_seen_by_who_approves_and_leave_with_it(
    tessa: Agent, ruben: Agent, sofia: Agent, sven: Agent, case: Case, shelf: Shelf
) -> None:
    shelf.narrowed = shelf.narrowed.__class__(**{**vars_of(shelf.narrowed), "files_out": 1000})
    file = Attachment.objects.create(
        key="file_1", draft_case=case, draft_kind="reply", agent=tessa, state=FileState.STORED, name="a.pdf", size=9,
        sha256="0" * 64, added_at=database_now(),
    )  # fmt: skip
    held = held_by(needs(tessa), case, "", files=["file_1"])
    assert [agent.name for agent in (tessa, ruben, sofia, sven) if files_visible_to(agent).exists()] == [
        *("Tessa", "Ruben", "Sofia")
    ]
    approve(key=held.key, approver=acts(sofia))
    file.refresh_from_db()
    held.refresh_from_db()
    assert file.message == held.message is not None
    assert len(OutboxItem.objects.get().payload["attachments"]) == 1


def vars_of(caps: Any) -> dict[str, Any]:
    return {name: getattr(caps, name) for name in caps.__dataclass_fields__}


def test_author_who_may_not_answer_any_more_sends_nothing(tessa: Agent, case: Case) -> None:
    held = held_by(tessa, case, leaves_at=in_an_hour())
    Agent.objects.filter(pk=tessa.pk).update(is_active=False)
    its_time_comes()
    held.refresh_from_db()
    assert (held.state, OutboxItem.objects.count()) == (HeldState.STOPPED, 0)
