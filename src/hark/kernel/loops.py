"""Loops: bounded pieces of work done again and again in threads, woken by NOTIFY and, to be sure, by the clock.

Every loop is safe in any number of processes; nothing depends on a notification arriving.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection, connections
from psycopg import sql

from hark.kernel import ids
from hark.kernel.time import monotonic

logger = logging.getLogger(__name__)

LONGEST_POLL_SECONDS = 2.0
DATABASE_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
DRAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Loop:
    """`step` does one bounded piece of work and says whether there may be more; it is called again at once if so.

    Otherwise the loop waits for a NOTIFY on `wake`, at most `interval_seconds` (never above two).
    """

    name: str
    step: Callable[[], bool]
    wake: str = ""
    interval_seconds: float = LONGEST_POLL_SECONDS


@dataclass(slots=True)
class Backoff:
    """Growing pauses with jitter: `first`, twice that, … up to `longest` seconds."""

    first: float
    longest: float
    failures: int = 0

    def next_pause(self) -> float:
        """The pause after one more failure."""
        self.failures += 1
        pause = self.first * float(2 ** min(self.failures - 1, 16))
        return min(pause, self.longest) * (0.75 + ids.random_fraction() / 2)

    def reset(self) -> None:
        """It works again."""
        self.failures = 0


@dataclass(slots=True)
class Bells:
    """What wakes the loops: one bell a loop, rung by the listener or, all at once, at the end."""

    bells: list[tuple[str, threading.Event]] = field(default_factory=list)

    def new(self, channel: str) -> threading.Event:
        """A bell that rings for `channel`."""
        bell = threading.Event()
        self.bells.append((channel, bell))
        return bell

    def ring(self, channel: str | None = None) -> None:
        """Wake those who wait for `channel`; everybody when None."""
        for wanted, bell in self.bells:
            if channel is None or wanted == channel:
                bell.set()

    def channels(self) -> list[str]:
        """What to listen to."""
        return sorted({channel for channel, _ in self.bells if channel})


def run(loops: Sequence[Loop], stop: threading.Event, *, drain_seconds: float = DRAIN_SECONDS) -> list[str]:
    """Run every loop in a thread of its own, and one listener, until `stop` is set; then let the running steps finish.

    Returns the names of loops whose step did not finish within `drain_seconds` (their leases end by themselves).
    A step that fails is logged by the type of its error, tried again after a pause, and never ends the process.
    """
    bells = Bells()
    threads = [
        threading.Thread(target=_turn, args=(loop, stop, bells.new(loop.wake)), name=loop.name, daemon=True)
        for loop in loops
    ]
    listener = threading.Thread(target=_listen, args=(bells, stop), name="listener", daemon=True)
    for thread in (*threads, listener):
        thread.start()
    stop.wait()
    bells.ring()
    deadline = monotonic() + drain_seconds
    for thread in (*threads, listener):
        thread.join(max(0.0, deadline - monotonic()))
    return [thread.name for thread in threads if thread.is_alive()]


def _turn(loop: Loop, stop: threading.Event, bell: threading.Event) -> None:
    backoff = Backoff(first=0.1, longest=30.0)
    try:
        while not stop.is_set():
            bell.clear()  # before the step: what is announced during it is looked at again
            more, pause = _attempt(loop, backoff)
            if pause:
                stop.wait(pause)
            elif not more:
                bell.wait(min(loop.interval_seconds, LONGEST_POLL_SECONDS))
    finally:
        connections.close_all()


def _attempt(loop: Loop, backoff: Backoff) -> tuple[bool, float]:
    """One step: whether there may be more, and how long to rest after a failure."""
    close_old_connections()
    try:
        more = loop.step()
    except DATABASE_AWAY as problem:
        _log_failure(loop, backoff, problem)
        connection.close()
        backoff.longest = 1.0  # the database comes back by itself; to be there when it does costs little
        return False, backoff.next_pause()
    except Exception as problem:  # noqa: BLE001 - the last resort: one bad step must not end the process
        _log_failure(loop, backoff, problem)
        if isinstance(problem, DatabaseError):
            connection.close()
        backoff.longest = 30.0
        return False, backoff.next_pause()
    if backoff.failures:
        logger.info("loop %s works again after %s failures", loop.name, backoff.failures)
        backoff.reset()
    return more, 0.0


def _log_failure(loop: Loop, backoff: Backoff, problem: Exception) -> None:
    """The type and the place, never the message: a database error quotes the row, and rows hold what people wrote."""
    if backoff.failures < 3 or backoff.failures % 20 == 0:
        logger.error("loop %s failed: %s at %s", loop.name, describe(problem), place_of(problem))


def describe(problem: BaseException) -> str:
    """An error without its words: its type, and the SQLSTATE of a database error."""
    cause = problem.__cause__ if isinstance(problem.__cause__, psycopg.Error) else problem
    state = getattr(cause, "sqlstate", None)
    return f"{type(problem).__name__} {state}" if state else type(problem).__name__


def place_of(problem: BaseException) -> str:
    """Where in Hark it happened."""
    place, trace = "?", problem.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("hark."):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _listen(bells: Bells, stop: threading.Event) -> None:
    """One LISTEN connection for all loops of this process, opened again with growing pauses when it breaks."""
    backoff = Backoff(first=0.1, longest=1.0)
    while not stop.is_set() and bells.channels():
        try:
            with psycopg.connect(**listening_parameters(), autocommit=True) as line:
                for channel in bells.channels():
                    line.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                if backoff.failures:
                    logger.info("listening again")
                    backoff.reset()
                bells.ring()  # what was announced while nobody listened
                while not stop.is_set():
                    for note in line.notifies(timeout=0.5, stop_after=1):
                        bells.ring(note.channel)
        except (psycopg.OperationalError, psycopg.InterfaceError) as problem:
            if not backoff.failures:
                logger.warning("listening stopped: %s; polling meanwhile", describe(problem))
            stop.wait(backoff.next_pause())


def listening_parameters() -> dict[str, Any]:
    """How to reach the default database outside Django's pool of connections."""
    parameters = connection.get_connection_params()
    return {name: value for name, value in parameters.items() if name not in ("cursor_factory", "context")}
