"""Arrivals through the stages: once, in any order, whatever stands between them."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hark.channels.registry import register_for_tests
from hark.contacts.models import Contact, Identity
from hark.conversations.models import Case, Clock, Conversation, Message, Reading
from hark.intake.actions import claim, replay
from hark.intake.models import Arrival
from hark.intake.types import ArrivalState
from hark.kernel.models import Event
from hark.kernel.time import database_now, now
from hark.organisation.models import Channel
from hark.organisation.types import Role
from hark.routing.models import WorkItem
from tests.journey.makers import make_agent, make_channel, make_inbox, numbers
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db

COUNTED = (Message, Conversation, Case, Clock, Reading)


def counts() -> list[int]:
    return [model._default_manager.count() for model in COUNTED]


def outcomes() -> list[str]:
    return list(Arrival.objects.order_by("id").values_list("outcome", flat=True))


def test_private_message_travels_from_its_bytes_to_work_for_an_agent() -> None:
    channel = make_channel()
    arrive(channel, direct(1, text="My eSIM will not activate and I fly tomorrow."))
    drain()
    message = Message.objects.select_related("conversation__case", "identity__contact").get()
    case = message.conversation.case
    assert case is not None
    assert (case.opened_because, case.title) == ("Private message", "My eSIM will not activate and I fly tomorrow.")
    assert message.arrival_id == Arrival.objects.get().pk
    assert (message.identity and message.identity.network) == "simulated"
    assert Contact.objects.get().name == "Name of u1"
    assert WorkItem.objects.get().case_id == case.pk
    assert WorkItem.objects.get().target_seconds == channel.inbox.first_response_seconds
    assert outcomes() == ["message"]
    assert Arrival.objects.get().state == ArrivalState.DONE
    reading = Reading.objects.get()
    assert (reading.language, reading.model_version != "") == ("en", True)
    assert reading.data["reasons"]


def test_fifty_copies_in_one_and_in_several_batches_make_one_of_everything() -> None:
    channel, said = make_channel(), direct(1)
    for number in range(30):
        arrive(channel, said, key=f"delivery {number}")
    drain()
    for number in range(30, 50):
        arrive(channel, said, key=f"delivery {number}")
        drain()
    assert counts() == [1, 1, 1, 1, 1]
    assert sorted(outcomes()) == ["duplicate"] * 49 + ["message"]
    assert WorkItem.objects.count() == 1


def test_call_with_several_events_has_one_word_for_them_all() -> None:
    channel = make_channel()
    arrive(channel, [direct(1), direct(2)], [direct(3), direct(3, type="reaction", id="r1", of="p1")], [])
    drain()
    assert outcomes() == ["message", "several", "nothing"]
    assert Message.objects.count() == 3


def test_what_cannot_be_read_is_parked_at_once_and_the_rest_of_its_call_is_shown() -> None:
    channel = make_channel()
    arrive(channel, [direct(1), {"type": "hologram", "id": "h1"}], b"\xff not json")
    drain()
    assert Message.objects.count() == 1
    assert list(Arrival.objects.values_list("state", flat=True)) == [ArrivalState.PARKED] * 2
    first = Arrival.objects.order_by("id")[0]
    assert first.error == "could not be fully read: an event of unknown type"
    assert Event.objects.filter(kind="arrival.parked").count() == 2
    replay(arrival_id=first.pk, actor=make_agent(role=Role.OWNER))
    drain()
    assert Message.objects.count() == 1  # read again: still unknown, and nothing twice
    assert Arrival.objects.get(pk=first.pk).state == ArrivalState.PARKED


def test_noise_stays_in_the_stream_without_case_or_work() -> None:
    channel = make_channel()
    arrive(
        channel, direct(1, type="post", audience="public", targets_us="keyword", text="plum jam bubbling, smells fine")
    )
    drain()
    assert (Message.objects.count(), Case.objects.count(), WorkItem.objects.count()) == (1, 0, 0)


def test_post_without_an_author_is_by_somebody_who_is_not_named() -> None:
    channel = make_channel()
    arrive(channel, direct(1, author=None), direct(2, author=None))
    drain()
    assert Identity.objects.filter(scope="unnamed").count() == 2
    assert set(Message.objects.values_list("problem", flat=True)) == {"the author is not named"}


def test_edits_deletions_and_echoes_go_their_way() -> None:
    channel = make_channel()
    arrive(
        channel,
        direct(1),
        direct(2),
        direct("e1", type="edit", of="p1", text="Line 1, better."),
        direct("d1", type="delete", of="p2"),
        direct("own", author={"id": "self"}, text="Have you tried to restart it?"),
        direct("r1", type="receipt", of="p9", state="delivered"),
        direct("x1", type="edit", of="nobody knows", author=None),
    )
    drain()
    assert outcomes() == ["message", "message", "edit", "delete", "native", "foreign", ""]
    assert Message.objects.get(external_id="p1").text == "Line 1, better."
    assert Message.objects.get(external_id="p2").deleted_at
    native = Message.objects.get(external_id="pown")
    assert (native.native, native.direction) == (True, "out")
    assert not Clock.objects.filter(stopped_at=None).exists()
    last = Arrival.objects.order_by("-id")[0]
    assert (last.state, last.error) == (ArrivalState.RECEIVED, "This edits a message that has not reached us.")
    assert not Contact.objects.filter(name="Plum").exists()


def test_edit_by_nobody_named_is_read_again_when_its_message_has_come() -> None:
    channel = make_channel()
    arrive(channel, direct("x1", type="edit", of="p1", author=None, text="better"))
    drain()
    arrive(channel, direct(1))
    drain()
    assert Message.objects.get().text != "better"
    Arrival.objects.update(not_before=None)
    drain()
    assert Message.objects.get().text == "better"


def test_words_no_database_can_hold_are_made_fit_and_shown() -> None:
    channel = make_channel()
    arrive(channel, direct(1, text="nul \u0000 and \ud800 lone", subject="\u0000"))
    drain()
    assert Message.objects.get().text == "nul \ufffd and \ufffd lone"


def test_time_that_cannot_be_read_is_that_of_receipt() -> None:
    channel, received = make_channel(), now() - timedelta(hours=3)
    arrive(channel, direct(1, at="yesterday"), at=received)
    drain()
    message = Message.objects.get()
    assert (message.sent_at, message.problem) == (received, "the time cannot be read")


def test_arrivals_whose_lease_was_lost_are_left_to_whoever_has_them() -> None:
    channel = make_channel()
    arrive(channel, direct(1))
    claim(worker=0, workers=1, limit=10)
    drain()
    assert Message.objects.count() == 0  # somebody else reads it
    Arrival.objects.update(lease_until=database_now() - timedelta(seconds=1))
    drain()
    assert Message.objects.count() == 1


# Words that are nobody's near-duplicates: those would join one case, whichever came first.
WORDS = (
    "No signal at home",
    "Invoice is wrong",
    "Moving my number",
    "App keeps crashing",
    "Roaming in Porto",
    "Lost my SIM",
    "Bye",
)
lines = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["u1", "u2"])), min_size=2, max_size=7)


@given(lines=lines, data=st.data())
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_order_of_arrival_gives_the_same_threads(lines: list[tuple[int, str]], data: st.DataObject) -> None:
    start = now() - timedelta(hours=1)
    calls = []
    for number, (thread, who) in enumerate(lines):
        at = (start + timedelta(minutes=number)).isoformat()
        calls.append(direct(number, f"t{thread}", who, at=at, text=WORDS[number]))
        if number % 3 == 0:
            calls.append(
                direct(f"e{number}", f"t{thread}", who, type="edit", of=f"p{number}", at=at, text=f"{WORDS[number]}!")
            )
    in_order, shuffled = (make_channel(make_inbox(f"Inbox {next(numbers)}")) for _ in range(2))
    arrive(in_order, *calls)
    drain()
    for call in data.draw(st.permutations(calls)):
        arrive(shuffled, call)
        if data.draw(st.booleans()):
            drain()
    drain()
    assert shown(in_order) == shown(shuffled)


def shown(channel: Channel) -> list[object]:
    """What an agent sees of a channel: threads in order, their cases and clocks."""
    threads = []
    for thread in Conversation.objects.filter(channel=channel).select_related("case").order_by("thread_key"):
        rows = thread.messages.order_by("sent_at", "external_id")
        messages = [(row.external_id, row.text, row.sent_at, row.problem, bool(row.edited_at)) for row in rows]
        case = thread.case
        assert case is not None
        clocks = [(clock.kind, clock.segment) for clock in case.clocks.filter(conversation=thread)]
        threads.append(
            (thread.thread_key, thread.last_inbound_at, messages, case.last_message_at, case.last_text, clocks)
        )
    return threads


def test_venue_that_is_not_installed_any_more_leaves_its_arrivals_readable_later() -> None:
    channel = make_channel()
    arrive(channel, direct(1))
    Channel.objects.filter(pk=channel.pk).update(venue="gone")
    drain()
    arrival = Arrival.objects.get()
    assert (arrival.state, "no venue of this name" in arrival.error) == (ArrivalState.RECEIVED, True)
    with register_for_tests():
        Channel.objects.filter(pk=channel.pk).update(venue="simulated")
        Arrival.objects.update(not_before=None)
        drain()
    assert Message.objects.count() == 1
