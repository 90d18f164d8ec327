"""A small HTTP server that plays a venue for its tests: derive from it, write `answer`, and it fails when told to."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from hark.channels.types import Account, Raw

STATUS = {"429": 429, "500": 500, "403": 403, "401": 401}
HANG_SECONDS = 30.0
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request of Hark's. Header names are in lower case; of a query's repeated names the last counts.

    `asked` is the query as it came, for venues that repeat names.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    asked: str = ""

    def json(self) -> Any:
        """The body as JSON; None where it is empty."""
        return json.loads(self.body) if self.body else None

    def form(self) -> dict[str, str]:
        """The body as a form's fields."""
        return _last_of(parse_qs(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the venue answers; `body` as bytes, or as a value that becomes JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpCounterpart:
    """A `Counterpart` of the conformance suite: `with MyVenue(account) as venue:`. Calls are answered one at a time.

    `taken` is what it took, oldest first. What a venue does not do (to be polled, to let replies be changed) needs no
    function.
    """

    def __init__(self, account: Account) -> None:
        """`account`: whose replies it takes; its `base_url` is set to this server."""
        self.taken: list[dict[str, Any]] = []
        self.calls: list[Call] = []
        self.faults: list[str] = []
        self.lock = threading.RLock()
        self._stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._listening = False
        self.place = f"127.0.0.1:{self._server.server_address[1]}"
        self.base_url = f"http://{self.place}"
        self.account = replace(account, base_url=self.base_url)

    def __enter__(self) -> Self:
        """Open; Hark may reach it."""
        from django.test import override_settings

        self._allowed = override_settings(HARK_ALLOWED_NETWORKS=[self.place])
        self._allowed.enable()
        self._listening = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        """Close."""
        self._stopped.set()
        self.hang_up()
        self._allowed.disable()

    def answer(self, call: Call) -> Answer:
        """The venue's answer. One lock is held, so that it may keep what it likes."""
        raise NotImplementedError

    def is_send(self, call: Call) -> bool:
        """Would this call publish something? The faults that were asked for strike these."""
        return call.method in WRITES

    def hang_up(self) -> None:
        """From now on nobody listens here."""
        if self._listening:
            self._listening = False
            self._server.shutdown()
            self._server.server_close()

    def fail(self, how: str) -> None:
        """The next send fails: `429`, `500`, `403`, `401`, `drop_reply` (it is taken all the same) or `hang`.

        `429 alone` names no time to wait, as what stands before a venue answers for it.
        """
        with self.lock:
            self.faults.append(how)

    def failure(self, how: str) -> Answer:
        """How this venue words a fault."""
        return Answer(STATUS[how], {"error": how}, {"retry-after": "2"} if how == "429" else {})

    def received(self) -> Sequence[dict[str, Any]]:
        """What it took."""
        return self.taken

    def offer(self, count: int) -> list[str]:
        """New events that a poll will find."""
        raise NotImplementedError

    def mention(self, text: str) -> str:
        """Somebody posts this, and not to us."""
        raise NotImplementedError

    def echo(self) -> Raw:
        """Our last message as the venue reports it."""
        raise NotImplementedError

    def published(self, external_id: str) -> str | None:
        """What a reply of ours says there now."""
        raise NotImplementedError

    def weaken(self) -> None:
        """Take a permission away and let the rest end soon."""
        raise NotImplementedError

    def file(self, size: int) -> str:
        """A reference to an attachment of this size."""
        return f"{self.base_url}/files/{size}.bin"

    def respond(self, call: Call) -> Answer | None:
        """The answer, or the fault whose turn it is; None: the line breaks."""
        with self.lock:
            self.calls.append(call)
            fault = self.faults.pop(0) if self.faults and self.is_send(call) else ""
            if fault in STATUS:
                return self.failure(fault)
            if fault == "429 alone":
                return Answer(429)
            if fault != "hang":
                said = self.answer(call)
        if fault == "hang":
            self._stopped.wait(HANG_SECONDS)
        return None if fault else said


def _handler(venue: HttpCounterpart) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def any_method(self) -> None:
            where = urlsplit(self.path)
            said = venue.respond(
                Call(
                    self.command,
                    where.path,
                    _last_of(parse_qs(where.query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(int(self.headers.get("content-length") or 0)),
                    where.query,
                )
            )
            if said is None:
                self.close_connection = True
                return
            body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in {"content-length": str(len(body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = any_method  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    return Handler


def _last_of(fields: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in fields.items()}
