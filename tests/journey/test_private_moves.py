"""From public to private and back into one case; who wants no more messages; windows that close."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from hark.contacts.models import Identity
from hark.conversations.actions.cases import open_case_by_hand
from hark.conversations.actions.elsewhere import answered_there, went_there
from hark.conversations.actions.moving import move_to_private
from hark.conversations.actions.reply import take_back
from hark.conversations.errors import CannotReply, NewerMessage, TooLateToTakeBack
from hark.conversations.models import Case, Clock, Conversation, Draft, Message
from hark.conversations.queries.cases import View, case_page
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.types import Status, Visibility
from hark.delivery.actions import settle
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState, Settlement
from hark.journey.ledger import check
from hark.kernel.ids import new_uuid
from hark.kernel.models import Event
from hark.kernel.time import database_now, now
from hark.organisation.models import Agent, Channel
from hark.organisation.types import Role
from hark.routing.models import WorkItem
from tests.conversations.desk import acts, an_agent, answers
from tests.journey.makers import make_channel, make_inbox
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db


def in_public(number: int | str, text: str, **more: Any) -> dict[str, Any]:
    """A post that speaks to us, which opens a case."""
    return direct(number, text=text, **{"type": "post", "thread": f"t{number}", "targets_us": "mention", **more})


@pytest.fixture
def channel() -> Channel:
    return make_channel(moves="reply_once", max_length=500)


@pytest.fixture
def tessa() -> Agent:
    return an_agent("Tessa", role=Role.OWNER)


def moved(channel: Channel, tessa: Agent) -> Case:
    """A public complaint whose author we have asked into private."""
    arrive(channel, in_public("p", "@plumcare my invoice is wrong for the third time"))
    drain()
    case = Case.objects.get()
    answers(tessa, case, "Please tell me your number here.", visibility=Visibility.PRIVATE)
    return case


def test_what_is_said_in_private_goes_on_in_the_case_that_moved(channel: Channel, tessa: Agent) -> None:
    case = moved(channel, tessa)
    assert OutboxItem.objects.get().payload["private_of"] == "pp"
    arrive(channel, direct("d", thread="dm-1", text="It is 4711."))
    drain()
    case.refresh_from_db()
    assert Case.objects.count() == 1
    assert set(Conversation.objects.filter(case=case).values_list("thread_key", flat=True)) == {"tp", "dm-1"}
    assert case.status == Status.OPEN


@pytest.mark.parametrize("why", ["somebody else", "in public again", "long ago", "resolved", "not moved"])
def test_nobody_is_led_into_another_case(channel: Channel, tessa: Agent, why: str) -> None:
    case = moved(channel, tessa)
    if why == "long ago":
        Message.objects.filter(moved=True).update(sent_at=F("sent_at") - timedelta(days=8))
    if why == "resolved":
        Case.objects.filter(pk=case.pk).update(status=Status.RESOLVED)
    if why == "not moved":
        Message.objects.update(moved=False)
    who = "u2" if why == "somebody else" else "u1"
    if why == "in public again":
        arrive(channel, in_public("q", "@plumcare where is the shop in Ghent?", thread="t-other"))
    else:
        arrive(channel, direct("d", thread="dm-1", who=who, text="Something else: where is the shop?"))
    drain()
    assert Case.objects.count() == 2


def test_one_private_message_is_allowed_and_the_second_says_why_not(channel: Channel, tessa: Agent) -> None:
    case = moved(channel, tessa)
    [way] = ways_to_answer(tessa, case)
    assert way.visibilities == (Visibility.PUBLIC,)
    assert "one private message" in way.refusals[Visibility.PRIVATE]
    with pytest.raises(CannotReply, match="one private message"):
        answers(tessa, case, "And your name?", visibility=Visibility.PRIVATE)
    answers(tessa, case, "I have written to you.", visibility=Visibility.PUBLIC)


def test_stop_closes_the_way_and_what_waits_does_not_leave(channel: Channel, tessa: Agent) -> None:
    arrive(channel, direct(1, text="Where is my parcel?"))
    drain()
    case = Case.objects.get()
    answers(tessa, case, "On its way.")
    arrive(channel, {**direct(2, text="STOP"), "type": "stop"})
    drain()
    assert Identity.objects.get(key="u1").wants_none
    OutboxItem.objects.update(not_before=F("not_before") - timedelta(minutes=10))
    while send_due():
        pass
    item = OutboxItem.objects.get()
    assert (item.state, item.error) == (OutboxState.REFUSED, "This person has asked for no more messages here.")
    [way] = ways_to_answer(tessa, case)[:1]
    assert way.closed_because == "This person has asked for no more messages here."


def test_later_wish_counts_whichever_comes_first(channel: Channel) -> None:
    arrive(channel, {**direct(2, text="STOP"), "type": "stop"})
    drain()
    Identity.objects.filter(key="u1").update(started_at=now() + timedelta(minutes=1))
    arrive(channel, {**direct(3, text="STOP"), "type": "stop", "at": (now() - timedelta(days=1)).isoformat()})
    drain()
    assert not Identity.objects.get(key="u1").wants_none


def test_a_window_that_has_closed_is_said_before_anything_is_written(channel: Channel, tessa: Agent) -> None:
    arrive(channel, direct(1, text="Hello?", reply_until=(now() + timedelta(hours=1)).isoformat()))
    drain()
    case = Case.objects.get()
    [way] = ways_to_answer(tessa, case)
    assert not way.closed_because
    assert way.standing.window_ends
    Message.objects.update(reply_until=now() - timedelta(seconds=1))
    [way] = ways_to_answer(tessa, case)
    assert "time in which this venue lets us answer is over" in way.closed_because


def in_review(channel: Channel, tessa: Agent) -> Case:
    """A public complaint that Hark may not answer: the one reply has been given."""
    arrive(channel, in_public("p", "@plumcare my invoice is wrong", permalink="https://square.example/p"))
    drain()
    return Case.objects.get()


def test_answered_at_the_venue_stops_the_clock_and_the_echo_takes_its_place(channel: Channel, tessa: Agent) -> None:
    case = in_review(channel, tessa)
    conversation, key = Conversation.objects.get(), new_uuid()
    went_there(case_id=case.pk, conversation_id=conversation.pk, author=acts(tessa))
    for _ in range(2):
        answered_there(
            case_id=case.pk,
            conversation_id=conversation.pk,
            author=acts(tessa),
            text="We look into it. /Tessa",
            visibility=Visibility.PUBLIC,
            key=key,
        )
    ours = Message.objects.get(direction="out")
    case.refresh_from_db()
    assert (case.status, case.assignee, ours.native, ours.agent) == (Status.WAITING, tessa, True, tessa)
    assert Clock.objects.get().stopped_at is not None
    assert not OutboxItem.objects.exists()
    assert [each.kind for each in Event.objects.filter(kind="case.went_there")] == ["case.went_there"]
    own = {"id": "self", "name": "Plum"}
    arrive(channel, in_public("own", "We look into it! /Tessa", thread="tp", author=own))
    drain()
    ours = Message.objects.get(direction="out")
    assert (ours.external_id, ours.text, ours.agent) == ("pown", "We look into it! /Tessa", tessa)
    assert check().findings == []


@pytest.mark.parametrize(("hours", "seconds"), [(1, 3600), (5, 7200), (-1, 7200), (None, 7200)])
def test_promise_is_due_before_the_window_closes(hours: float | None, seconds: int) -> None:
    channel, at = make_channel(make_inbox("Slow", first=7200)), now()
    until = {} if hours is None else {"reply_until": (at + timedelta(hours=hours)).isoformat()}
    arrive(channel, direct(1, text="Hello?", at=at.isoformat(), **until))
    drain()
    due, clock = at + timedelta(seconds=seconds), Clock.objects.get()
    assert (clock.due_at, clock.target_seconds) == (due, seconds)
    assert Case.objects.get().due_at == due
    assert WorkItem.objects.get().target_seconds == seconds
    assert check().findings == []


def test_case_whose_window_ends_comes_before_an_older_one(tessa: Agent) -> None:
    channel, at = make_channel(make_inbox("Slow", first=7200)), now()
    for number, minutes, hours in (("a", 30, 24), ("b", 5, 1)):
        until = (at + timedelta(hours=hours)).isoformat()
        posted = (at - timedelta(minutes=minutes)).isoformat()
        arrive(channel, direct(number, thread=number, who=number, text=number, at=posted, reply_until=until))
    drain()
    rows = case_page(tessa, View.UNASSIGNED, at=database_now()).rows
    assert [row.text for row in rows] == ["b", "a"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_soonest_window_of_what_waits_holds_in_any_order(order: tuple[int, int]) -> None:
    channel, at = make_channel(make_inbox("Slow", first=7200)), now()
    said = [
        direct(number, text="Hello?", at=(at - timedelta(minutes=ago)).isoformat(),
               reply_until=(at + timedelta(minutes=ends)).isoformat())
        for number, ago, ends in ((1, 20, 80), (2, 5, 60))
    ]  # fmt: skip
    for place in order:
        arrive(channel, said[place])
        drain()
    clock = Clock.objects.get()
    assert (clock.started_at, clock.due_at) == (at - timedelta(minutes=20), at + timedelta(minutes=60))


def test_case_opened_by_hand_is_due_before_the_window_closes(tessa: Agent) -> None:
    channel, at = make_channel(make_inbox("Slow", first=7200)), now()
    until = (at + timedelta(hours=1)).isoformat()
    arrive(channel, in_public("p", "plums for sale", targets_us="none", at=at.isoformat(), reply_until=until))
    drain()
    open_case_by_hand(message_id=Message.objects.get().pk, author=acts(tessa))
    assert Clock.objects.get().due_at == at + timedelta(hours=1)


LINE = "We have written to you privately."


def moves_with_a_line(tessa: Agent, case: Case, **more: Any) -> Message:
    """The private answer and the line in public, as the composer sends them."""
    conversation = Conversation.objects.get(case=case)
    fields: dict[str, Any] = {
        "line": LINE,
        "readers": Visibility.PUBLIC,
        "case_id": case.pk,
        "conversation_id": conversation.pk,
        "author": acts(tessa),
        "text": "Please tell me your number here.",
        "visibility": Visibility.PRIVATE,
        "idempotency_key": new_uuid(),
        "seen_message_id": conversation.messages.latest("id").pk,
        "send_anyway": False,
        **more,
    }
    return move_to_private(**fields)


def test_private_answer_and_its_line_in_public_are_one_act(channel: Channel, tessa: Agent) -> None:
    case, key = in_review(channel, tessa), new_uuid()
    for _ in range(2):
        private = moves_with_a_line(tessa, case, idempotency_key=key)
    ours = Message.objects.filter(direction="out").order_by("id")
    assert [(one.text, one.visibility, one.moved) for one in ours] == [
        (LINE, Visibility.PUBLIC, False),
        ("Please tell me your number here.", Visibility.PRIVATE, True),
    ]
    assert private == ours[1]
    rows = OutboxItem.objects.order_by("id")
    assert [row.payload["private_of"] for row in rows] == ["", "pp"]
    assert rows[1].idempotency_key == key != rows[0].idempotency_key
    OutboxItem.objects.update(not_before=F("not_before") - timedelta(minutes=10))
    while send_due():
        pass
    assert {row.state for row in OutboxItem.objects.all()} == {OutboxState.SENT}


@pytest.mark.parametrize("why", ["the line", "the private one", "somebody wrote", "not public"])
def test_what_stops_one_of_the_two_stops_both(channel: Channel, tessa: Agent, why: str) -> None:
    case = in_review(channel, tessa)
    changes: dict[str, dict[str, Any]] = {
        "the line": {"line": "long " * 101},
        "the private one": {"text": "long " * 101, "whole": True},
        "somebody wrote": {"seen_message_id": 0},
        "not public": {"readers": Visibility.PRIVATE},
    }
    with pytest.raises(NewerMessage if why == "somebody wrote" else CannotReply):
        moves_with_a_line(tessa, case, **changes[why])
    case.refresh_from_db()
    assert not Message.objects.filter(direction="out").exists()
    assert not OutboxItem.objects.exists()
    assert case.status == Status.OPEN


def test_second_private_message_is_refused_with_its_line(channel: Channel, tessa: Agent) -> None:
    case = moved(channel, tessa)
    with pytest.raises(CannotReply, match="one private message"):
        moves_with_a_line(tessa, case)
    assert OutboxItem.objects.count() == 1


def test_taking_the_private_answer_back_takes_its_line_back(channel: Channel, tessa: Agent) -> None:
    case = in_review(channel, tessa)
    private = moves_with_a_line(tessa, case)
    assert take_back(message_id=private.pk, author=acts(tessa)) == "Please tell me your number here."
    assert {row.state for row in OutboxItem.objects.all()} == {OutboxState.CANCELLED}
    assert not Message.objects.filter(direction="out", deleted_at=None).exists()
    assert Draft.objects.get().text == "Please tell me your number here."


def test_once_the_line_has_left_neither_is_taken_back(channel: Channel, tessa: Agent) -> None:
    case = in_review(channel, tessa)
    private = moves_with_a_line(tessa, case)
    OutboxItem.objects.filter(pk=Message.objects.get(text=LINE).outbox_item_id).update(state=OutboxState.SENDING)
    with pytest.raises(TooLateToTakeBack):
        take_back(message_id=private.pk, author=acts(tessa))
    assert OutboxItem.objects.filter(state=OutboxState.QUEUED).count() == 1
    assert Message.objects.filter(direction="out", deleted_at=None).count() == 2


def told(case: Case, tessa: Agent, text: str) -> Message:
    return answered_there(
        case_id=case.pk,
        conversation_id=Conversation.objects.get().pk,
        author=acts(tessa),
        text=text,
        visibility=Visibility.PUBLIC,
        key=new_uuid(),
    )


def test_what_a_colleague_answers_to_somebody_else_in_the_thread_is_not_taken_for_it(
    channel: Channel, tessa: Agent
) -> None:
    case = in_review(channel, tessa)
    ours = told(case, tessa, "We look into your invoice.")
    arrive(channel, in_public("q", "Mine is wrong too", thread="tp", who="u2", parent="pp"))
    own = {"id": "self", "name": "Plum"}
    arrive(channel, in_public("other", "Please call us.", thread="tp", parent="pq", author=own))
    drain()
    ours.refresh_from_db()
    assert ours.text == "We look into your invoice."
    assert Message.objects.filter(direction="out").count() == 2
    arrive(channel, in_public("it", "We look into  your invoice.", thread="tp", author=own))
    drain()
    ours.refresh_from_db()
    assert ours.external_id == "pit"


def test_what_an_agent_told_is_kept_when_other_words_stand_there(channel: Channel, tessa: Agent) -> None:
    ours = told(in_review(channel, tessa), tessa, "We look into it.")
    arrive(channel, in_public("own", "We are looking.", thread="tp", author={"id": "self", "name": "Plum"}))
    drain()
    ours.refresh_from_db()
    assert (ours.text, [one.text for one in ours.versions.all()]) == ("We are looking.", ["We look into it."])


def test_a_reply_in_doubt_is_not_sent_again_to_somebody_who_wants_no_more(channel: Channel, tessa: Agent) -> None:
    arrive(channel, direct(1, text="Where is my parcel?"))
    drain()
    answers(tessa, Case.objects.get(), "On its way.")
    OutboxItem.objects.update(state=OutboxState.AMBIGUOUS, may_have_left=True)
    arrive(channel, {**direct(2, text="STOP"), "type": "stop"})
    drain()
    settle(item_id=OutboxItem.objects.get().pk, how=Settlement.SEND_AGAIN, actor=tessa.key)
    while send_due():
        pass
    assert OutboxItem.objects.get().state == OutboxState.REFUSED
