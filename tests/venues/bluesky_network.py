"""A real Bluesky network (identities, personal data server, AppView) on free ports of this machine, with its people."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from hark.kernel.ids import new_uuid
from hark.kernel.time import monotonic, now, sleep

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bluesky"
STARTER = ROOT / "scripts" / "venue_servers" / "bluesky" / "network.mjs"
PASSWORD = "a-password-of-the-suite"
POST = "app.bsky.feed.post"
SECONDS = 300.0


@dataclass(frozen=True)
class Someone:
    """An account, which does what people do in an app."""

    base_url: str
    did: str
    handle: str
    token: str

    def call(self, name: str, said: Any = None, **query: Any) -> Any:
        """One call of the XRPC API, which must succeed."""
        answer = httpx.request(
            "GET" if said is None else "POST",
            f"{self.base_url}/xrpc/{name}",
            params=query,
            json=said,
            headers={"authorization": f"Bearer {self.token}"},
            timeout=60,
        )
        assert answer.is_success, f"{name}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    def posts(self, text: str, **record: Any) -> dict[str, str]:
        """Post words; the address and the content hash."""
        at = now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {"$type": POST, "text": text, "createdAt": at, **record}
        made = self.call("com.atproto.repo.createRecord", {"repo": self.did, "collection": POST, "record": said})
        return {"uri": made["uri"], "cid": made["cid"]}

    def answers(self, above: dict[str, str], root: dict[str, str], text: str, **record: Any) -> dict[str, str]:
        """Post an answer."""
        return self.posts(text, reply={"root": root, "parent": above}, **record)

    def deletes(self, uri: str) -> None:
        """Delete a post."""
        said = {"repo": self.did, "collection": POST, "rkey": uri.rpartition("/")[2]}
        self.call("com.atproto.repo.deleteRecord", said)

    def uploads(self, body: bytes, mime: str) -> dict[str, Any]:
        """Bring a picture to the server."""
        answer = httpx.post(
            f"{self.base_url}/xrpc/com.atproto.repo.uploadBlob",
            content=body,
            headers={"authorization": f"Bearer {self.token}", "content-type": mime},
            timeout=60,
        )
        return dict(answer.raise_for_status().json()["blob"])

    def thread(self, uri: str) -> dict[str, Any]:
        """A thread as the app shows it."""
        return dict(self.call("app.bsky.feed.getPostThread", uri=uri)["thread"])

    def app_password(self) -> str:
        """A password for one program."""
        said = {"name": f"hark {new_uuid().hex[:6]}"}
        return str(self.call("com.atproto.server.createAppPassword", said)["password"])

    def mentioning(self, who: "Someone", before: str, after: str) -> dict[str, Any]:
        """A text that names somebody, with its facet counted in bytes."""
        start, name = len(before.encode()), f"@{who.handle}"
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": who.did}
        facet = {"index": {"byteStart": start, "byteEnd": start + len(name.encode())}, "features": [feature]}
        return {"text": f"{before}{name}{after}", "facets": [facet]}


@dataclass(frozen=True)
class RealNetwork:
    """Where it listens."""

    pds: str
    plc: str
    appview: str
    up_in: float

    @property
    def allowed(self) -> list[str]:
        """For HARK_ALLOWED_NETWORKS."""
        return [urlsplit(address).netloc for address in (self.pds, self.plc, self.appview)]

    def somebody(self, name: str, shown: str = "") -> Someone:
        """A new account with a profile."""
        handle = f"{name}{new_uuid().hex[:6]}.test"
        said = {"handle": handle, "email": f"{handle}@mail.example", "password": PASSWORD}
        made = httpx.post(f"{self.pds}/xrpc/com.atproto.server.createAccount", json=said, timeout=60)
        told = made.raise_for_status().json()
        who = Someone(self.pds, told["did"], handle, told["accessJwt"])
        profile = {"$type": "app.bsky.actor.profile", "displayName": shown or name}
        record = {"repo": who.did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": profile}
        who.call("com.atproto.repo.putRecord", record)
        return who


def why_not() -> str:
    """Why it cannot run here; empty where it can."""
    missing = [program for program in ("node", "redis-server") if not shutil.which(program)]
    missing += [] if _programs() else ["postgresql"]
    if missing:
        return f"not installed: {', '.join(missing)} (`make venues-bluesky` installs what is needed)"
    there = (FOLDER / "node_modules" / "@atproto" / "dev-env").exists()
    return "" if there else "the Bluesky network is not installed (`make venues-bluesky` brings it into build/bluesky)"


@contextmanager
def real_network() -> Iterator[RealNetwork]:
    """Started and stopped, with a database and a Redis of its own. Skips with the reason where it cannot run."""
    if reason := why_not():
        pytest.skip(reason)
    begun = monotonic()
    with _redis() as redis, _database() as address:
        environment = {
            **os.environ,
            "DB_POSTGRES_URL": address,
            "DB_POSTGRES_SCHEMA": "hark",
            "REDIS_HOST": redis,
            "LOG_ENABLED": "false",
            "NODE_ENV": "test",
        }
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the network runs
        process = subprocess.Popen(
            ["node", str(STARTER)],
            cwd=FOLDER,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            told = _first_line(process, errors)
            yield RealNetwork(told["pds"], told["plc"], told["appview"], monotonic() - begun)
        finally:
            assert process.stdin
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)
            process.stdout.close() if process.stdout else None
            errors.close()


def _first_line(process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> dict[str, str]:
    """Where it listens, once it does."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    assert process.stdout
    output = process.stdout
    Thread(target=lambda: [lines.put(line) for line in output], daemon=True).start()
    until = monotonic() + SECONDS
    while monotonic() < until:
        try:
            line = lines.get(timeout=1)
        except Empty:
            if process.poll() is not None:
                errors.seek(0)
                raise AssertionError(f"the network ended: {errors.read()[-2000:].decode('utf-8', 'replace')}") from None
            continue
        if line.startswith(b"{"):
            found: dict[str, str] = json.loads(line)
            return found
    raise AssertionError("the network did not come up")


@contextmanager
def _redis() -> Iterator[str]:
    port = _free_port()
    folder = tempfile.mkdtemp(prefix="hark-redis-")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database() -> Iterator[str]:
    """A PostgreSQL of the distribution, which has the extension that the AppView wants; its address."""
    folder, programs = Path(tempfile.mkdtemp(prefix="hark-bluesky-")), _programs()[-1]
    owner = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    port, data = _free_port(), folder / "data"
    as_owner: dict[str, Any] = {"user": owner.pw_uid, "group": owner.pw_gid} if os.geteuid() == 0 else {}
    make = [str(programs / "initdb"), "-D", str(data), "-U", "hark", "--auth=trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL, timeout=120, cwd=folder, **as_owner)
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, cwd=folder, **as_owner)
    try:
        address = f"postgresql://hark@127.0.0.1:{port}/postgres"
        _wait_for(address)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> list[Path]:
    """Where the distribution's PostgreSQL lies, oldest version first; only versions with its extensions."""
    with_extensions = Path("/usr/share/postgresql").glob("*/extension/pg_trgm.control")
    folders = (Path("/usr/lib/postgresql") / one.parts[-3] / "bin" for one in with_extensions)
    return sorted((one for one in folders if (one / "initdb").exists()), key=lambda one: int(one.parts[-2]))


def _wait_for(address: str) -> None:
    until = monotonic() + SECONDS
    while True:
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError:
            assert monotonic() < until, "PostgreSQL did not come up"
            sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as line:
        return int(line.getsockname()[1])
