"""Is this process alive, and is it ready? `/livez` never asks the database: its absence must not restart everything.

`/readyz` tells strangers `ok` or `not ready`; the sentences are for `hark doctor`.
"""

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache

import psycopg
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from hark.kernel import secrets
from hark.kernel.errors import HarkError
from hark.kernel.loops import describe, listening_parameters
from hark.kernel.time import monotonic

LONGEST_LAG_SECONDS = 5.0
PATIENCE_SECONDS = 2.0
CACHE_SECONDS = 1.0
LEAST_FREE_DISK = 0.05
OLDEST_JOB_SECONDS = 60.0
NO_SECRET_KEY = "not-yet-known"  # noqa: S105 - the settings' word for "nobody has derived it"

OLDEST_JOB = (
    "SELECT extract(epoch FROM clock_timestamp() - coalesce(job.scheduled_at, deferred.at))::float8 "
    "FROM procrastinate_jobs job "
    "LEFT JOIN procrastinate_events deferred ON deferred.job_id = job.id AND deferred.type = 'deferred' "
    "WHERE job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= clock_timestamp()) "
    "ORDER BY job.id LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `sentence` says how it stands, `cure` what to do about it."""

    name: str
    ok: bool
    sentence: str
    cure: str = ""


# -- alive


@dataclass(slots=True)
class Pulse:
    """When the event loop last came round."""

    beaten_at: float | None = None

    def beat(self) -> None:
        """The loop came round."""
        self.beaten_at = monotonic()

    def lag(self) -> float:
        """Seconds since then; 0 where nobody beats."""
        return 0.0 if self.beaten_at is None else monotonic() - self.beaten_at


pulse = Pulse()


def live() -> tuple[int, str]:
    """Status and body of `/livez`; call it on the event loop."""
    return (200, "ok") if pulse.lag() < LONGEST_LAG_SECONDS else (503, "not alive")


# -- ready


def ready() -> tuple[int, str]:
    """Status and body of `/readyz`. Answers within 2 s even when the database has frozen; cached for 1 s."""
    findings = _probe.findings()
    return (200, "ok") if all(finding.ok for finding in findings) else (503, "not ready")


def checks() -> list[Finding]:
    """Everything `/readyz` looks at, in order. Blocks as long as the database does: `ready` is the careful way."""
    try:
        with psycopg.connect(**listening_parameters(), autocommit=True) as line:
            line.execute("SET statement_timeout = '1s'")
            schema = _schema(line)
            return [_writable(line), schema, *([_jobs(line)] if schema.ok else []), _disk(), _key()]
    except psycopg.Error as problem:
        return [_away(problem), _disk(), _key()]


def _away(problem: psycopg.Error) -> Finding:
    if "read-only" in str(problem):  # libpq was asked for a server that takes writes
        cure = "Point HARK_DATABASE_URL at the primary."
        return Finding("database", ok=False, sentence="The database takes no writes: it is a standby.", cure=cure)
    cure = "Start PostgreSQL (`hark up` starts the embedded one), or look at HARK_DATABASE_URL."
    return Finding("database", ok=False, sentence=f"The database does not answer ({describe(problem)}).", cure=cure)


def _writable(line: "psycopg.Connection[tuple[object, ...]]") -> Finding:
    cure = "Point HARK_DATABASE_URL at the primary, or make room on its disk."
    try:
        line.execute("SELECT nextval('kernel_fence')")
    except psycopg.errors.UndefinedTable:
        return Finding("database", ok=True, sentence="The database answers; its tables are not made yet.")
    except psycopg.Error as problem:
        return Finding("database", ok=False, sentence=f"The database takes no writes ({describe(problem)}).", cure=cure)
    return Finding("database", ok=True, sentence="The database answers and takes writes.")


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """The migrations this code brings."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _schema(line: "psycopg.Connection[tuple[object, ...]]") -> Finding:
    try:
        applied = {(str(app), str(name)) for app, name in line.execute("SELECT app, name FROM django_migrations")}
    except psycopg.errors.UndefinedTable:
        applied = set()
    missing = len(known_migrations() - applied)
    if missing:
        return Finding(
            "schema", ok=False, sentence=f"The tables lack {missing} migrations.", cure="Run `hark migrate`."
        )
    return Finding("schema", ok=True, sentence="The tables fit this version.")


def _jobs(line: "psycopg.Connection[tuple[object, ...]]") -> Finding:
    row = line.execute(OLDEST_JOB).fetchone()
    age = float(str(row[0])) if row else 0.0
    if age > OLDEST_JOB_SECONDS:
        cure = "See that a worker runs (`hark up`, or `hark worker`), and what its log says."
        return Finding("jobs", ok=False, sentence=f"A background job has been waiting for {age:.0f} s.", cure=cure)
    return Finding("jobs", ok=True, sentence="Background jobs are taken up at once.")


def _disk() -> Finding:
    place = next(folder for folder in (settings.HARK_DATA, *settings.HARK_DATA.parents) if folder.exists())
    usage = shutil.disk_usage(place)
    share = usage.free / usage.total
    words = f"{share:.0%} of the disk of {place} are free."
    return Finding("disk", ok=share > LEAST_FREE_DISK, sentence=words, cure="Make room there.")


def _key() -> Finding:
    try:
        secrets.key_ring()
    except HarkError as problem:
        return Finding("key", ok=False, sentence=problem.message, cure="Put the key ring in its place, mode 0600.")
    if settings.SECRET_KEY == NO_SECRET_KEY:
        cure = "Start Hark by `hark up` or `hark web`."
        return Finding("key", ok=False, sentence="This process was started without the key ring.", cure=cure)
    return Finding("key", ok=True, sentence="The key ring is there.")


@dataclass(slots=True)
class Probe:
    """Runs `look` in a thread of its own, at most one at a time, and never waits for it longer than two seconds."""

    look: Callable[[], Sequence[Finding]]
    lock: threading.Lock = field(default_factory=threading.Lock)
    running: "Future[Sequence[Finding]] | None" = None
    finished_at: float = 0.0

    def findings(self) -> Sequence[Finding]:
        """The newest result; a finding of its own when there is none in time."""
        with self.lock:
            if self.running is None or (self.running.done() and monotonic() - self.finished_at > CACHE_SECONDS):
                self.running = Future()
                threading.Thread(target=self._run, args=(self.running,), name="health", daemon=True).start()
            running = self.running
        try:
            return running.result(PATIENCE_SECONDS)
        except TimeoutError:
            return [Finding("database", ok=False, sentence="The database does not answer in time.")]

    def _run(self, result: "Future[Sequence[Finding]]") -> None:
        try:
            found = self.look()
        except Exception as problem:  # noqa: BLE001 - a check that breaks is a finding, not a silent thread
            found = [Finding("health", ok=False, sentence=f"A check broke ({describe(problem)}).")]
        self.finished_at = monotonic()
        result.set_result(found)


_probe = Probe(checks)
