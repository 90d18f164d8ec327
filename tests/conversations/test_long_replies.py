"""A reply that is longer than a post: one message here, numbered parts there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from hark.channels.errors import Refused
from hark.channels.registry import register_for_tests
from hark.channels.types import Outbound, OutboundFile, Target
from hark.contacts.types import SeenAuthor
from hark.conversations.actions.accepted import named, sent
from hark.conversations.actions.changes import apply_echo
from hark.conversations.actions.changing import change_reply, changed_there
from hark.conversations.actions.drafts import keep_draft
from hark.conversations.actions.holding import approve, send
from hark.conversations.actions.leaving import parts_in
from hark.conversations.actions.reply import settle, take_back
from hark.conversations.errors import CannotChange, CannotReply
from hark.conversations.models import Clock, Conversation, Draft, HeldReply, Message
from hark.conversations.queries.messages import MessageShown, messages_shown
from hark.conversations.types import Echo, Visibility
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.types import Settlement
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.actions.approval import set_approval_of_agent
from hark.organisation.models import Agent, Brand, Channel
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent, answers, said
from tests.delivery.shelf import Shelf

pytestmark = pytest.mark.django_db
LONG = "We are very sorry. Your parcel waits in Porto. It leaves there today. You have it on Friday at noon."
PARTS = [
    "1/3 We are very sorry. Your parcel waits in",
    "2/3 Porto. It leaves there today.",
    "3/3 You have it on Friday at noon.",
]


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A venue with short posts, which lets them be changed."""
    venue = Shelf(max_length=44, unit="chars", max_parts=3, threaded=True, edits_out=True, deletes_out=True)
    with register_for_tests(venue):
        yield venue


@pytest.fixture
def message(tessa: Agent, channel: Channel) -> Message:
    """A long reply of Tessa's, not sent yet."""
    return answers(tessa, a_case(channel), LONG)


def goes() -> None:
    """Undo times are over, everything due is sent, and what follows from it is done."""
    OutboxItem.objects.filter(state="queued").update(not_before=database_now() - timedelta(seconds=1))
    while send_due():
        pass


def arrived(message: Message) -> Message:
    goes()
    sent(message_key=message.key)
    message.refresh_from_db()
    return message


def shown(agent: Agent, message: Message) -> MessageShown:
    beside = ("conversation__case", "conversation__contact", "channel", "identity", "agent", "outbox_item")
    rows = Message.objects.select_related(*beside, "change_item").filter(pk=message.pk)
    return messages_shown(agent, list(rows), at=database_now())[0]


def changes(agent: Agent, message: Message, text: str | None) -> None:
    message.refresh_from_db()
    fields: dict[str, Any] = {"message_id": message.pk, "author": acts(agent), "text": text, "seen_text": message.text}
    change_reply(**fields, idempotency_key=new_uuid())
    goes()
    changed_there(message_key=message.key)
    message.refresh_from_db()


def test_it_is_one_message_here_and_numbered_parts_there(tessa: Agent, message: Message, shelf: Shelf) -> None:
    arrived(message)
    assert message.text == LONG
    assert Message.objects.filter(direction="out").count() == 1
    assert shelf.texts == PARTS
    assert message.external_id == f"shelf-{shelf.taken[0].id}"
    words = shown(tessa, message).delivery
    assert words is not None
    assert (words.words, [part.state for part in words.parts]) == ("Sent", ["sent"] * 3)


def test_more_parts_than_the_venue_takes_are_refused_and_the_draft_stays(tessa: Agent, channel: Channel) -> None:
    case = a_case(channel)
    keep_draft(case_id=case.pk, kind="reply", text=LONG * 2, author=acts(tessa))
    with pytest.raises(CannotReply, match="more than 3 parts"):
        answers(tessa, case, LONG * 2)
    assert Draft.objects.get(case=case).text == LONG * 2
    assert not OutboxItem.objects.exists()


def test_what_shall_stay_whole_is_not_split(tessa: Agent, channel: Channel) -> None:
    with pytest.raises(CannotReply, match="this venue takes 44"):
        answers(tessa, a_case(channel), LONG, whole=True)


def test_the_mark_of_its_author_counts_and_stands_in_the_last_part(
    tessa: Agent, channel: Channel, shelf: Shelf
) -> None:
    Brand.objects.update(public_signature="initials")
    case = a_case(channel, visibility=Visibility.PUBLIC)
    answers(tessa, case, LONG, visibility=Visibility.PUBLIC)
    goes()
    assert [text.endswith("^T") for text in shelf.texts] == [False, False, True]


def test_taking_it_back_gives_the_whole_text_back(tessa: Agent, message: Message, shelf: Shelf) -> None:
    assert take_back(message_id=message.pk, author=acts(tessa)) == LONG
    goes()
    assert shelf.texts == []
    assert Draft.objects.get(kind="reply").text == LONG


def test_clocks_stop_when_the_last_part_is_there(tessa: Agent, message: Message, shelf: Shelf) -> None:
    shelf.fails.extend([None, Refused("no", "Too rude.")])
    running = Clock.objects.filter(conversation=message.conversation, stopped_at=None)
    before = running.count()
    arrived(message)
    assert running.count() == before
    settle(message_id=message.pk, author=acts(tessa), how=Settlement.SEND_AGAIN)
    arrived(message)
    assert shelf.texts == PARTS
    assert running.count() < before or before == 0


def test_half_a_reply_has_its_id_and_what_is_there_can_be_taken_away(
    tessa: Agent, message: Message, shelf: Shelf
) -> None:
    shelf.fails.extend([None, Refused("no", "Too rude.")])
    goes()
    named(message_key=message.key)
    settle(message_id=message.pk, author=acts(tessa), how=Settlement.DROP)
    message.refresh_from_db()
    assert message.external_id == f"shelf-{shelf.taken[0].id}"
    assert shown(tessa, message).left
    changes(tessa, message, None)
    assert [change.gone for change in shelf.changes] == [True]
    assert message.deleted_at is not None


def test_a_long_reply_waits_for_approval_as_a_whole(tessa: Agent, channel: Channel, shelf: Shelf) -> None:
    boss = an_agent("Boss", channel.inbox, role=Role.OWNER)
    set_approval_of_agent(key=tessa.key, needed=True, actor=boss)
    case = a_case(channel, visibility=Visibility.PUBLIC)
    talk = Conversation.objects.get(case=case)
    held = send(
        case_id=case.pk,
        conversation_id=talk.pk,
        author=acts(tessa),
        text=LONG,
        visibility=Visibility.PUBLIC,
        idempotency_key=new_uuid(),
        seen_message_id=talk.messages.latest("id").pk,
    )
    assert isinstance(held, HeldReply)
    approve(key=held.key, approver=acts(boss))
    goes()
    assert shelf.texts == PARTS


def test_a_change_is_made_post_by_post(tessa: Agent, message: Message, shelf: Shelf) -> None:
    arrived(message)
    changes(tessa, message, LONG.replace("Friday", "Monday"))
    assert [change.text for change in shelf.changes] == [*PARTS[:2], "3/3 You have it on Monday at noon."]
    assert [change.of for change in shelf.changes] == [(f"shelf-{each.id}",) for each in shelf.taken]
    assert "Monday" in message.text


def test_a_shorter_text_takes_the_other_posts_away(tessa: Agent, message: Message, shelf: Shelf) -> None:
    arrived(message)
    changes(tessa, message, "We are very sorry. Your parcel is there on Friday.")
    assert [(change.text[:4], change.gone) for change in shelf.changes] == [
        ("1/2 ", False),
        ("2/2 ", False),
        ("", True),
    ]
    shelf.changes.clear()
    changes(tessa, message, "Your parcel is there.")
    assert [(change.text, change.gone) for change in shelf.changes] == [("Your parcel is there.", False), ("", True)]
    with pytest.raises(CannotChange, match="It is 100 long"):
        changes(tessa, message, LONG)


def test_a_text_that_needs_more_posts_than_there_are_is_refused(tessa: Agent, message: Message) -> None:
    arrived(message)
    with pytest.raises(CannotChange, match="does not fit into the 3 parts"):
        changes(tessa, message, LONG * 2)


def test_taking_it_away_takes_every_post(tessa: Agent, message: Message, shelf: Shelf) -> None:
    arrived(message)
    changes(tessa, message, None)
    assert [change.gone for change in shelf.changes] == [True, True, True]
    assert message.deleted_at is not None


def test_an_echo_of_a_later_part_is_nobody_elses_answer(message: Message, channel: Channel, shelf: Shelf) -> None:
    arrived(message)
    for part in shelf.taken:
        echo = Echo(
            arrival_id=0,
            channel_id=channel.pk,
            inbox_id=channel.inbox_id,
            external_id=f"shelf-{part.id}",
            thread_id="t-maud",
            author=SeenAuthor("shelf", "", "plum"),
            visibility=Visibility.PRIVATE,
            kind="direct",
            text=part.text,
            sent_at=database_now(),
            received_at=database_now(),
            client_ref=str(part.id),
        )
        assert apply_echo([echo]) == ["echo"]
    assert Message.objects.filter(direction="out").count() == 1
    message.refresh_from_db()
    assert message.external_id == f"shelf-{shelf.taken[0].id}"


def test_who_answers_a_later_part_is_in_the_same_conversation(message: Message, channel: Channel, shelf: Shelf) -> None:
    arrived(message)
    told = said(channel, "Thank you!", thread_id="", parent_id=f"shelf-{shelf.taken[2].id}")
    assert Message.objects.get(pk=told.message_id).conversation_id == message.conversation_id


def test_files_go_with_the_first_part() -> None:
    file = OutboundFile("a" * 64, "plan.pdf", "application/pdf", 4)
    whole = Outbound(new_uuid(), Target(), "private", LONG, attachments=(file,))
    assert [len(part.attachments) for part in parts_in(whole, PARTS)] == [1, 0, 0]
