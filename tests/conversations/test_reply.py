"""An agent answers: written with its out-box row, refused with a reason, taken back, accepted."""

from datetime import timedelta

import pytest
from django.db.models import F

from hark.channels.errors import Ambiguous, Refused
from hark.channels.registry import register_for_tests
from hark.conversations.actions.changes import apply_failure
from hark.conversations.actions.drafts import keep_draft
from hark.conversations.actions.reply import sent, settle, take_back
from hark.conversations.errors import CannotReply, NewerMessage, NothingWritten, TooLateToTakeBack
from hark.conversations.models import Case, Clock, Conversation, Draft, Message
from hark.conversations.queries.drafts import drafts_of
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.types import Status, Visibility
from hark.delivery import actions as delivery
from hark.delivery.errors import NothingToSettle
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState, Settlement
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.ids import new_uuid
from hark.kernel.models import Event
from hark.organisation.models import Agent, Channel
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent, answers, said
from tests.delivery.shelf import Shelf

pytestmark = pytest.mark.django_db


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("id"))


def undo_time_passes() -> None:
    OutboxItem.objects.update(not_before=F("not_before") - timedelta(minutes=10))


def leaves() -> None:
    """The undo time passes, the reply is sent, and its reaction runs."""
    undo_time_passes()
    while send_due():
        pass
    for event in events("message.sent"):
        sent(message_key=event.data["message"])


def test_reply_and_its_outbox_row_are_written_together(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    message = answers(tessa, case, " We look\r\nat it. ")
    item = OutboxItem.objects.get()
    assert message.text == "We look\nat it."
    assert (item.state, item.payload["text"]) == (OutboxState.QUEUED, message.text)
    assert item.not_before - message.sent_at == timedelta(seconds=case.inbox.undo_seconds)
    assert item.payload["target"]["person"] == "maud"
    case.refresh_from_db()
    assert (case.status, case.assignee, case.last_text) == (Status.WAITING, tessa, message.text)
    told = events("case.replied")[0]
    assert (told.subject, told.actor, told.inbox_id) == (case.key, tessa.key, case.inbox_id)
    assert told.data == {"case": case.key, "message": message.key, "visibility": "private"}


def test_reply_is_queued_once_when_clicked_twice(tessa: Agent, channel: Channel) -> None:
    case, key = a_case(channel), new_uuid()
    first = answers(tessa, case, idempotency_key=key)
    assert answers(tessa, case, "changed meanwhile", idempotency_key=key) == first
    assert OutboxItem.objects.count() == 1
    assert len(events("case.replied")) == 1


def test_key_of_somebody_else_shows_nothing_of_his(tessa: Agent, ruben: Agent, channel: Channel) -> None:
    case, key = a_case(channel), new_uuid()
    answers(tessa, case, idempotency_key=key)
    with pytest.raises(CannotReply, match="key was used before"):
        answers(ruben, case, idempotency_key=key)


def test_visibility_is_said_or_nothing_is_sent(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    for visibility in ("", "internal", Visibility.PUBLIC, None):
        with pytest.raises(CannotReply, match="can only be private"):
            answers(tessa, case, visibility=visibility)
    assert not OutboxItem.objects.exists()


def test_public_post_is_answered_in_public_or_moved_to_private_on_purpose(
    tessa: Agent, channel: Channel, shelf: Shelf
) -> None:
    case = a_case(channel, visibility=Visibility.PUBLIC)
    post = Message.objects.get()
    [way] = ways_to_answer(tessa, case)
    assert way.visibilities == (Visibility.PUBLIC, Visibility.PRIVATE)
    answers(tessa, case, "In public", visibility=Visibility.PUBLIC)
    answers(tessa, case, "In private", visibility=Visibility.PRIVATE)
    leaves()
    public, private = shelf.taken
    assert (public.visibility, public.private_of) == ("public", "")
    assert (private.visibility, private.private_of) == ("private", post.external_id)


def test_limited_post_is_answered_to_the_same_readers(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel, visibility=Visibility.LIMITED)
    with pytest.raises(CannotReply):
        answers(tessa, case, visibility=Visibility.PUBLIC)
    assert answers(tessa, case, visibility=Visibility.LIMITED).visibility == "limited"


def test_length_is_counted_as_the_venue_counts(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    answers(tessa, case, family * 200)
    with pytest.raises(CannotReply, match="It is 201 long, and this venue takes 200"):
        answers(tessa, case, "x" * 201)
    with pytest.raises(NothingWritten):
        answers(tessa, case, " \r\n ")


@pytest.mark.parametrize(
    ("narrowed", "targets_us", "why"),
    [
        ({"private": False, "public": False}, "mention", "This venue takes no replies from us."),
        ({"unsolicited_reply": False}, "keyword", "only to people who wrote to us"),
        ({"one_reply": True}, "mention", "allows one reply"),
    ],
)
def test_composer_says_why_not_before_anything_is_sent(
    tessa: Agent, channel: Channel, narrowed: dict[str, object], targets_us: str, why: str
) -> None:
    with register_for_tests(Shelf(**narrowed)):
        case = a_case(channel, targets_us=targets_us)
        if "one_reply" in narrowed:
            answers(tessa, case)
            leaves()
        [way] = ways_to_answer(tessa, case)
        assert why in way.closed_because
        with pytest.raises(CannotReply, match=why.rstrip(".")):
            answers(tessa, case)


def test_paused_channel_takes_no_reply_and_one_without_permission_keeps_it(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    Channel.objects.update(state="paused")
    with pytest.raises(CannotReply, match="paused by an administrator"):
        answers(tessa, case)
    Channel.objects.update(state="auth_lost")
    answers(tessa, case)
    assert OutboxItem.objects.get().state == OutboxState.QUEUED


def test_reply_written_before_a_newer_message_is_stopped_and_shows_it(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    seen = Message.objects.get().pk
    said(channel, "Never mind, it works!", ago=1)
    with pytest.raises(NewerMessage) as stopped:
        answers(tessa, case, seen_message_id=seen)
    assert [message.text for message in stopped.value.messages] == ["Never mind, it works!"]
    assert not OutboxItem.objects.exists()
    answers(tessa, case, seen_message_id=seen, send_anyway=True)
    assert OutboxItem.objects.count() == 1


def test_second_agent_is_stopped_and_shown_the_first_answer(tessa: Agent, ruben: Agent, channel: Channel) -> None:
    case = a_case(channel)
    seen = Message.objects.get().pk
    answers(tessa, case, "Try again now.", seen_message_id=seen)
    with pytest.raises(NewerMessage) as stopped:
        answers(ruben, case, "Have you tried again?", seen_message_id=seen)
    assert [(message.agent, message.text) for message in stopped.value.messages] == [(tessa, "Try again now.")]
    assert answers(tessa, case, "And tell me.", seen_message_id=seen), "what one wrote oneself does not stop one"


def test_reply_that_has_seen_nothing_is_stopped(tessa: Agent, channel: Channel) -> None:
    with pytest.raises(NewerMessage):
        answers(tessa, a_case(channel), seen_message_id=None)


def test_foreign_case_and_foreign_conversation_are_not_found(
    tessa: Agent, sven: Agent, channel: Channel, shelf: Shelf
) -> None:
    case = a_case(channel)
    with pytest.raises(NotFound):
        answers(sven, case)
    with pytest.raises(NotFound):
        answers(tessa, Case(pk=case.pk + 99), conversation=Conversation.objects.get())
    other = a_case(channel, who="idris")
    with pytest.raises(NotFound):
        answers(tessa, case, conversation=Conversation.objects.get(case=other))
    assert not OutboxItem.objects.exists()


@pytest.mark.parametrize("role", [Role.LIGHT_AGENT, Role.AUDITOR])
def test_those_who_may_not_answer_cannot(role: Role, channel: Channel) -> None:
    case = a_case(channel)
    somebody = an_agent("Somebody", channel.inbox, role=role)
    with pytest.raises(NotAllowed):
        answers(somebody, case)
    assert not OutboxItem.objects.exists()


def test_deactivated_agent_can_do_nothing(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    Agent.objects.filter(pk=tessa.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        answers(tessa, case)


def test_taken_back_reply_was_never_there_and_its_text_is_a_draft_again(
    tessa: Agent, channel: Channel, shelf: Shelf
) -> None:
    case = a_case(channel)
    before = (case.last_text, case.last_message_at)
    message = answers(tessa, case, "Too quick")
    keep_draft(case_id=case.pk, kind="reply", text="and more", author=acts(tessa))
    assert take_back(message_id=message.pk, author=acts(tessa)) == "Too quick"
    assert drafts_of(tessa, case) == {"reply": "Too quick\n\nand more"}
    case.refresh_from_db()
    assert (case.status, (case.last_text, case.last_message_at)) == (Status.OPEN, before)
    leaves()
    assert shelf.taken == []
    assert events("message.state")[-1].data["state"] == "cancelled"
    assert events("case.status")[-1].data["status"] == "open"


def test_reply_on_its_way_is_not_taken_back(tessa: Agent, channel: Channel) -> None:
    message = answers(tessa, a_case(channel))
    leaves()
    with pytest.raises(TooLateToTakeBack):
        take_back(message_id=message.pk, author=acts(tessa))
    message.refresh_from_db()
    assert message.deleted_at is None
    assert not Draft.objects.exists()


def test_nobody_takes_back_what_somebody_else_wrote(tessa: Agent, ruben: Agent, sven: Agent, channel: Channel) -> None:
    message = answers(tessa, a_case(channel))
    with pytest.raises(NotAllowed):
        take_back(message_id=message.pk, author=acts(ruben))
    with pytest.raises(NotFound):
        take_back(message_id=message.pk, author=acts(sven))
    customers = Message.objects.filter(direction="in").get()
    with pytest.raises(NotFound):
        take_back(message_id=customers.pk, author=acts(tessa))


def test_clock_stops_when_the_venue_has_accepted_it_not_before(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    message = answers(tessa, case)
    clock = Clock.objects.get()
    assert clock.stopped_at is None
    leaves()
    clock.refresh_from_db()
    case.refresh_from_db()
    message.refresh_from_db()
    item = OutboxItem.objects.get()
    assert clock.stopped_at == item.sent_at
    assert (case.due_at, message.external_id) == (None, item.external_ids[0])
    assert Conversation.objects.get().first_responded_at == item.sent_at
    assert [event.data["state"] for event in events("message.state")] == ["sending", "answered"]
    sent(message_key=message.key)
    assert len(events("message.state")) == 2, "a repetition changes nothing"


def test_reply_that_was_not_accepted_stops_no_clock(tessa: Agent, channel: Channel, shelf: Shelf) -> None:
    message = answers(tessa, a_case(channel))
    shelf.fails.append(Ambiguous())
    leaves()
    sent(message_key=message.key)
    assert Clock.objects.get().stopped_at is None


def test_what_the_customer_wrote_meanwhile_starts_the_next_clock(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    answers(tessa, case)
    said(channel, "And another thing", ago=0)
    leaves()
    clocks = [(clock.kind, clock.stopped_at is None) for clock in Clock.objects.order_by("id")]
    assert clocks == [("first_response", False), ("next_response", True)]
    case.refresh_from_db()
    assert case.due_at == Clock.objects.get(kind="next_response").due_at


def test_agent_settles_a_reply_that_may_have_been_sent(
    tessa: Agent, ruben: Agent, sven: Agent, channel: Channel, shelf: Shelf
) -> None:
    message = answers(tessa, a_case(channel))
    shelf.fails.append(Ambiguous())
    leaves()
    with pytest.raises(NotFound):
        settle(message_id=message.pk, author=acts(sven), how=Settlement.IT_WAS_SENT)
    apply_failure(message_key=message.key)
    assert Case.objects.get().status == Status.OPEN
    settle(message_id=message.pk, author=acts(ruben), how=Settlement.IT_WAS_SENT)
    assert Case.objects.get().status == Status.WAITING
    leaves()
    assert Clock.objects.get().stopped_at is not None
    assert len(shelf.attempts) == 1


def test_case_of_a_reply_that_is_left_alone_waits_for_us(tessa: Agent, channel: Channel, shelf: Shelf) -> None:
    message = answers(tessa, a_case(channel))
    shelf.fails.append(Refused("no", "They have blocked us."))
    leaves()
    settle(message_id=message.pk, author=acts(tessa), how=Settlement.DROP)
    assert Case.objects.get().status == Status.OPEN
    with pytest.raises(NothingToSettle):
        settle(message_id=message.pk, author=acts(tessa), how=Settlement.SEND_AGAIN)


def test_echo_that_settles_a_reply_in_doubt_lets_the_case_wait_again(tessa: Agent, channel: Channel) -> None:
    venue = Shelf(echo=True)
    venue.fails.append(Ambiguous())
    with register_for_tests(venue):
        message = answers(tessa, a_case(channel))
        leaves()
        apply_failure(message_key=message.key)
        key = str(OutboxItem.objects.get().idempotency_key)
        delivery.match_echo(channel_id=channel.pk, client_ref=key, external_id="e1", thread="", text="")
        leaves()
    assert (Case.objects.get().status, Message.objects.get(pk=message.pk).external_id) == (Status.WAITING, "e1")


def test_copy_that_came_in_as_answered_at_the_venue_steps_aside(tessa: Agent, channel: Channel) -> None:
    message = answers(tessa, a_case(channel))
    undo_time_passes()
    while send_due():
        pass
    twin = Message.objects.get(pk=message.pk)
    twin.pk, twin.key, twin.outbox_item, twin.agent, twin.native = None, "msg_twin", None, None, True
    twin.external_id = OutboxItem.objects.get().external_ids[0]
    twin.save()
    sent(message_key=message.key)
    message.refresh_from_db()
    twin.refresh_from_db()
    assert (message.external_id is not None, twin.external_id, twin.deleted_at is not None) == (True, None, True)
