"""Loops in threads, with a real database that goes away and comes back."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from hark.kernel import loops
from hark.kernel.db import execute, fetch_all, notify
from hark.kernel.loops import Backoff, Loop
from hark.kernel.time import monotonic, sleep


@contextmanager
def running(*wanted: Loop) -> Iterator[threading.Event]:
    """The loops, in the background."""
    stop = threading.Event()
    runner = threading.Thread(target=loops.run, args=(wanted, stop))
    runner.start()
    try:
        yield stop
    finally:
        stop.set()
        runner.join(10)
        assert not runner.is_alive()


def wait_for(condition: Callable[[], bool], *, seconds: float = 5) -> float:
    """Wait until it holds; returns how long that took."""
    begun = monotonic()
    while not condition():
        assert monotonic() - begun < seconds, "it did not happen"
        sleep(0.005)
    return monotonic() - begun


class Counter:
    """A step that counts."""

    def __init__(self, more: int = 0) -> None:
        """It has `more` to do after the first."""
        self.calls, self.more = 0, more

    def __call__(self) -> bool:
        """One step."""
        self.calls += 1
        self.more -= 1
        return self.more >= 0


@pytest.mark.django_db(transaction=True)
def test_step_is_called_again_at_once_while_there_is_more_and_then_waits() -> None:
    step = Counter(more=50)
    with running(Loop("busy", step, interval_seconds=2)):
        assert wait_for(lambda: step.calls == 51) < 1
        sleep(0.2)
        assert step.calls == 51


@pytest.mark.django_db(transaction=True)
def test_notification_wakes_only_the_loop_that_waits_for_it() -> None:
    arrivals, outbox = Counter(), Counter()
    with running(Loop("a", arrivals, "hark_arrivals", 2), Loop("b", outbox, "hark_outbox", 2)):
        wait_for(lambda: arrivals.calls >= 2 and outbox.calls >= 2)  # the start, and the bell when listening begins
        before = outbox.calls
        seen = arrivals.calls
        notify("hark_arrivals")
        assert wait_for(lambda: arrivals.calls > seen) < 0.5
        assert outbox.calls == before


@pytest.mark.django_db(transaction=True)
def test_loop_goes_on_by_polling_when_no_notification_comes() -> None:
    step = Counter()
    with running(Loop("polls", step, "hark_never", interval_seconds=60)):
        assert wait_for(lambda: step.calls >= 3) <= 4.5  # a minute was asked for; two seconds is the longest


@pytest.mark.django_db(transaction=True)
def test_failing_step_is_logged_without_its_words_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def step() -> bool:
        calls.append(1)
        if len(calls) < 3:
            raise ValueError("what Ann wrote to us")
        return False

    with caplog.at_level(logging.INFO, "hark.kernel.loops"), running(Loop("fails", step)):
        wait_for(lambda: len(calls) >= 3)
        wait_for(lambda: "works again" in caplog.text)
    assert "loop fails failed: ValueError" in caplog.text
    assert "Ann" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_database_error_is_logged_by_type_and_state_only(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def step() -> bool:
        calls.append(1)
        if len(calls) == 1:
            execute("INSERT INTO kernel_keycheck (only_one, sealed) VALUES (false, 'Ann')")
        return False

    with running(Loop("rows", step)):
        wait_for(lambda: len(calls) >= 2)
    assert "IntegrityError 23514" in caplog.text
    assert "Ann" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_loops_and_listener_survive_that_all_connections_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    ones: list[int] = []

    def step() -> bool:
        ones.append(fetch_all("SELECT 1")[0][0])
        return False

    with caplog.at_level(logging.INFO, "hark.kernel.loops"), running(Loop("reads", step, "hark_reads", 0.2)):
        wait_for(lambda: len(ones) >= 2)
        execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        seen = len(ones)
        assert wait_for(lambda: len(ones) > seen + 2) < 3
        wait_for(lambda: "listening again" in caplog.text)
        wait_for(lambda: len(ones) > seen + 3)


@pytest.mark.django_db(transaction=True)
def test_stop_lets_a_running_step_finish_and_names_one_that_does_not() -> None:
    stop, finished, release = threading.Event(), threading.Event(), threading.Event()

    def slow() -> bool:
        stop.wait(5)
        sleep(0.3)
        finished.set()
        return True

    def stuck() -> bool:
        release.wait(10)
        return False

    threading.Timer(0.2, stop.set).start()
    left = loops.run([Loop("slow", slow), Loop("stuck", stuck)], stop, drain_seconds=1)
    assert finished.is_set()
    assert left == ["stuck"]
    release.set()
    sleep(0.1)


def test_pauses_grow_to_their_cap_and_start_again() -> None:
    backoff = Backoff(first=0.1, longest=2)
    pauses = [backoff.next_pause() for _ in range(30)]
    assert 0.07 <= pauses[0] <= 0.13
    assert all(1.5 <= pause <= 2.5 for pause in pauses[6:])
    backoff.reset()
    assert backoff.next_pause() <= 0.13


@pytest.mark.django_db(transaction=True)
def test_threads_leave_no_connection_behind() -> None:
    def step() -> bool:
        fetch_all("SELECT 1")
        return False

    step_done = Counter()
    with running(Loop("reads", lambda: step() or step_done(), interval_seconds=0.05)):
        wait_for(lambda: step_done.calls >= 2)
    sleep(0.1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        assert cursor.fetchone()[0] == 1
