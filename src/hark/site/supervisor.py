"""`hark up`: starts database, web and workers, starts again what dies, and ends them in the right order.

The supervisor holds no connection and no Django: little of it can break. It keeps the listening socket, so that callers
wait for a moment instead of being refused while web is started again.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
DRAIN_SECONDS = {"web": 12.0, "worker": 12.0, "postgres": 5.0}


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
    ready: bool = False
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
        f"{name}={value if str(value).isalnum() else json.dumps(value, default=str)}" for name, value in fields.items()
    ]
    stamp = now().isoformat(timespec="milliseconds")
    print("hark", f"at={stamp}", f"event={event}", *words, file=sys.stderr, flush=True)


def up(plan: Plan) -> int:
    """Run everything until a signal ends it; returns the exit status. Raises HarkError when it cannot start."""
    folder = boot.use_data_folder(plan.data)
    with boot.claim(folder), boot.speaking_of_the_disk(folder):
        line = boot.listen(plan.host, plan.port)
        address = settle_address(plan.host, line.getsockname()[1])
        server = boot.chosen_server(folder)
        supervisor = Supervisor(folder, line, address, plan.ready)
        try:
            if server:
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
        self.stops = 0  # signals that asked us to stop; the second one makes it quick
        self.readers, self.writers = os.pipe(), os.pipe()
        for end in (*self.readers, *self.writers):
            os.set_blocking(end, False)

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

        database = Child("postgres", "postgres", again, server.process, monotonic(), ready=True, was_ready=True)
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
            self.children.append(Child(program.name, kind, lambda program=program: self.launch(program)))  # type: ignore[misc]

    def launch(self, program: Program) -> "subprocess.Popen[bytes]":
        """Start one of our own programs, in a session of its own so that Ctrl-C reaches it through us alone."""
        settled = {child.PARENT: str(os.getpid()), child.READY: str(self.readers[1]), child.NAME: program.name}
        handed = [self.readers[1], *([self.line.fileno()] if program.name == "web" else [])]
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
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only so that it interrupts the wait below
        signal.set_wakeup_fd(self.writers[1], warn_on_full_buffer=False)
        while not self.stops:
            self._look_after_children()
            self._wait()
        say("stopping")
        return 0

    def _stop(self, *_: object) -> None:
        self.stops += 1

    def _look_after_children(self) -> None:
        for each in self.children:
            if each.process is not None and (status := each.process.poll()) is not None:
                self._note_ended(each, status)
            if each.process is None and monotonic() >= each.start_again_at:
                self._start(each)

    def _start(self, each: Child) -> None:
        each.started_at, each.ready = monotonic(), each.kind == "postgres"
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
        ready, _, _ = select.select([self.readers[0], self.writers[0]], [], [], max(0.0, min([1.0, *due])))
        for end in ready:
            words = os.read(end, 4096)
            if end == self.readers[0]:
                self._note_ready(words.decode(errors="replace").split())

    def _note_ready(self, names: list[str]) -> None:
        before = all(each.was_ready for each in self.children)
        for each in self.children:
            if each.name in names:
                each.ready = each.was_ready = True
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
        self.line.close()
        for kind in ("web", "worker", "postgres"):
            self._end_kind(kind)
        (self.folder / "processes.json").unlink(missing_ok=True)
        say("stopped")

    def _end_kind(self, kind: str) -> None:
        polite, rude = (signal.SIGINT, signal.SIGQUIT) if kind == "postgres" else (signal.SIGTERM, signal.SIGKILL)
        running = [each for each in self.children if each.kind == kind and each.process and each.process.poll() is None]
        for each in running:
            signal_child(each, polite)
        left = self._wait_for(running, DRAIN_SECONDS[kind])
        for sign in (rude, signal.SIGKILL):
            for each in left:
                say("killed", process=each.name)
                signal_child(each, sign)
            left = self._wait_for(left, 1.0)

    def _wait_for(self, running: list[Child], seconds: float) -> list[Child]:
        """Those that are still there after `seconds`, or when we are asked a second time."""
        deadline = monotonic() + seconds
        while running and monotonic() < deadline and self.stops < 2:
            select.select([self.writers[0]], [], [], 0.05)
            for each in running:
                if each.process and (status := each.process.poll()) is not None:
                    say("ended", process=each.name, status=status)
            running = [each for each in running if each.process and each.process.poll() is None]
        return running
