"""A published reply is changed or taken away: through the out-box, by those who may, with what it said before kept."""

from datetime import timedelta
from typing import Any

import pytest

from hark.channels.errors import Refused, Retry
from hark.conversations.actions.accepted import sent
from hark.conversations.actions.changing import change_reply, changed_there, settle_change, take_change_back
from hark.conversations.errors import CannotChange, ChangedMeanwhile, LookAgain, NothingWritten, TooLateToTakeBack
from hark.conversations.models import Case, Message
from hark.conversations.queries.changing import changeable
from hark.conversations.queries.messages import MessageShown, messages_shown
from hark.conversations.types import Visibility
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.types import Settlement
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.ids import new_uuid
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.actions.approval import set_approval_of_agent
from hark.organisation.models import Agent, AuditEntry, Channel, Inbox
from hark.organisation.types import Role
from tests.conversations.desk import a_case, acts, an_agent, answers
from tests.delivery.shelf import TAKEN_BUT_SILENT, Shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf() -> Any:
    """A venue that lets replies be changed."""
    from hark.channels.registry import register_for_tests

    venue = Shelf(edits_out=True, deletes_out=True)
    with register_for_tests(venue):
        yield venue


@pytest.fixture
def reply(tessa: Agent, channel: Channel, shelf: Shelf) -> Message:
    """A reply of Tessa's that has left."""
    message = answers(tessa, a_case(channel), "Take the 10:15 train.")
    goes(message.outbox_item_id)
    sent(message_key=message.key)
    message.refresh_from_db()
    return message


def goes(item_id: int | None) -> None:
    """The undo time of an item is over, and everything due is sent."""
    OutboxItem.objects.filter(pk=item_id).update(not_before=database_now() - timedelta(seconds=1))
    while send_due():
        pass


def changes(agent: Agent, message: Message, text: str | None, **more: Any) -> Message:
    fields = {"message_id": message.pk, "author": acts(agent), "text": text, "seen_text": message.text}
    return change_reply(**{**fields, "idempotency_key": new_uuid(), **more})


def is_made(message: Message) -> Message:
    """The change leaves, the venue makes it, and Hark hears of that."""
    goes(message.change_item_id)
    changed_there(message_key=message.key)
    message.refresh_from_db()
    return message


def shown(agent: Agent, message: Message) -> MessageShown:
    [one] = messages_shown(agent, [message], at=database_now())
    return one


def test_words_change_when_the_venue_has_changed_them(tessa: Agent, shelf: Shelf, reply: Message) -> None:
    asked = changes(tessa, reply, "Take the 10:45 train.")
    assert shown(tessa, asked).change_text == "Take the 10:45 train."
    assert (asked.text, shelf.changes) == ("Take the 10:15 train.", [])
    done = is_made(asked)
    [change] = shelf.changes
    assert (change.text, change.gone, change.of) == ("Take the 10:45 train.", False, (reply.external_id,))
    assert done.text == "Take the 10:45 train."
    assert [(text, by) for _, text, by in shown(tessa, done).versions] == [("Take the 10:15 train.", "Tessa")]
    assert shown(tessa, done).change is None
    assert changed_there(message_key=reply.key) is False
    assert Event.objects.filter(kind="message.edited").count() == 1
    assert AuditEntry.objects.filter(verb="message.edited", subject=reply.key).count() == 1


def test_taken_away_keeps_its_words_here_and_none_there(tessa: Agent, shelf: Shelf, reply: Message) -> None:
    done = is_made(changes(tessa, reply, None))
    assert shelf.changes[0].gone
    assert shelf.changes[0].text == ""
    assert done.deleted_at
    assert done.text == "Take the 10:15 train."
    assert Case.objects.get().last_text == "It does not work."
    with pytest.raises(CannotChange):
        changes(tessa, done, "Again?")


def test_author_and_supervisor_may_and_nobody_else(
    inbox: Inbox, tessa: Agent, ruben: Agent, sven: Agent, reply: Message
) -> None:
    with pytest.raises(NotAllowed):
        changes(ruben, reply, "Mine now.")
    with pytest.raises(NotFound):
        changes(sven, reply, "Mine now.")
    lead = an_agent("Lea", inbox, role=Role.SUPERVISOR)
    done = is_made(changes(lead, reply, "Take the bus."))
    assert [by for _, _, by in shown(tessa, done).versions] == ["Lea"]
    assert done.agent == tessa


def test_one_key_is_one_change_and_one_change_at_a_time(tessa: Agent, shelf: Shelf, reply: Message) -> None:
    key = new_uuid()
    for _ in range(2):
        changes(tessa, reply, "One.", idempotency_key=key)
    with pytest.raises(CannotChange, match="on its way"):
        changes(tessa, reply, "Two.")
    reply.refresh_from_db()
    is_made(reply)
    assert [change.text for change in shelf.changes] == ["One."]
    is_made(changes(tessa, reply, "Two."))
    assert [change.text for change in shelf.changes] == ["One.", "Two."]


def test_what_the_author_has_not_seen_stops_it(tessa: Agent, reply: Message) -> None:
    with pytest.raises(ChangedMeanwhile):
        changes(tessa, reply, "New.", seen_text="Something else.")
    with pytest.raises(NothingWritten):
        changes(tessa, reply, "  ")
    with pytest.raises(CannotChange, match="takes 200"):
        changes(tessa, reply, "x" * 201)
    with pytest.raises(CannotChange, match="says that"):
        changes(tessa, reply, reply.text)


def test_undo_wins_until_it_has_left(tessa: Agent, shelf: Shelf, reply: Message) -> None:
    asked = changes(tessa, reply, "Oops.")
    assert take_change_back(message_id=asked.pk, author=acts(tessa)).change_item is None
    goes(asked.change_item_id)
    assert shelf.changes == []
    with pytest.raises(TooLateToTakeBack):
        take_change_back(message_id=asked.pk, author=acts(tessa))


def test_a_change_in_doubt_is_made_again_because_it_does_no_harm(tessa: Agent, shelf: Shelf, reply: Message) -> None:
    shelf.fails.extend([TAKEN_BUT_SILENT, Retry()])
    asked = changes(tessa, reply, "New words.")
    for _ in range(3):
        goes(asked.change_item_id)
    changed_there(message_key=reply.key)
    reply.refresh_from_db()
    assert [change.text for change in shelf.changes] == ["New words.", "New words."]
    assert reply.text == "New words."
    assert reply.versions.count() == 1


def test_a_refused_change_is_shown_with_the_words_of_the_venue_and_can_be_left(
    tessa: Agent, shelf: Shelf, reply: Message
) -> None:
    shelf.fails.append(Refused("late", "Too late for this venue."))
    asked = changes(tessa, reply, "New words.")
    goes(asked.change_item_id)
    asked = Message.objects.get(pk=asked.pk)
    told = shown(tessa, asked).change
    assert told
    assert told.words == "The change: refused: Too late for this venue."
    assert told.acts == ("send_again", "drop")
    settle_change(message_id=asked.pk, author=acts(tessa), how=Settlement.DROP)
    asked.refresh_from_db()
    assert (asked.change_item, asked.text) == (None, "Take the 10:15 train.")


def test_the_venue_says_what_can_be_changed_and_for_how_long(tessa: Agent, shelf: Shelf, reply: Message) -> None:
    from dataclasses import replace

    shelf.narrowed = replace(shelf.narrowed, deletes_out=False, change_seconds=900)
    at = database_now()
    assert changeable(reply, at=at).not_edited == ""
    assert changeable(reply, at=at).not_deleted == "Shelf does not let us take back what we have sent."
    assert "15 minutes" in changeable(reply, at=at + timedelta(minutes=16)).not_edited
    with pytest.raises(CannotChange):
        changes(tessa, reply, None)


def test_public_words_are_looked_over_and_need_the_same_yes_when_they_change(
    tessa: Agent, channel: Channel, shelf: Shelf
) -> None:
    case = a_case(channel, visibility=Visibility.PUBLIC, kind="post")
    message = answers(tessa, case, "It comes tomorrow at noon.", visibility=Visibility.PUBLIC)
    goes(message.outbox_item_id)
    private = "It comes tomorrow at one. Write to ann.jones@mail.example."
    with pytest.raises(LookAgain) as stopped:
        changes(tessa, message, private)
    assert [one.kind for one in stopped.value.findings] == ["email"]  # and not: the same answer again
    changes(tessa, message, private, despite=[one.code for one in stopped.value.findings])
    assert AuditEntry.objects.filter(verb="reply.overruled").count() == 1
    take_change_back(message_id=message.pk, author=acts(tessa))
    set_approval_of_agent(key=tessa.key, needed=True, actor=tessa)
    with pytest.raises(CannotChange, match="approves"):
        changes(tessa, message, "It comes tomorrow at one.")
    changes(tessa, message, None)  # taking it away says nothing new
