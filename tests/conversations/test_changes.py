"""Edited, deleted, our own, delivered: whatever the order, nothing is lost and nothing comes twice."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
from django.db import connection, transaction

from hark.contacts.models import Contact
from hark.contacts.types import SeenAuthor
from hark.conversations.actions.changes import apply_delete, apply_echo, apply_edit, apply_receipt, keep_order
from hark.conversations.actions.staging import ONLY_EDITED
from hark.conversations.actions.thread import thread
from hark.conversations.models import Case, Clock, Conversation, Message, MessageVersion, Reading, Tombstone
from hark.conversations.types import Deletion, Echo, IncomingMessage, ReceiptSeen, Status, Visibility
from hark.kernel.models import Event
from hark.organisation.models import Channel
from tests.journey.makers import at, known, make_channel, make_message, make_reading

pytestmark = pytest.mark.django_db


def make_echo(channel: Channel, minutes: float, **more: Any) -> Echo:
    fields: dict[str, Any] = {
        "arrival_id": None,
        "channel_id": channel.pk,
        "inbox_id": channel.inbox_id,
        "external_id": "native1",
        "thread_id": "t1",
        "author": SeenAuthor("square", "eu", "self", name="Plum"),
        "visibility": Visibility.PRIVATE,
        "kind": "direct",
        "text": "Please restart your phone.",
        "sent_at": at(minutes),
        "received_at": at(minutes),
    }
    return Echo(**{**fields, **more})


def kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def edit_of(message: IncomingMessage, minutes: float, text: str, **more: Any) -> IncomingMessage:
    return replace(message, text=text, sent_at=at(minutes), received_at=at(minutes), **more)


def test_edit_makes_a_version_and_reads_again() -> None:
    channel, author = make_channel(), known()
    message = make_message(channel, author, text="one", reading=make_reading(score=0.5))
    thread([message])
    [told] = apply_edit([edit_of(message, 2, "two", reading=make_reading(score=-0.5))])
    row = Message.objects.get()
    assert (row.text, row.edited_at, row.sent_at) == ("two", at(2), at(0))
    assert [version.text for version in row.versions.all()] == ["one"]
    assert Reading.objects.get().score == -0.5
    assert told.changed
    assert Case.objects.get().last_text == "two"
    assert kinds()[-1] == "message.edited"
    assert not apply_edit([edit_of(message, 2, "two")])[0].changed


def test_edit_of_an_unknown_message_becomes_it_with_a_note() -> None:
    channel, author = make_channel(), known()
    message = make_message(channel, author, text="one")
    [told] = apply_edit([edit_of(message, 2, "two")])
    row = Message.objects.get()
    assert (row.text, row.problem, row.edited_at) == ("two", ONLY_EDITED, at(2))
    assert told.opened_case
    thread([message])
    row.refresh_from_db()
    assert (row.text, row.problem, row.sent_at, row.edited_at) == ("two", "", at(0), at(2))
    assert [version.text for version in row.versions.all()] == ["one"]
    assert Clock.objects.get().started_at == at(0)
    assert Case.objects.get().due_at == at(15)


def test_edits_and_original_in_any_order_give_the_same_message() -> None:
    author = known()
    outcomes = set()
    for number, order in enumerate(permutations(range(3))):
        channel = make_channel()
        message = make_message(channel, author, thread_id=f"t{number}", text="one")
        acts = [lambda m=message: thread([m]), lambda m=message: apply_edit([edit_of(m, 2, "two")]),
                lambda m=message: apply_edit([edit_of(m, 4, "three")])]  # fmt: skip
        for place in order:
            acts[place]()
        row = Message.objects.get(channel=channel)
        versions = frozenset(row.versions.values_list("text", flat=True))
        outcomes.add((row.text, row.sent_at, row.edited_at, row.problem, versions - {row.text}))
    assert len(outcomes) == 1
    [(text, sent_at, edited_at, problem, versions)] = outcomes
    assert (text, sent_at, edited_at, problem) == ("three", at(0), at(4), "")
    assert versions == {"one", "two"}


def test_deletion_keeps_the_words_and_stops_a_clock_that_nobody_asks_for_any_more() -> None:
    channel, author = make_channel(), known()
    first, second = make_message(channel, author, text="one"), make_message(channel, author, 1, text="two")
    thread([first, second])
    apply_delete([Deletion(channel.pk, second.external_id, at(3))])
    assert Clock.objects.get().stopped_at is None
    assert Case.objects.get().last_text == "one"
    apply_delete([Deletion(channel.pk, first.external_id, at(4)), Deletion(channel.pk, first.external_id, at(5))])
    row = Message.objects.get(external_id=first.external_id)
    assert (row.text, row.deleted_at) == ("one", at(4))
    assert Clock.objects.get().stopped_at == at(4)
    assert (Case.objects.get().due_at, Case.objects.get().last_text) == (None, "")
    assert kinds().count("message.deleted") == 2


def test_deletion_that_comes_first_leaves_a_tombstone() -> None:
    channel, author = make_channel(), known()
    message = make_message(channel, author)
    apply_delete([Deletion(channel.pk, message.external_id, at(3))] * 2)
    assert Tombstone.objects.count() == 1
    [told] = thread([message])
    assert Message.objects.get().deleted_at == at(3)
    assert told.case_id is None
    assert (Case.objects.count(), Clock.objects.count()) == (0, 0)


def test_purged_words_are_gone_at_once_and_for_ever() -> None:
    channel, author = make_channel(), known()
    reasons = [{"field": "complaint", "why": "says 'SIM'"}]
    message = make_message(channel, author, text="private words", reading=make_reading(reasons=reasons))
    thread([message])
    apply_edit([edit_of(message, 1, "other private words")])
    apply_delete([Deletion(channel.pk, message.external_id, at(2), purge=True)])
    apply_edit([edit_of(message, 3, "late words")])
    thread([message])
    late = make_message(channel, author, text="never to be kept")
    apply_delete([Deletion(channel.pk, late.external_id, at(2), purge=True)])
    thread([late])
    assert set(Message.objects.values_list("text", flat=True)) == {""}
    assert MessageVersion.objects.count() == 0
    assert Case.objects.get().last_text == ""
    assert "SIM" not in str(list(Reading.objects.filter(message__external_id=message.external_id).values_list("data")))


def test_native_answer_is_shown_stops_the_clock_and_opens_no_case() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, author)])
    assert apply_echo([make_echo(channel, 5), make_echo(channel, 5)]) == ["native", "echo"]
    row = Message.objects.get(native=True)
    assert (row.direction, row.text, row.agent_id) == ("out", "Please restart your phone.", None)
    assert Clock.objects.get().stopped_at == at(5)
    case, conversation = Case.objects.get(), Conversation.objects.get()
    assert (case.status, case.due_at, case.last_text) == (Status.WAITING, None, "Please restart your phone.")
    assert (conversation.first_responded_at, conversation.last_outbound_at) == (at(5), at(5))
    assert kinds()[-3:] == ["message.sent", "case.replied", "case.status"]


def test_native_post_of_our_own_opens_a_thread_without_a_case_and_takes_its_first_customer() -> None:
    channel = make_channel()
    assert apply_echo([make_echo(channel, 0)]) == ["native"]
    conversation = Conversation.objects.get()
    assert conversation.first_responded_at is None  # nobody had asked
    assert Case.objects.count() == 0
    author = known()
    thread([make_message(channel, author, 3)])
    conversation.refresh_from_db()
    assert conversation.contact_id == author.contact_id
    assert Clock.objects.get().kind == "first_response"
    assert Contact.objects.filter(name="Plum").exists()


def test_question_and_native_answer_in_any_order_leave_the_same_case() -> None:
    author = known()
    outcomes = set()
    for number, order in enumerate(permutations(range(3))):
        channel, name = make_channel(), f"t{number}"
        acts: list[Callable[[], object]] = [
            lambda c=channel, t=name: thread([make_message(c, author, 0, thread_id=t)]),
            lambda c=channel, t=name: apply_echo([make_echo(c, 5, thread_id=t)]),
            lambda c=channel, t=name: thread([make_message(c, author, 9, thread_id=t)]),
        ]  # type: ignore[list-item]
        for place in order:
            acts[place]()
        case, conversation = Case.objects.get(conversations__channel=channel), Conversation.objects.get(channel=channel)
        running = [(one.kind, one.started_at) for one in case.clocks.filter(stopped_at=None)]
        outcomes.add(
            (case.status, case.due_at, conversation.first_responded_at, conversation.last_inbound_at, *running)
        )
    assert outcomes == {(Status.OPEN, at(39), at(5), at(9), ("next_response", at(9)))}


def test_receipt_of_a_message_that_is_not_ours_is_told() -> None:
    assert apply_receipt([ReceiptSeen(make_channel().pk, "nobody", "delivered")]) == [False]


@pytest.mark.django_db(transaction=True)
def test_message_and_its_deletion_at_the_same_time_do_not_pass_each_other() -> None:
    channel, author = make_channel(), known()

    def add(message: IncomingMessage) -> None:
        with transaction.atomic():
            keep_order(deleting=[], adding=[channel.pk])
            thread([message])

    def delete(message: IncomingMessage, when: datetime) -> None:
        with transaction.atomic():
            keep_order(deleting=[channel.pk], adding=[])
            apply_delete([Deletion(channel.pk, message.external_id, when)])

    errors: list[Exception] = []

    def work(act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - told to the test
            errors.append(error)
        finally:
            connection.close()

    for number in range(12):
        message = make_message(channel, author, thread_id=f"t{number}")
        both = [threading.Thread(target=work, args=(lambda m=message: add(m),)),
                threading.Thread(target=work, args=(lambda m=message: delete(m, at(1)),))]  # fmt: skip
        for one in both:
            one.start()
        for one in both:
            one.join()
    assert errors == []
    assert Message.objects.count() == 12
    assert not Message.objects.filter(deleted_at=None).exists()
