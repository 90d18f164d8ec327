"""A company's program at the other end of an API channel: takes replies, remembers their ids, fails when told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hark.channels.api.signing import signed_bytes
from hark.channels.kit.signatures import hex_code
from hark.channels.types import Account, Raw

STATUSES = {"429": 429, "429 alone": 429, "500": 500, "403": 403, "401": 401}


class Program:
    """What the conformance suite wants to hold (`Counterpart`)."""

    def __init__(self, account: Account) -> None:
        """`account`: the channel whose replies it takes."""
        self.taken: list[dict[str, Any]] = []
        self.ids: dict[str, str] = {}
        self.texts: dict[str, str | None] = {}
        self.next_failure = ""
        self.lacks: dict[str, Any] = {}
        self.unsigned = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.place = f"127.0.0.1:{self.server.server_address[1]}"
        self.account = replace(account, base_url=f"http://{self.place}/hark")
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def received(self) -> list[dict[str, Any]]:
        """The replies, each once."""
        return self.taken

    def fail(self, how: str) -> None:
        """The next call fails."""
        self.next_failure = how

    def offer(self, count: int) -> list[str]:
        """This venue is not polled."""
        raise NotImplementedError

    def mention(self, text: str) -> str:
        """Nobody can listen here."""
        raise NotImplementedError

    def echo(self) -> Raw:
        """The last reply, as a program may report it back."""
        last = self.taken[-1]
        said = {"type": "echo", "id": self.ids[last["id"]], "reply": last["id"], "thread": last["thread"]}
        return Raw(json.dumps({**said, "text": last["text"], "visibility": last["visibility"]}).encode())

    def published(self, external_id: str) -> str | None:
        """What a reply says there now."""
        return self.texts[external_id]

    def weaken(self) -> None:
        """From now on the ping is answered with what is missing."""
        self.lacks = {"missing": ["orders"], "expires_at": "2026-11-01T00:00:00+00:00"}

    def hang_up(self) -> None:
        """Nobody listens any more."""
        self.server.shutdown()
        self.server.server_close()

    def file(self, size: int) -> str:
        """An attachment of this size."""
        return f"http://{self.place}/files/{size}"

    def take(self, call: dict[str, Any]) -> dict[str, Any]:
        """What a call is answered."""
        if call["type"] == "ping":
            return self.lacks
        if call["type"] in {"reply.edited", "reply.deleted"}:
            self.texts[self.ids[call["reply"]]] = call.get("text")
            return {"id": self.ids[call["reply"]]}
        if call["id"] not in self.ids:
            self.ids[call["id"]] = f"theirs-{len(self.ids) + 1}"
            self.texts[self.ids[call["id"]]] = call["text"]
            self.taken.append({**call, "client_ref": call["id"]})
        return {"id": self.ids[call["id"]], "state": "delivered"}

    def signed(self, stamp: str, codes: str, body: bytes) -> bool:
        """Was it signed with the account's first secret?"""
        wanted = hex_code(self.account.secrets["outgoing"].encode(), signed_bytes(stamp, body))
        return wanted in codes.split(",")


def _handler(program: Program) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - four small methods
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * int(self.path.rpartition("/")[2]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            how, program.next_failure = program.next_failure, ""
            if not program.signed(self.headers["hark-timestamp"], self.headers["hark-signature"], body):
                program.unsigned += 1
                how = "401"
            if how in STATUSES:
                return self.answer(STATUSES[how], {"error": "the order is closed"}, "2" if how == "429" else "")
            if how == "hang":
                self.rfile.read(1)  # until the other side gives up
                return self.close_connection_now()
            said = program.take(json.loads(body))
            return self.close_connection_now() if how == "drop_reply" else self.answer(200, said)

        def close_connection_now(self) -> None:
            self.close_connection = True

        def answer(self, status: int, said: dict[str, Any], retry_after: str = "") -> None:
            self.send_response(status)
            if retry_after:
                self.send_header("retry-after", retry_after)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def running_program(account: Account) -> Iterator[Program]:
    """It listens while the block runs, at an address that Hark may reach."""
    from django.test import override_settings

    program = Program(account)
    with override_settings(HARK_ALLOWED_NETWORKS=[program.place]):
        try:
            yield program
        finally:
            program.hang_up()
