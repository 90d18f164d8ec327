"""What must be in order before anything runs: folder, port, database, schema, key. Each failure is one clear sentence.

Nothing here imports Django before the environment is complete, because the settings are read from it once.
"""

import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hark.kernel.errors import HarkError
from hark.kernel.postgres import EmbeddedServer, carried_binaries
from hark.kernel.time import monotonic, sleep
from hark.site.env import Env, default_data_folder

LOCK_NAME = "hark.lock"
LEAST_FREE_BYTES = 200 << 20
OLDEST_POSTGRESQL = 16
MIGRATION_LOCK = 7_368_115  # any number that only Hark's migrations take


class PortTaken(HarkError):
    """The port is taken by another program. Stop that program, or choose another port with --port."""


class PortRefused(HarkError):
    """The system does not let Hark listen there. Ports below 1024 need a right of their own; choose with --port."""


class NoPermission(HarkError):
    """Hark may not write to its data folder. Give this user the folder, or choose another with --data or HARK_DATA."""


class DiskFull(HarkError):
    """The disk is full. Make room in the data folder, then start again; nothing acknowledged is lost."""


class AlreadyRunning(HarkError):
    """Another Hark has this data folder. Stop it first, or choose another folder with --data."""


class DatabaseAway(HarkError):
    """The database does not answer. Start it (`hark up` for the embedded one), or look at HARK_DATABASE_URL."""


class DatabaseTooOld(HarkError):
    """Hark needs PostgreSQL 16 or newer."""


class DatabaseRefuses(HarkError):
    """The database refuses Hark's user: the address, the password or the rights in HARK_DATABASE_URL do not fit."""


class SchemaBusy(HarkError):
    """The tables are in use and a migration did not get its lock. Nothing was changed; try again in a quiet minute."""


class SchemaTooOld(HarkError):
    """The tables are older than this Hark. Run `hark migrate` first."""


def use_data_folder(data: Path | None = None) -> Path:
    """Settle the data folder for this process and its children (`data`, else HARK_DATA, else the usual place)."""
    folder = (data or Env(os.environ).path("HARK_DATA", default_data_folder())).expanduser().absolute()
    os.environ["HARK_DATA"] = str(folder)
    return folder


def claim(folder: Path) -> IO[str]:
    """Make the data folder and take it: one Hark a folder. Keep the result; it is let go when this process ends."""
    with speaking_of_the_disk(folder):
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o711)
        if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
            raise DiskFull(str(folder))
        lock = (folder / LOCK_NAME).open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read(20).strip()
            lock.close()
            raise AlreadyRunning(f"process {owner}, {folder}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
    return lock


@contextmanager
def speaking_of_the_disk(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into sentences."""
    try:
        yield
    except OSError as problem:
        if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(str(folder)) from None
        if problem.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}:
            raise NoPermission(str(folder)) from None
        raise


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. The supervisor keeps it, so that callers wait instead of failing while web restarts."""
    try:
        if not 0 <= port < 65536:  # the resolver would take the rest of a division
            raise PortRefused(f"{host}:{port}")
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise PortRefused(f"{host}:{port}") from None
    line = socket.socket(family, kind, protocol)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        line.bind(address)
        line.listen(2048)
    except OSError as problem:
        line.close()
        if problem.errno == errno.EADDRINUSE:
            raise PortTaken(f"{host}:{port}") from None
        raise PortRefused(f"{host}:{port}") from None
    return line


def chosen_server(folder: Path) -> EmbeddedServer | None:
    """The embedded server of this folder; None when HARK_DATABASE_URL names another.

    Settles HARK_DATABASE_URL for this process and its children. Raises NoEmbeddedDatabase when there is neither.
    """
    server = EmbeddedServer(folder)
    given = Env(os.environ).text("HARK_DATABASE_URL", "")
    if given and given != server.url():
        return None
    carried_binaries()
    os.environ["HARK_DATABASE_URL"] = server.url()
    return server


def enter(*, data: Path | None = None, check_key: bool = True) -> None:
    """Make this process a Hark process: environment, Django, key ring, secret key.

    With `check_key` (every process that serves or works) data of another key are refused, and tables too old.
    """
    folder = use_data_folder(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hark.site.settings")
    if not Env(os.environ).text("HARK_DATABASE_URL", ""):
        os.environ["HARK_DATABASE_URL"] = EmbeddedServer(folder).url()
    import django

    django.setup()
    if check_key:
        with speaking_of_the_database():
            open_the_key()


def open_the_key() -> None:
    """Derive Django's secret key from the ring, and refuse data of another ring."""
    from django.conf import settings
    from django.db import ProgrammingError

    from hark.kernel import secrets

    settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS = secrets.django_secret_keys()
    try:
        secrets.check_database()
    except ProgrammingError:  # the table is not there
        raise SchemaTooOld from None


@contextmanager
def speaking_of_the_database() -> Iterator[None]:
    """Turn the database's refusals into sentences, without its words: they may quote a row or a password."""
    from django.db import OperationalError

    try:
        yield
    except OperationalError as problem:
        raise sentence_of(problem)() from problem


def sentence_of(problem: Exception) -> type[HarkError]:
    """Which of our sentences fits. A refused connection has no SQLSTATE, only libpq's words."""
    state, words = getattr(problem.__cause__, "sqlstate", None) or "", str(problem)
    if state == "55P03":
        return SchemaBusy
    if state == "53100":
        return DiskFull
    refusals = ("authentication failed", "does not exist", "no pg_hba.conf entry", "permission denied", "no password")
    if state.startswith("28") or any(refusal in words for refusal in refusals):
        return DatabaseRefuses
    return DatabaseAway


def wait_for_database(*, seconds: float = 30) -> None:
    """Wait until the database answers and is new enough. Raises DatabaseAway, DatabaseRefuses, DatabaseTooOld."""
    from django.db import connection

    deadline = monotonic() + seconds
    while True:
        try:
            with speaking_of_the_database():
                connection.ensure_connection()
                break
        except DatabaseAway:
            if monotonic() > deadline:
                raise
            sleep(0.25)
    version = connection.cursor().connection.info.server_version // 10_000
    if version < OLDEST_POSTGRESQL:
        raise DatabaseTooOld(f"this is {version}")


def migrate(*, tries: int = 5) -> tuple[list[str], Path | None]:
    """Bring the tables up to date and see that key and data belong together.

    Returns the migrations applied, and the file of the key ring if one was made.

    One process at a time. A statement that does not get its lock within 2 s gives up rather than making others wait
    behind it, and is tried again; there is no limit on how long a statement may work. A first start makes the key.
    """
    from django.db import connection

    from hark.kernel.jobs import make_journal_months

    wait_for_database()
    try:
        with speaking_of_the_database():
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'; SET statement_timeout = 0")
                cursor.execute("SET idle_in_transaction_session_timeout = 0")
            _take_turn()
            applied = _apply(tries)
            make_journal_months()
            key_file = _settle_key()
    finally:
        connection.close()  # the turn ends with the session
    return applied, key_file


def _take_turn(*, seconds: float = 120) -> None:
    """Wait until no other process migrates this database."""
    from hark.kernel.db import fetch_all

    deadline = monotonic() + seconds
    while not fetch_all("SELECT pg_try_advisory_lock(%s)", [MIGRATION_LOCK])[0][0]:
        if monotonic() > deadline:
            raise SchemaBusy("another process is migrating")
        sleep(0.25)


def _apply(tries: int) -> list[str]:
    from django.core.management import call_command

    waiting = pending_migrations()
    for attempt in range(1, tries + 1):
        try:
            with speaking_of_the_database():
                call_command("migrate", interactive=False, verbosity=0)
            break
        except SchemaBusy:
            if attempt == tries:
                raise
            sleep(0.5 * attempt)
    return waiting


def pending_migrations() -> list[str]:
    """Migrations that this code has and the database has not."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _settle_key() -> Path | None:
    """A database without data of any key gets a new key if there is none; data of a lost key are refused."""
    from hark.kernel import secrets

    made = None
    try:
        secrets.key_ring()
    except secrets.NoKey:
        if secrets.belongs_to_a_key():
            raise secrets.WrongKey("there is no key ring at all") from None
        with speaking_of_the_disk(secrets.key_file().parent):
            secrets.add_key_to_file()
        made = secrets.key_file()
    secrets.check_database()
    return made


@contextmanager
def database(data: Path | None = None) -> Iterator[None]:
    """For a command that needs the database: takes the running one, or starts the embedded one for a while."""
    folder = use_data_folder(data)
    server = chosen_server(folder)
    if server is None or server.answers():
        yield
        return
    with claim(folder):
        server.make_way()
        server.start()
        try:
            server.make_database()
            yield
        finally:
            server.stop()
