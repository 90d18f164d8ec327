"""The parent's side: a few warm children, each given one thing at a time and thrown away at the first trouble.

Works in any process and thread. Children end with their parent: their pipe closes, and a clock of their own ends what
they were doing. `os.fork` leaves them to the parent.
"""

import atexit
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hark.kernel.hostile.frames import BYTES, DONE, JSON, READY, TROUBLE, read_frame, write_frame

SECONDS = 1.5
STARTING_SECONDS = 60.0  # a new process on a very busy machine; nothing of a stranger's is read in it
STARVED = 0.5  # a child that got less than this share of a processor was not slow, the machine was
MOST_PATIENCE = 4  # times its seconds, for one that starves, and wherever nobody can say whether it does
MOST_ITEMS = 200
MOST_CHILDREN = 2

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The last result that arrived (JSON values or bytes; None: none did), and in one word why it is not complete.

    `note` is empty, or `timeout`, `memory` or `crashed`.
    """

    value: Any
    note: str = ""


def read_in_child(function: str, body: bytes, *arguments: str, seconds: float = SECONDS) -> Outcome:
    """Run `package.module:function` over `body` in a child; never raises for what the bytes do to it.

    The function is pure and gives JSON values or bytes; if it yields several, each replaces the one before it, and the
    last that arrived counts when time or memory run out. Waits where all children are busy. Not inside a transaction.
    """
    return _pool.read(function, body, arguments, seconds)


class _Child:
    """One process that reads."""

    def __init__(self, modules: Iterable[str]) -> None:
        command = [sys.executable, "-P", "-s", "-m", "hark.kernel.hostile.child", *modules]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        self.items, self.late = 0, False
        self.known: set[str] = set()

    def ask(self, function: str, body: bytes, arguments: tuple[str, ...], seconds: float) -> Outcome:
        """One thing to read. What the child says before it ends is kept."""
        questions, answers = self.process.stdin, self.process.stdout
        assert questions is not None and answers is not None  # noqa: S101, PT018 - they are pipes
        asked = json.dumps({"function": function, "arguments": arguments, "seconds": seconds}).encode()
        value = None
        try:
            if function not in self.known:
                with _Deadline(self, STARTING_SECONDS):
                    self._introduce(function)
            self.items += 1
            with _Deadline(self, seconds):
                write_frame(questions, JSON, asked)
                write_frame(questions, BYTES, body)
                kind, said = read_frame(answers)
                while kind in (JSON, BYTES):
                    value = json.loads(said) if kind == JSON else said
                    kind, said = read_frame(answers)
        except (EOFError, OSError):
            return Outcome(value, self._cause_of_death(function))
        if kind == DONE:
            return Outcome(value)
        return Outcome(value, _trouble(function, said) if kind == TROUBLE else "crashed")

    def _introduce(self, function: str) -> None:
        """Have it import what it will need, before its clock runs."""
        assert self.process.stdin is not None and self.process.stdout is not None  # noqa: S101, PT018 - pipes
        write_frame(self.process.stdin, READY, function.encode())
        if read_frame(self.process.stdout)[0] != READY:
            raise EOFError
        self.known.add(function)

    def kill(self) -> None:
        """Its time is over."""
        self.late = True
        self.process.kill()

    def _cause_of_death(self, function: str) -> str:
        """Its clock or ours: time. The system, or a library that aborts: memory. All else is our fault."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        status = self.process.returncode
        if self.late or status in (-getattr(signal, "SIGPROF", 0), -getattr(signal, "SIGALRM", 0)):
            return "timeout"
        if status in (-signal.SIGABRT, -getattr(signal, "SIGKILL", 0)):
            return "memory"
        logger.error("a child that read for %s ended with status %s", function, status)
        return "crashed"

    def end(self) -> None:
        """Kill it and bury it."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
        self.process.wait()


class _Deadline:
    """Kills a child when the block takes longer; one that the machine lets wait for its turn gets more time."""

    def __init__(self, child: _Child, seconds: float) -> None:
        self.child, self.seconds = child, seconds
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self._watch, name="hostile", daemon=True)

    def __enter__(self) -> None:
        self.begun = _work_seconds(self.child.process.pid)
        self.watcher.start()

    def __exit__(self, *error: object) -> None:
        self.over.set()

    def _watch(self) -> None:
        for _ in range(MOST_PATIENCE):
            if self.over.wait(self.seconds):
                return
            if _work_seconds(self.child.process.pid) >= self.begun + self.seconds * STARVED:
                break
        self.child.kill()


def _work_seconds(process: int) -> float:
    """The processor time that a process has used; 0 where nobody can say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def _environment() -> dict[str, str]:
    """Where Python finds our code and its own, and nothing else: no key, no address of a database."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}


def _trouble(function: str, said: bytes) -> str:
    trouble = json.loads(said)
    if trouble["note"] == "crashed":
        logger.error("%s failed over something it read: %s", function, trouble["place"])
    return str(trouble["note"])


class _Pool:
    """At most `MOST_CHILDREN` at work in this process."""

    def __init__(self) -> None:
        self.free = threading.BoundedSemaphore(MOST_CHILDREN)
        self.idle: list[_Child] = []
        self.modules: set[str] = set()
        self.foreign: list[_Child] = []

    def read(self, function: str, body: bytes, arguments: tuple[str, ...], seconds: float) -> Outcome:
        """What a child says; once more with a fresh one where one that has served before may be to blame itself."""
        self.modules.add(function.partition(":")[0])
        with self.free:
            child = self._take()
            served = child.items > 0
            outcome = self._asked(child, function, body, arguments, seconds)
            if served and outcome.note in {"crashed", "memory"}:
                outcome = self._asked(self._take(), function, body, arguments, seconds)
            return outcome

    def _asked(self, child: _Child, function: str, body: bytes, arguments: tuple[str, ...], seconds: float) -> Outcome:
        outcome = None
        try:
            outcome = child.ask(function, body, arguments, seconds)
        finally:
            if outcome and not outcome.note and child.items < MOST_ITEMS:
                self.idle.append(child)
            else:
                child.end()
                self.idle.append(_Child(self.modules))  # it warms up while nobody waits for it
        return outcome

    def _take(self) -> _Child:
        """One that waits and lives, else a new one."""
        with suppress(IndexError):
            while True:
                child = self.idle.pop()
                if child.process.poll() is None:
                    return child
                child.end()
        return _Child(self.modules)

    def forget(self) -> None:
        """A forked process has children of its own; these stay its parent's."""
        self.foreign = [*self.foreign, *self.idle]
        self.free, self.idle = threading.BoundedSemaphore(MOST_CHILDREN), []

    def end(self) -> None:
        """When this process leaves."""
        while self.idle:
            self.idle.pop().end()


_pool = _Pool()
atexit.register(_pool.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)
