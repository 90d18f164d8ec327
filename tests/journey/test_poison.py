"""What cannot be carried delays nobody, is tried again, and is parked where people see it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import pytest
from django.db import connection

from hark.channels.base import Venue
from hark.channels.registry import register_for_tests
from hark.channels.simulated import Simulated
from hark.channels.types import Account, Inbound, Raw
from hark.conversations.models import Case, Conversation, Message
from hark.intake.actions import replay
from hark.intake.models import Arrival
from hark.intake.types import TRIES, ArrivalState
from hark.journey.failing import is_contention, is_database_away
from hark.journey.jobs import drain_step
from hark.journey.reading import can_read
from hark.kernel.ids import random_bytes
from hark.kernel.models import Event
from hark.organisation.models import Channel
from hark.organisation.types import Role
from tests.journey.makers import make_agent, make_channel
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db


class Brittle(Simulated):
    """Breaks the contract: its `parse` raises on what it does not like, until it is mended."""

    key: ClassVar[str] = "brittle"
    mended: ClassVar[bool] = False

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        if b"POISON" in raw.body and not self.mended:
            raise ZeroDivisionError("words of a customer")
        return super().parse(account, raw)


class Mended(Brittle):
    """The next release."""

    mended: ClassVar[bool] = True


@pytest.fixture
def brittle() -> Iterator[Channel]:
    venue: Venue = Brittle()
    with register_for_tests(venue):
        yield make_channel(venue="brittle")


def test_poison_among_a_hundred_is_left_alone_and_its_neighbours_arrive(brittle: Channel) -> None:
    assert can_read()  # the models are loaded once a process, and not by the clock below
    calls = [direct(number, thread=f"t{number}") for number in range(100)]
    calls.insert(57, direct("bad", text="POISON"))
    arrive(brittle, *calls)
    began = time.monotonic()
    assert drain_step(0, 1)
    assert time.monotonic() - began < 5
    assert (Message.objects.count(), Case.objects.count()) == (100, 100)
    [left] = Arrival.objects.filter(state=ArrivalState.RECEIVED)
    assert left.error.startswith("ZeroDivisionError at ")
    assert "words of a customer" not in left.error
    assert left.not_before is not None


def test_poison_is_parked_after_five_tries_and_replayed_when_it_is_mended(brittle: Channel) -> None:
    arrive(brittle, direct("bad", text="POISON"))
    for _ in range(TRIES):
        drain()
        Arrival.objects.update(not_before=None)
    arrival = Arrival.objects.get()
    assert (arrival.state, arrival.attempts) == (ArrivalState.PARKED, TRIES)
    assert Event.objects.filter(kind="arrival.parked").count() == 1
    drain()
    assert Message.objects.count() == 0
    with register_for_tests(Mended()):
        replay(arrival_id=arrival.pk, actor=make_agent(role=Role.OWNER))
        drain()
    assert Message.objects.get().text == "POISON"
    assert Arrival.objects.get().state == ArrivalState.DONE


def test_what_the_database_will_not_hold_is_poison_too(brittle: Channel) -> None:
    name = random_bytes(2000).hex()  # longer than any index takes, and not to be compressed
    arrive(brittle, direct(1), direct(2, thread="t2"))
    with register_for_tests(Endless(name)):
        Channel.objects.update(venue="endless")
        drain()
    assert Conversation.objects.count() == 1
    [left] = Arrival.objects.filter(state=ArrivalState.RECEIVED)
    assert "54000" in left.error


class Endless(Simulated):
    """Gives one thread a name without end."""

    key: ClassVar[str] = "endless"

    def __init__(self, name: str) -> None:
        """`name`: what the thread t2 is called."""
        self.name = name

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        events = super().parse(account, raw)
        return [replace(one, thread_id=self.name) if one.thread_id == "t2" else one for one in events]


@pytest.mark.django_db(transaction=True)
def test_database_that_is_away_is_nobodys_fault(brittle: Channel) -> None:
    arrive(brittle, direct(1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with register_for_tests(Cutting(pid)):
        Channel.objects.update(venue="cutting")
        with pytest.raises(Exception) as caught:  # noqa: PT011 - looked at below
            drain_step(0, 1)
    assert is_database_away(caught.value)
    assert not is_contention(caught.value)
    connection.close()
    arrival = Arrival.objects.get()
    assert (arrival.state, arrival.error) == (ArrivalState.RECEIVED, "")
    Arrival.objects.update(lease_until=None)
    Channel.objects.update(venue="simulated")
    drain()
    assert Message.objects.count() == 1


class Cutting(Simulated):
    """Cuts the worker's line to the database."""

    key: ClassVar[str] = "cutting"

    def __init__(self, pid: int) -> None:
        """`pid`: whose line."""
        self.pid = pid

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        import psycopg

        from hark.kernel.loops import listening_parameters

        with psycopg.connect(**listening_parameters(), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [self.pid])
        return super().parse(account, raw)


def test_message_that_nobody_may_name_in_a_log_is_not_named(brittle: Channel, caplog: pytest.LogCaptureFixture) -> None:
    arrive(brittle, direct("bad", text="POISON"))
    drain()
    assert "could not be read at attempt 1" in caplog.text
    assert "words of a customer" not in caplog.text
    assert "POISON" not in caplog.text
