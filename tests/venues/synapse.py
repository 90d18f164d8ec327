"""A real Synapse in a folder of its own, on a free port of this machine, with people who post by its HTTP API."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from hark.kernel.time import monotonic, sleep

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "build" / "synapse" / "bin" / "python"
SECRET = "a-registration-secret-of-the-suite"
PASSWORD = "a-password-of-the-suite"
SERVER = "plum.example"
PUBLIC = {"preset": "public_chat", "name": "Plum help"}


@dataclass
class Someone:
    """An account on the homeserver, who does what people do in a Matrix client."""

    base_url: str
    user_id: str
    token: str
    keys: Iterator[int] = field(default_factory=lambda: count(1))

    def call(self, method: str, path: str, said: Any = None) -> Any:
        """One call of the client-server API, which must succeed."""
        answer = httpx.request(
            method,
            f"{self.base_url}/_matrix/client/v3{path}",
            json=said,
            headers={"authorization": f"Bearer {self.token}"},
            timeout=30,
        )
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def put(self, room: str, content: dict[str, Any], kind: str = "m.room.message") -> str:
        """Send an event; its id."""
        path = f"/rooms/{quote(room)}/send/{kind}/{self.user_id}{next(self.keys)}"
        return str(self.call("PUT", path, content)["event_id"])

    def says(self, room: str, text: str, **more: Any) -> str:
        """Post words."""
        return self.put(room, {"msgtype": "m.text", "body": text, **more})

    def edits(self, room: str, event: str, text: str) -> str:
        """Give a message other words."""
        new = {"msgtype": "m.text", "body": text}
        relates = {"rel_type": "m.replace", "event_id": event}
        return self.put(room, {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relates})

    def deletes(self, room: str, event: str) -> None:
        """Redact a message."""
        self.call("PUT", f"/rooms/{quote(room)}/redact/{quote(event)}/r{next(self.keys)}", {})

    def uploads(self, body: bytes, name: str, mime: str) -> str:
        """Bring a file to the homeserver; its address."""
        answer = httpx.post(
            f"{self.base_url}/_matrix/media/v3/upload",
            params={"filename": name},
            content=body,
            headers={"authorization": f"Bearer {self.token}", "content-type": mime},
            timeout=30,
        )
        return str(answer.raise_for_status().json()["content_uri"])

    def makes(self, **about: Any) -> str:
        """Make a room."""
        return str(self.call("POST", "/createRoom", about)["room_id"])

    def joins(self, room: str) -> None:
        """Come into a room."""
        self.call("POST", f"/rooms/{quote(room)}/join", {})

    def sees(self, room: str) -> list[dict[str, Any]]:
        """The events of a room, oldest first, as this person's client gets them."""
        found = self.call("GET", f"/rooms/{quote(room)}/messages?dir=b&limit=200")["chunk"]
        return list(reversed(found))

    def reads(self, room: str, event: str) -> dict[str, Any]:
        """One event, as this person's client gets it."""
        return dict(self.call("GET", f"/rooms/{quote(room)}/event/{quote(event)}"))

    def rooms(self, which: str = "invite") -> dict[str, Any]:
        """The rooms to which this person is invited, or has come."""
        return dict(self.call("GET", "/sync?timeout=0").get("rooms", {}).get(which, {}))


@dataclass(frozen=True)
class Synapse:
    """Where the homeserver listens, and how long it took until it did."""

    folder: Path
    port: int
    up_in: float = 0.0

    @property
    def place(self) -> str:
        """For HARK_ALLOWED_NETWORKS."""
        return f"127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """Its address."""
        return f"http://{self.place}"

    def somebody(self, name: str, shown: str = "") -> Someone:
        """A new account, registered with the shared secret and logged in."""
        address = f"{self.base_url}/_synapse/admin/v1/register"
        nonce = httpx.get(address, timeout=30).json()["nonce"]
        signed = "\0".join((nonce, name, PASSWORD, "notadmin")).encode()
        said = {
            "nonce": nonce, "username": name, "displayname": shown or name, "password": PASSWORD, "admin": False,
            "mac": hmac.new(SECRET.encode(), signed, hashlib.sha1).hexdigest(),
        }  # fmt: skip
        made = httpx.post(address, json=said, timeout=30).raise_for_status().json()
        return Someone(self.base_url, made["user_id"], made["access_token"])

    def megabytes(self) -> int:
        """How much memory it has taken."""
        lines = (self.folder / "pid").read_text().split()
        status = Path(f"/proc/{lines[0]}/status").read_text()
        return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def why_not() -> str:
    """Why it cannot run here; empty where it can."""
    return "" if PYTHON.exists() else "Synapse is not installed (`make venues-matrix` installs it into build/synapse)"


@contextmanager
def real_synapse() -> Iterator[Synapse]:
    """Started and stopped. Skips the test with the reason where it cannot run."""
    if reason := why_not():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="hark-synapse-"))
    place = Synapse(folder, _free_port())
    _configure(place)
    command = [str(PYTHON), "-m", "synapse.app.homeserver", "-c", str(folder / "homeserver.yaml")]
    with (folder / "out.log").open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
    (folder / "pid").write_text(str(process.pid))
    begun = monotonic()
    try:
        _wait(place, process)
        yield replace(place, up_in=monotonic() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _configure(place: Synapse) -> None:
    generous = {"per_second": 1000, "burst_count": 1000}
    folder = place.folder
    config = {
        "server_name": SERVER,
        "pid_file": str(folder / "homeserver.pid"),
        "listeners": [
            {"port": place.port, "type": "http", "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}]}
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "registration_shared_secret": SECRET,
        "report_stats": False,
        "trusted_key_servers": [],
        "log_config": str(folder / "log.yaml"),
        "rc_message": generous,
        "rc_joins": {"local": generous},
        "rc_invites": {"per_room": generous, "per_user": generous, "per_issuer": generous},
        "rc_room_creation": generous,
        "rc_login": {"address": generous, "account": generous, "failed_attempts": generous},
    }
    # JSON is YAML, so no library of YAML is needed here.
    (folder / "homeserver.yaml").write_text(json.dumps(config))
    handlers = {"file": {"class": "logging.FileHandler", "filename": str(folder / "synapse.log")}}
    (folder / "log.yaml").write_text(
        json.dumps({"version": 1, "handlers": handlers, "root": {"level": "WARNING", "handlers": ["file"]}})
    )
    seed = base64.b64encode(os.urandom(32)).rstrip(b"=").decode()
    (folder / "signing.key").write_text(f"ed25519 a_hark {seed}\n")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as line:
        return int(line.getsockname()[1])


def _wait(place: Synapse, process: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    until = monotonic() + seconds
    while True:
        try:
            httpx.get(f"{place.base_url}/_matrix/client/versions", timeout=5).raise_for_status()
        except httpx.HTTPError:
            assert process.poll() is None, (place.folder / "out.log").read_text()[-2000:]
            assert monotonic() < until, "Synapse did not come up"
            sleep(0.1)
        else:
            return


def main() -> None:
    """Let it run until it is interrupted, for trying things out: `python -m tests.venues.synapse`."""
    with real_synapse() as place:
        care, maud = place.somebody("care", "Plum Care"), place.somebody("maud", "Maud")
        print(json.dumps({"base_url": place.base_url, "care": care.token, "maud": maud.token}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
