"""Which thread, which case, which clock: whatever the order, however many copies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hark.contacts.models import Contact
from hark.conversations.actions.thread import thread
from hark.conversations.models import Case, Clock, Conversation, Message, Reading
from hark.conversations.types import Status, Visibility
from hark.kernel.models import Event
from tests.journey.makers import at, known, make_agent, make_channel, make_inbox, make_message, make_reading

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def test_private_message_opens_a_conversation_a_case_and_a_clock() -> None:
    channel = make_channel()
    [told] = thread([make_message(channel, known(), text="My SIM will not activate. " * 9, subject="")])
    case = Case.objects.get(pk=told.case_id)
    assert told.opened_case
    assert (case.status, case.opened_because, case.inbox_id) == (Status.OPEN, "Private message", channel.inbox_id)
    assert case.title.startswith("My SIM will not activate.")
    assert len(case.title) <= 80
    clock = Clock.objects.get()
    assert (clock.kind, clock.segment, clock.started_at, clock.due_at) == ("first_response", 1, at(0), at(15))
    assert (case.due_at, case.last_message_at, case.last_inbound_at) == (at(15), at(0), at(0))
    assert (told.waiting_since, told.target_seconds) == (at(0), 900)
    assert kinds() == ["channel.connected", "case.opened", "message.received"]


def test_fifty_copies_in_one_batch_make_one_of_everything() -> None:
    channel = make_channel()
    message = make_message(channel, known())
    told = thread([message] * 50)
    assert [one.message_id is not None for one in told].count(True) == 1
    assert told[0].message_id
    counts = [model.objects.count() for model in (Message, Conversation, Case, Clock, Reading)]
    assert counts == [1, 1, 1, 1, 1]
    assert Case.objects.get().version == 1


def test_fifty_copies_in_many_batches_make_one_of_everything() -> None:
    channel, author = make_channel(), known()
    message = make_message(channel, author)
    told = [one for _ in range(25) for one in thread([message, replace(message)])]
    assert [one.message_id is not None for one in told].count(True) == 1
    counts = [model.objects.count() for model in (Message, Conversation, Case, Clock, Reading)]
    assert counts == [1, 1, 1, 1, 1]
    assert Case.objects.get().version == 1
    assert kinds().count("message.received") == 1


def test_message_without_a_reason_stays_in_the_stream() -> None:
    channel = make_channel()
    [told] = thread([make_message(channel, known(), case_reason="", visibility=Visibility.PUBLIC)])
    assert told.message_id
    assert told.case_id is None
    assert (Case.objects.count(), Clock.objects.count()) == (0, 0)
    event = Event.objects.get(kind="message.received")
    assert event.subject == Message.objects.get().key
    assert event.visitor == ""


def test_later_message_with_a_reason_makes_the_whole_thread_a_case() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, author, case_reason="")])
    [told] = thread([make_message(channel, author, 5, case_reason="About us and a complaint")])
    assert Conversation.objects.get().case_id == told.case_id
    assert Clock.objects.get().started_at == at(5)


def test_second_message_joins_its_case_and_leaves_the_clock_alone() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, author)])
    thread([make_message(channel, author, 3, text="Hello?")])
    case, clock = Case.objects.get(), Clock.objects.get()
    assert clock.started_at == at(0)
    assert (case.last_text, case.last_message_at, case.version, case.due_at) == ("Hello?", at(3), 2, at(15))


def test_late_message_is_put_in_its_place_and_the_customer_has_waited_since() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, author, 3, text="second")])
    thread([make_message(channel, author, 0, text="first", received_at=at(9))])
    case, clock = Case.objects.get(), Clock.objects.get()
    assert (case.last_text, case.last_message_at) == ("second", at(3))
    assert (clock.started_at, clock.due_at, case.due_at) == (at(0), at(15), at(15))


@pytest.mark.parametrize("posted", [at(60), at(-60 * 24 * 31)], ids=["in the future", "before the channel existed"])
def test_clock_starts_at_receipt_where_the_posted_time_cannot_be_true(posted: object) -> None:
    channel = make_channel()
    thread([replace(make_message(channel, known(), 1), sent_at=posted)])
    assert Clock.objects.get().started_at == at(1)


def test_backfilled_message_starts_no_clock_and_opens_no_case() -> None:
    thread([make_message(make_channel(), known(), backfilled=True)])
    assert (Message.objects.count(), Case.objects.count(), Clock.objects.count()) == (1, 0, 0)


def test_after_the_first_reply_a_message_starts_the_next_response_clock() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, author)])
    Clock.objects.update(stopped_at=at(2))
    Conversation.objects.update(first_responded_at=at(2), last_outbound_at=at(2))
    Case.objects.update(status=Status.WAITING, due_at=None)
    thread([make_message(channel, author, 5), make_message(channel, author, 6)])
    clock = Clock.objects.get(stopped_at=None)
    assert (clock.kind, clock.segment, clock.started_at, clock.due_at) == ("next_response", 1, at(5), at(35))
    case = Case.objects.get()
    assert (case.status, case.due_at) == (Status.OPEN, at(35))
    assert "case.status" in kinds()
    Clock.objects.update(stopped_at=at(7))
    thread([make_message(channel, author, 8)])
    assert Clock.objects.get(stopped_at=None).segment == 2


def test_message_on_a_resolved_case_opens_it_again_with_a_new_clock() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, author)])
    Clock.objects.update(stopped_at=at(2))
    Case.objects.update(status=Status.RESOLVED, resolved_at=at(2), mood_at_closing="angry", due_at=None)
    [told] = thread([make_message(channel, author, 60)])
    case = Case.objects.get()
    assert (case.status, case.resolved_at, case.mood_at_closing) == (Status.OPEN, None, "")
    assert "case.reopened" in kinds()
    assert not told.opened_case
    clock = Clock.objects.get(stopped_at=None)
    assert (clock.kind, clock.segment) == ("first_response", 2)  # nobody had ever answered


def test_stranger_without_a_reason_does_not_wake_somebody_elses_case() -> None:
    channel = make_channel()
    thread([make_message(channel, known())])
    Clock.objects.update(stopped_at=at(2))
    Case.objects.update(status=Status.RESOLVED, resolved_at=at(2))
    [told] = thread([make_message(channel, known("u2"), 5, case_reason="")])
    assert told.message_id
    assert told.waiting_since is None
    assert Case.objects.get().status == Status.RESOLVED
    assert not Clock.objects.filter(stopped_at=None).exists()


def test_same_words_by_the_same_person_join_the_open_case() -> None:
    inbox = make_inbox()
    one, two, author = make_channel(inbox), make_channel(inbox), known()
    reading = make_reading(duplicate_key="abc")
    [first] = thread([make_message(one, author, reading=reading)])
    [second] = thread([make_message(two, author, 1, reading=reading)])
    assert second.case_id == first.case_id
    assert not second.opened_case
    assert (Conversation.objects.count(), Case.objects.count()) == (2, 1)


def test_same_words_in_one_batch_join_one_case() -> None:
    inbox = make_inbox()
    channels, author = [make_channel(inbox) for _ in range(3)], known()
    told = thread([make_message(each, author, reading=make_reading(duplicate_key="abc")) for each in channels])
    assert len({one.case_id for one in told}) == 1


def test_same_words_by_somebody_else_or_in_another_inbox_or_after_the_end_open_a_case() -> None:
    inbox = make_inbox()
    channel, author, reading = make_channel(inbox), known(), make_reading(duplicate_key="abc")
    thread([make_message(channel, author, reading=reading)])
    thread([make_message(channel, known("u2"), thread_id="t2", reading=reading)])
    thread([make_message(make_channel(make_inbox("Other")), author, reading=reading)])
    assert Case.objects.count() == 3
    Case.objects.update(status=Status.RESOLVED)
    thread([make_message(channel, author, 3, thread_id="t3", reading=reading)])
    assert Case.objects.count() == 4


def test_words_in_common_are_told_only_where_there_is_a_key() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, author, thread_id=name) for name in ("a", "b")])
    assert Case.objects.count() == 2


def test_same_id_with_other_words_becomes_a_version_and_is_told() -> None:
    channel, author = make_channel(), known()
    message = make_message(channel, author, text="one")
    thread([message])
    [told] = thread([replace(message, text="two", received_at=at(4))])
    assert (told.message_id, told.changed) == (None, True)
    row = Message.objects.get()
    assert (row.text, row.edited_at, [each.text for each in row.versions.all()]) == ("two", at(4), ["one"])
    assert not thread([message])[0].changed  # a late copy of the first form takes nothing back
    assert Message.objects.get().text == "two"


def test_child_before_its_parent_shares_its_thread() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, known("u2"), 1, thread_id="", external_id="child", parent_id="root")])
    thread([make_message(channel, author, 0, thread_id="", external_id="root")])
    thread([make_message(channel, known("u2"), 2, thread_id="", external_id="grandchild", parent_id="child")])
    assert Conversation.objects.get().thread_key == "root"


def test_children_find_their_parents_within_a_batch_and_circles_end() -> None:
    channel, author = make_channel(), known()
    rows = [("c", "b"), ("b", "a"), ("a", ""), ("x", "y"), ("y", "x"), ("s", "s")]
    thread([make_message(channel, author, thread_id="", external_id=one, parent_id=two) for one, two in rows])
    assert Message.objects.filter(conversation__thread_key="a").count() == 3
    assert Message.objects.count() == 6


def test_thread_keys_of_two_channels_never_meet() -> None:
    author = known()
    thread([make_message(make_channel(), author), make_message(make_channel(), author)])
    assert Conversation.objects.count() == 2


def test_case_names_the_one_who_holds_it() -> None:
    channel, author, agent = make_channel(), known(), make_agent()
    thread([make_message(channel, author)])
    Case.objects.update(assignee=agent)
    [told] = thread([make_message(channel, author, 1)])
    assert told.holder_id == agent.pk


def test_subject_is_the_title_and_no_words_have_one_too() -> None:
    channel, author = make_channel(), known()
    with_subject = make_message(channel, author, thread_id="a", subject=" Invoice\n2026-09 ")
    thread([with_subject, make_message(channel, author, thread_id="b", text="")])
    assert sorted(Case.objects.values_list("title", flat=True)) == ["Invoice 2026-09", "Without words"]


def test_moods_follow_the_last_messages_and_are_kept_at_the_opening() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, author, minutes, reading=make_reading(score=-0.9)) for minutes in range(3)])
    assert Contact.objects.get(pk=author.contact_id).mood_level == "furious"
    assert Case.objects.get().mood_at_opening == "furious"
    thread([make_message(channel, author, 60 + minutes, reading=make_reading(score=0.8)) for minutes in range(10)])
    contact = Contact.objects.get(pk=author.contact_id)
    assert (contact.mood_level, contact.mood_value) == ("calm", 0.8)  # only the last ten count


def test_message_without_a_reading_is_kept_without_one() -> None:
    thread([make_message(make_channel(), known(), reading={})])
    assert (Message.objects.count(), Reading.objects.count()) == (1, 0)


def test_inbox_without_a_target_promises_nothing() -> None:
    thread([make_message(make_channel(make_inbox(first=0)), known())])
    assert Clock.objects.count() == 0
    assert Case.objects.get().due_at is None


def test_empty_batch_is_nothing() -> None:
    assert thread([]) == []


def test_two_threads_of_one_person_have_a_clock_each() -> None:
    channel, author = make_channel(), known()
    thread([make_message(channel, author, thread_id=name) for name in ("a", "b")])
    assert Clock.objects.values("conversation").distinct().count() == 2


def test_clock_of_another_conversation_of_the_case_is_not_taken_for_this_one() -> None:
    inbox = make_inbox()
    one, two, author = make_channel(inbox), make_channel(inbox), known()
    reading = make_reading(duplicate_key="abc")
    thread([make_message(one, author, reading=reading)])
    thread([make_message(two, author, 1, reading=reading)])
    assert Clock.objects.filter(stopped_at=None).count() == 2
    assert Case.objects.get().due_at == at(0) + timedelta(minutes=15)
