"""`hark up`: starts database, web and workers, starts again what dies, and ends them in the right order.

The supervisor holds no connection and no Django: little of it can break. It keeps the listening socket, so that callers
wait for a moment instead of being refused while web is started again.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hark.kernel.errors import HarkError
from hark.kernel.postgres import EmbeddedServer
from hark.kernel.time import monotonic, now
from hark.site import boot, child

HARK = (sys.executable, "-m", "hark.site.cli")
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = (
    10.0  # of a child that ends by itself again and again; one that was killed is back within a second
)
STABLE_SECONDS = 10.0
PLAIN = re.compile(r"[\w.:/+-]+")
DRAIN_SECONDS = {"web": 10.0, "worker": 11.5, "postgres": 4.0}  # and a second each for those that do not listen


class ChildGaveUp(HarkError):
    """A part of Hark could not start; its reason stands above."""


@dataclass(frozen=True, slots=True)
class Program:
    """One more child beside the usual ones."""

    name: str
    command: Sequence[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What `hark up` runs. `seed` is called after the migrations, before web and workers; `ready` with the address."""

    host: str = "127.0.0.1"
    port: int = 8420
    workers: int = 2
    data: Path | None = None
    extra: tuple[Program, ...] = ()
    seed: Callable[[], None] | None = None
    ready: Callable[[str], None] | None = None


@dataclass(slots=True)
class Child:
    """One process that must run."""

    name: str
    kind: str
    start: Callable[[], "subprocess.Popen[bytes]"]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    failures: int = 0
    was_ready: bool = False

    def pause_before_next_start(self, status: int) -> float:
        """Short after a kill; growing when it ends by itself soon after each start."""
        if status < 0 or monotonic() - self.started_at > STABLE_SECONDS:
            self.failures = 0
            return FIRST_PAUSE_SECONDS
        self.failures += 1
        return min(FIRST_PAUSE_SECONDS * float(2 ** min(self.failures, 10)), LONGEST_PAUSE_SECONDS)


def say(event: str, **fields: object) -> None:
    """One line a program can read, on stderr: `hark at=… event=started process=web pid=7`."""
    words = [
        f"{name}={value if PLAIN.fullmatch(str(value)) else json.dumps(str(value))}" for name, value in fields.items()
    ]
    stamp = now().isoformat(timespec="milliseconds")
    print("hark", f"at={stamp}", f"event={event}", *words, file=sys.stderr, flush=True)


def up(plan: Plan) -> int:
    """Run everything until a signal ends it; returns the exit status. Raises HarkError when it cannot start."""
    folder = boot.use_data_folder(plan.data)
    with boot.claim(folder), boot.speaking_of_the_disk(folder), boot.listen(plan.host, plan.port) as line:
        address = settle_address(plan.host, line.getsockname()[1])
        supervisor = Supervisor(folder, line, address, plan.ready)
        try:
            if server := boot.chosen_server(folder):
                supervisor.add_database(server)
            supervisor.run_once("migrate", [*HARK, "migrate", "--quiet"])
            if plan.seed:
                plan.seed()
            supervisor.add_programs(plan)
            return supervisor.run()
        finally:
            supervisor.end()


def settle_address(host: str, port: int) -> str:
    """The address people type: HARK_BASE_URL, else where we listen, which then becomes HARK_BASE_URL."""
    shown = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound
    shown = f"[{shown}]" if ":" in shown else shown
    return os.environ.setdefault("HARK_BASE_URL", f"http://{shown}:{port}")


def signal_child(each: Child, sign: signal.Signals) -> None:
    """Signal it, if it is there."""
    if each.process:
        each.process.send_signal(sign)


class Supervisor:
    """Keeps children running. Not for use in threads: it takes the process's signal handlers."""

    def __init__(
        self, folder: Path, line: socket.socket, address: str, ready: Callable[[str], None] | None = None
    ) -> None:
        """`line` is the listening socket that web inherits."""
        self.folder, self.line, self.address, self.on_ready = folder, line, address, ready
        self.children: list[Child] = []
        self.running = False
        self.stops = 0  # signals that asked us to stop; the second one makes it quick
        self.ready_pipe, self.signal_pipe = os.pipe(), os.pipe()
        for end in (*self.ready_pipe, *self.signal_pipe):
            os.set_blocking(end, False)
        self.take_signals()

    def take_signals(self) -> None:
        """A signal only counts, and wakes whoever waits."""
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only so that it wakes us
        signal.set_wakeup_fd(self.signal_pipe[1], warn_on_full_buffer=False)

    def _stop(self, *_: object) -> None:
        self.stops += 1
        if not self.running:
            raise SystemExit(0)  # still starting: end what has been started, and leave

    # -- what runs

    def add_database(self, server: EmbeddedServer) -> None:
        """Start the embedded server and wait for it; then keep it."""
        say("starting", process="postgres")
        server.make_way()
        server.start()
        server.make_database()

        def again() -> "subprocess.Popen[bytes]":
            server.make_way()
            return server.spawn()

        database = Child("postgres", "postgres", again, server.process, monotonic(), was_ready=True)
        self.children.append(database)
        self._note_started(database)

    def add_programs(self, plan: Plan) -> None:
        """Web, workers and whatever else the plan names."""
        programs = [Program("web", [*HARK, "web", "--fd", str(self.line.fileno())])]
        count = str(plan.workers)
        programs += [
            Program(f"worker-{n}", [*HARK, "worker", "--number", str(n), "--of", count]) for n in range(plan.workers)
        ]
        for program in (*programs, *plan.extra):
            kind = "web" if program.name == "web" else "worker"
            self.children.append(Child(program.name, kind, partial(self.launch, program)))

    def launch(self, program: Program) -> "subprocess.Popen[bytes]":
        """Start one of our own programs, in a session of its own so that Ctrl-C reaches it through us alone."""
        settled = {child.PARENT: str(os.getpid()), child.READY: str(self.ready_pipe[1]), child.NAME: program.name}
        handed = [self.ready_pipe[1], *([self.line.fileno()] if program.name == "web" else [])]
        return subprocess.Popen(
            list(program.command), env={**os.environ, **settled}, pass_fds=handed, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def run_once(self, name: str, command: list[str]) -> None:
        """Run a program to its end; its sentence has been printed when it fails."""
        done = subprocess.run(command, env={**os.environ, child.PARENT: str(os.getpid())}, check=False)
        if done.returncode:
            raise ChildGaveUp(name)

    # -- keeping it running

    def run(self) -> int:
        """Until a signal asks to stop."""
        self.running = True
        while not self.stops:
            self._look_after_children()
            self._wait()
        say("stopping")
        return 0

    def _look_after_children(self) -> None:
        for each in self.children:
            if each.process is not None and (status := each.process.poll()) is not None:
                self._note_ended(each, status)
            if each.process is None and monotonic() >= each.start_again_at:
                self._start(each)

    def _start(self, each: Child) -> None:
        each.started_at = monotonic()
        try:
            each.process = each.start()
        except (OSError, HarkError) as problem:
            say(
                "start_failed",
                process=each.name,
                reason=problem.message if isinstance(problem, HarkError) else str(problem),
            )
            each.start_again_at = monotonic() + each.pause_before_next_start(1)
            return
        self._note_started(each)

    def _note_started(self, each: Child) -> None:
        say("started", process=each.name, pid=each.process.pid if each.process else 0)
        self._write_processes()

    def _note_ended(self, each: Child, status: int) -> None:
        reason = {"signal": signal.Signals(-status).name} if status < 0 else {"status": status}
        say("ended", process=each.name, **reason)
        each.process = None
        if status == 2 and not each.was_ready:  # it has said why in a sentence, and would say it again
            raise ChildGaveUp(each.name)
        each.start_again_at = monotonic() + each.pause_before_next_start(status)

    def _wait(self) -> None:
        """Until a signal, a child's word, or the next start that is due."""
        due = [each.start_again_at - monotonic() for each in self.children if each.process is None]
        ends = [self.ready_pipe[0], self.signal_pipe[0]]
        told, _, _ = select.select(ends, [], [], max(0.0, min([1.0, *due])))
        for end in told:
            words = os.read(end, 4096)
            if end == self.ready_pipe[0]:
                self._note_ready(words.decode(errors="replace").split())

    def _note_ready(self, names: list[str]) -> None:
        before = all(each.was_ready for each in self.children)
        for each in self.children:
            if each.name in names:
                each.was_ready = True
                say("ready", process=each.name)
        if not before and all(each.was_ready for each in self.children):
            say("up", url=self.address)
            if self.on_ready:
                self.on_ready(self.address)

    def _write_processes(self) -> None:
        """`processes.json`: name → pid of what runs now, replaced in one step."""
        pids = {each.name: each.process.pid for each in self.children if each.process} | {"supervisor": os.getpid()}
        fresh = self.folder / ".processes.json"
        fresh.write_text(json.dumps(pids) + "\n")
        fresh.replace(self.folder / "processes.json")

    # -- ending it

    def end(self) -> None:
        """Web first, then workers, the database last; at most 30 s in all, at once on a second signal."""
        self.running = True  # a signal is only counted now
        self.line.close()
        for kind in ("web", "worker", "postgres"):
            self._end_kind(kind)
        (self.folder / "processes.json").unlink(missing_ok=True)
        say("stopped")

    def _end_kind(self, kind: str) -> None:
        polite, rude = (signal.SIGINT, signal.SIGQUIT) if kind == "postgres" else (signal.SIGTERM, signal.SIGKILL)
        left = [each for each in self.children if each.kind == kind and each.process]
        for each in left:
            signal_child(each, polite)
        left = self._wait_for(left, DRAIN_SECONDS[kind], patient=True)
        for sign in (rude, signal.SIGKILL):
            for each in left:
                say("killed", process=each.name)
                signal_child(each, sign)
            left = self._wait_for(left, 1.0)

    def _wait_for(self, children: list[Child], seconds: float, *, patient: bool = False) -> list[Child]:
        """Those that are still there after `seconds`; when patient, at once if we are asked to stop a second time."""
        deadline = monotonic() + seconds
        while children and monotonic() < deadline and not (patient and self.stops > 1):
            self._pause(0.05)
            still = []
            for each in children:
                status = each.process.poll() if each.process else 0
                if status is None:
                    still.append(each)
                else:
                    say("ended", process=each.name, status=status)
            children = still
        return children

    def _pause(self, seconds: float) -> None:
        """Rest, or until a signal."""
        told, _, _ = select.select([self.signal_pipe[0]], [], [], seconds)
        if told:
            os.read(self.signal_pipe[0], 4096)
