"""Events have their effects once each, in order; one that fails holds up nobody."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from hark.conversations.models import Case, Clock, Message
from hark.conversations.types import Status
from hark.journey import reacting
from hark.journey.actions import BACK_OFF_SECONDS
from hark.journey.jobs import react_step
from hark.journey.models import FailedReaction
from hark.journey.reacting import READER
from hark.journey.reactions import REACTIONS, Reaction
from hark.kernel.actions import move_reader, record
from hark.kernel.models import Event
from hark.kernel.queries import newest_position, reader_position
from hark.kernel.types import JournalEvent, NewEvent
from hark.routing.models import WorkItem
from tests.journey.makers import make_channel
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def from_now_on() -> None:
    """Earlier tests' events are none of our business."""
    move_reader(name=READER, position=newest_position())


@pytest.fixture
def table() -> Iterator[dict[str, tuple[Reaction, ...]]]:
    """The table of reactions, for the test to add to."""
    before = dict(REACTIONS)
    yield REACTIONS
    REACTIONS.clear()
    REACTIONS.update(before)


def react() -> None:
    """Until nothing is left."""
    while react_step():
        pass


def tell(*kinds: str) -> None:
    """Events that the product does not know."""
    record([NewEvent(kind, f"x_{number}") for number, kind in enumerate(kinds)])


def test_reaction_happens_once_and_in_order(table: dict[str, tuple[Reaction, ...]]) -> None:
    seen: list[tuple[str, str]] = []
    table["test.one"] = (
        lambda event: seen.append(("first", event.subject)),
        lambda event: seen.append(("second", event.subject)),
    )
    tell("test.one", "test.other", "test.one")
    react()
    react()
    assert seen == [("first", "x_0"), ("second", "x_0"), ("first", "x_2"), ("second", "x_2")]
    assert reader_position(READER) == newest_position()


def test_events_nobody_reacts_to_cost_no_write_until_a_page_of_them_is_full() -> None:
    before = reader_position(READER)
    tell(*["test.dull"] * (reacting.LOOKED_AT - 1))
    react()
    assert reader_position(READER) == before
    tell("test.dull")
    react()
    assert reader_position(READER) == newest_position()


def test_failing_reaction_is_undone_tried_again_and_set_aside_while_others_go_on(
    table: dict[str, tuple[Reaction, ...]],
) -> None:
    seen: list[str] = []

    def breaks(event: JournalEvent) -> None:
        record([NewEvent("test.half_done", event.subject)])
        raise ZeroDivisionError("words of a customer")

    def goes_on(event: JournalEvent) -> None:
        seen.append(event.subject)

    table["test.bad"] = (breaks, goes_on)
    tell("test.bad", "test.bad")
    react()
    assert seen == ["x_0", "x_1"]
    assert not Event.objects.filter(kind="test.half_done").exists()
    failed = FailedReaction.objects.order_by("id")[0]
    assert (failed.reaction, failed.tries, failed.set_aside_at) == ("breaks", 1, None)
    assert failed.error.startswith("ZeroDivisionError")
    assert "customer" not in failed.error
    for _ in BACK_OFF_SECONDS:
        FailedReaction.objects.update(not_before=failed.not_before)
        connection.cursor().execute("SELECT pg_sleep(0.01)")
        FailedReaction.objects.update(not_before="2020-01-01T00:00:00Z")
        react()
    assert set(FailedReaction.objects.values_list("tries", flat=True)) == {5}
    assert not FailedReaction.objects.filter(set_aside_at=None).exists()
    told = Event.objects.filter(kind="reaction.set_aside", subject="x_0").order_by("-id")[0]
    assert told.data == {"kind": "test.bad", "reaction": "breaks"}
    react()
    assert seen == ["x_0", "x_1"]


def test_reaction_that_succeeds_later_is_forgotten(table: dict[str, tuple[Reaction, ...]]) -> None:
    works: list[bool] = []

    def sometimes(event: JournalEvent) -> None:
        if not works:
            raise ZeroDivisionError

    table["test.shaky"] = (sometimes,)
    tell("test.shaky")
    react()
    assert FailedReaction.objects.count() == 1
    works.append(True)
    FailedReaction.objects.update(not_before="2020-01-01T00:00:00Z")
    react()
    assert FailedReaction.objects.count() == 0


def test_two_workers_react_once(table: dict[str, tuple[Reaction, ...]]) -> None:
    def count(event: JournalEvent) -> None:
        record([NewEvent("test.counted", event.subject)])

    table["test.twice"] = (count,)
    before = Event.objects.filter(kind="test.counted").count()
    for _ in range(20):
        with transaction.atomic():
            tell("test.twice")

    def work() -> None:
        react()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    react()
    assert Event.objects.filter(kind="test.counted").count() - before == 20


def test_answered_case_needs_nobody_any_more_and_a_failed_reply_needs_somebody_again() -> None:
    arrive(make_channel(), direct(1))
    drain()
    case, message = Case.objects.get(), Message.objects.get()
    assert WorkItem.objects.get().state == "queued"
    Case.objects.update(status=Status.WAITING)
    record([NewEvent("case.replied", case.key, "agent_x", data={"case": case.key})])
    react()
    assert WorkItem.objects.get().state == "done"
    record([NewEvent("message.state", case.key, data={"message": message.key, "case": case.key, "state": "sending"})])
    react()
    assert Case.objects.get().status == Status.WAITING
    record([NewEvent("message.state", case.key, data={"message": message.key, "case": case.key, "state": "refused"})])
    react()
    assert Case.objects.get().status == Status.OPEN
    live = WorkItem.objects.get(state="queued")
    assert live.arrived_at == Clock.objects.get().started_at


def test_message_after_the_answer_keeps_its_work() -> None:
    channel = make_channel()
    arrive(channel, direct(1))
    drain()
    case = Case.objects.get()
    record([NewEvent("case.replied", case.key, "agent_x", data={"case": case.key})])
    arrive(channel, direct(2))
    drain()
    react()
    assert WorkItem.objects.get(state="queued").case_id == case.pk


def test_case_opened_again_by_hand_needs_somebody_again() -> None:
    arrive(make_channel(), direct(1))
    drain()
    case = Case.objects.get()
    Case.objects.update(status=Status.RESOLVED)
    record([NewEvent("case.resolved", case.key, "agent_x", data={"case": case.key})])
    react()
    assert not WorkItem.objects.filter(state="queued").exists()
    Case.objects.update(status=Status.OPEN)
    record([NewEvent("case.reopened", case.key, "agent_x", data={"case": case.key, "status": "open"})])
    react()
    assert WorkItem.objects.filter(state="queued").count() == 1


def test_event_of_a_case_that_is_not_there_changes_nothing() -> None:
    kinds = sorted(REACTIONS)
    record(
        [
            NewEvent(kind, "case_none", "agent_x", data={"state": "failed", "message": "msg_none", "status": "waiting"})
            for kind in kinds
        ]
    )
    react()
    assert FailedReaction.objects.count() == 0
    assert reader_position(READER) == newest_position()
