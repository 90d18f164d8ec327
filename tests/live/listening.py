"""A browser's side of server-sent events."""

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from hark.kernel.actions import record
from hark.kernel.ids import public_key
from hark.kernel.types import NewEvent
from hark.organisation.models import Agent, Inbox, Team
from hark.organisation.types import Role
from tests.intake.running import RunningFront, until


@dataclass
class Heard:
    """One event as a page gets it."""

    name: str
    id: str
    data: dict[str, Any]


@dataclass
class Listener:
    """A stream that is read in a thread until it ends or is closed."""

    front: RunningFront
    path: str = "/live"
    headers: dict[str, str] = field(default_factory=dict)
    reads: bool = True

    def __post_init__(self) -> None:
        self.events: list[Heard] = []
        self.chunks: list[float] = []
        self.raw = b""
        self.last_id = ""
        self.ended = False
        self.line = socket.create_connection(("127.0.0.1", self.front.port), timeout=30)
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        self.line.sendall(f"GET {self.path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{head}\r\n".encode("latin-1"))
        self.status = 0
        self.head = b""
        self.thread = threading.Thread(target=self._read, daemon=True)
        if self.reads:
            self.thread.start()
            until(lambda: self.status)

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), self.line.makefile("rb") as stream:
            self.head = b"".join(iter(stream.readline, b"\r\n"))
            status = int(self.head.split(b" ")[1])
            if b"transfer-encoding: chunked" in self.head:
                self.status = status
                while (size := int(stream.readline() or b"0", 16)) > 0:
                    self._take(stream.read(size))
                    stream.readline()
            self.status = status
        self.ended = True

    def _take(self, chunk: bytes) -> None:
        self.chunks.append(time.monotonic())
        self.raw += chunk
        *whole, self.raw = self.raw.split(b"\n\n")
        for block in whole:
            fields = dict(line.split(": ", 1) for line in block.decode().splitlines() if not line.startswith(":"))
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                self.events.append(Heard(fields.get("event", "message"), self.last_id, json.loads(fields["data"])))

    def heard(self) -> list[str]:
        """Subjects of the messages, in the order they came."""
        return [event.data["subject"] for event in self.events if event.name == "message"]

    def named(self, name: str) -> list[Heard]:
        """Words to the page itself."""
        return [event for event in self.events if event.name == name]

    def close(self) -> None:
        """Hang up, and wait until the last byte was taken."""
        with contextlib.suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)
        if self.reads:
            self.thread.join(5)
        self.line.close()


def sign_in(agent: Agent) -> dict[str, str]:
    """The headers of a signed-in browser."""
    client = Client()
    client.force_login(agent, "allauth.account.auth_backends.AuthenticationBackend")
    return {"cookie": f"hark_session={client.cookies['hark_session'].value}"}


def make_agent(name: str, *teams: Team, role: Role = Role.AGENT) -> Agent:
    """A person."""
    agent = Agent(key=public_key("agent"), email=f"{name}@plum.example", name=name, role=role)
    agent.set_unusable_password()
    agent.save()
    agent.teams.set(teams)
    return agent


def happen(subject: str, inbox: Inbox | None = None, *, kind: str = "case.status", **more: Any) -> None:
    """Something happens."""
    record([NewEvent(kind, subject, inbox_id=inbox.pk if inbox else None, **more)])
