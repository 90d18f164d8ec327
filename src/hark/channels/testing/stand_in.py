"""The simulated venue itself: a small HTTP server that posts webhooks, takes replies, remembers keys, fails on demand.

What it offered, what was acknowledged and what it received stands in its ledger, whatever Hark believes.
"""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit

from hark.channels.testing.ledger import VenueLedger
from hark.channels.testing.postman import Hook, Letter, Postman
from hark.kernel.ids import new_uuid
from hark.kernel.time import now

Mode = Literal["429", "500", "401", "403", "hang", "reset", "drop_reply"]
STATUS = {"429": 429, "500": 500, "401": 401, "403": 403}


@dataclass(frozen=True, slots=True)
class Fault:
    """How the next reply fails. `reset` and `hang` forget the message, `drop_reply` keeps it and says nothing."""

    mode: Mode
    retry_after: str = ""
    hang_seconds: float = 30.0


@dataclass(slots=True)
class Books:
    """What the venue knows of one account."""

    hook: Hook | None = None
    token: str = ""
    own_id: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)  # by idempotency key
    posts: dict[str, str | None] = field(default_factory=dict)  # what our replies say there; None: taken away
    expires_at: str = ""
    scopes: tuple[str, ...] = ("read", "write")


class StandIn:
    """A venue on loopback with any number of accounts."""

    def __init__(self, ledger: Path, *, port: int = 0, remembers_keys: bool = True, echoes: bool = False) -> None:
        """`port` 0: any free one. `remembers_keys` off: a message is taken as often as it comes.

        `echoes`: replies come back as webhooks, as on venues that report our own posts.
        """
        self.ledger = VenueLedger(ledger)
        self.remembers_keys, self.echoes = remembers_keys, echoes
        self.books: dict[str, Books] = defaultdict(Books)
        self.files: dict[str, bytes] = {}
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self._faults: deque[Fault] = deque()
        self._postman = Postman(self.ledger)
        handler = type("Handler", (_Handler,), {"venue": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "StandIn":
        """Open."""
        self._thread.start()
        self._postman.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Close."""
        self.stopped.set()
        self._postman.stop()
        self.hang_up()
        self._thread.join()
        self.ledger.close()

    def hang_up(self) -> None:
        """Listen no longer, as a venue that is down."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def place(self) -> str:
        """`host:port`, for HARK_ALLOWED_NETWORKS."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def base_url(self, account: str) -> str:
        """The channel's `base_url` setting for an account."""
        return f"http://{self.place}/{quote(account, safe='')}"

    def connect(self, account: str, *, hook: str = "", secret: str = "", token: str = "", own_id: str = "") -> None:
        """Tell the venue about an account: where its webhooks go, and how both sides prove who they are."""
        books = self.books[account]
        books.hook = Hook(hook, secret) if hook else None
        books.token, books.own_id = token, own_id or account

    def offer(self, account: str, events: Sequence[dict[str, Any]], *, copies: int = 1) -> None:
        """Post events in one call, with retries until it is acknowledged; `copies` of the very same call at once."""
        books = self.books[account]
        with self.lock:
            books.events.extend(events)
        if books.hook:
            first = Letter(account, books.hook, events)
            for _ in range(copies):
                self._postman.deliver(Letter(account, books.hook, events, first.delivery))

    def settled(self, timeout_seconds: float = 10) -> bool:
        """Wait until every call is acknowledged; False when that takes too long."""
        return self._postman.settled(timeout_seconds)

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """The next `times` requests for a reply fail this way."""
        with self.lock:
            self._faults.extend([fault] * times)

    def next_fault(self) -> Fault | None:
        """The fault whose turn it is."""
        with self.lock:
            return self._faults.popleft() if self._faults else None

    def take(self, account: str, key: str, said: dict[str, Any]) -> dict[str, Any]:
        """Keep a reply and give its id; the earlier one for a key that is remembered. Echoes it where that is on."""
        books = self.books[account]
        with self.lock:
            known = books.taken.get(key) if self.remembers_keys and key else None
            answer = known or self._answer(account)
            if key:
                books.taken[key] = answer
            books.posts.setdefault(answer["id"], said.get("text", ""))
        words = ("client_ref", "thread", "parent", "to", "by", "text", "private_of")
        kept = {name: said.get(name, "") for name in words}
        kept["files"] = [file["ref"] for file in said.get("files", ())]
        kept |= {"account": account, "id": answer["id"], "visibility": said.get("audience", ""), "repeat": bool(known)}
        self.ledger.write("received", **kept)
        if self.echoes and not known:
            self.offer(account, [self.echo_of(books, said, answer)])
        return answer

    def change(self, account: str, post: str, said: dict[str, Any]) -> bool:
        """Let a post of ours say something else, or take it away; False where there is none."""
        books = self.books[account]
        with self.lock:
            there = books.posts.get(post) is not None
            if there:
                books.posts[post] = None if said.get("deleted") else said.get("text", "")
        self.ledger.write("changed", account=account, id=post, text=said.get("text", ""), there=there)
        return there

    def _answer(self, account: str) -> dict[str, Any]:
        made = f"sim-{new_uuid().hex}"
        return {"id": made, "permalink": f"{self.base_url(account)}/posts/{made}"}

    def echo_of(self, books: Books, said: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """A message of ours as the venue reports it."""
        private = said.get("audience") == "private"
        return {
            "type": "direct" if private else "comment",
            "id": answer["id"],
            "thread": said.get("thread"),
            "parent": said.get("parent"),
            "audience": said.get("audience"),
            "author": {"id": books.own_id},
            "text": said.get("text"),
            "at": now().isoformat(),
            "client_ref": said.get("client_ref"),
        }


class _Handler(BaseHTTPRequestHandler):
    """`/<account>/me`, `/<account>/events`, `/<account>/messages`, `/<account>/files/<name>`."""

    venue: ClassVar[StandIn]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Who am I, what is new, files."""
        books, path, query = self._where()
        if path.startswith("files/"):
            self._bytes(self.venue.files.get(path.removeprefix("files/"), b""))
        elif self._refused(books):
            pass
        elif path == "me":
            about = {"id": books.own_id, "scopes": books.scopes, "expires_at": books.expires_at or None}
            self._json(200, about)
        elif path == "events":
            self._json(200, self._page(books, query))
        else:
            self._json(404, {"error": "nothing here"})

    def do_POST(self) -> None:
        """Take a reply, or fail as asked."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        books, path, _ = self._where()
        account = unquote(urlsplit(self.path).path.split("/")[1])
        if self._refused(books):
            return
        if path.startswith("files/"):
            self.venue.files[path.removeprefix("files/")] = body
            self._json(201, {})
            return
        if path != "messages" and not path.startswith("messages/"):
            self._json(404, {"error": "nothing here"})
            return
        fault = self.venue.next_fault()
        if fault and fault.mode != "drop_reply":
            self._fail(fault)
            return
        status, answer = self._taken(account, unquote(path.removeprefix("messages").lstrip("/")), json.loads(body))
        if fault:
            self.close_connection = True
        else:
            self._json(status, answer)

    def _taken(self, account: str, post: str, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """A new message, or a change of `post`."""
        if not post:
            return 201, self.venue.take(account, self.headers.get("idempotency-key", ""), said)
        there = self.venue.change(account, post, said)
        return (200, {"id": post}) if there else (404, {"error": "no such post"})

    def _where(self) -> tuple[Books, str, dict[str, list[str]]]:
        place = urlsplit(self.path)
        account, _, path = place.path.lstrip("/").partition("/")
        return self.venue.books[unquote(account)], path, parse_qs(place.query)

    def _refused(self, books: Books) -> bool:
        if not books.token or self.headers.get("authorization") == f"Bearer {books.token}":
            return False
        self._json(401, {"error": "token"})
        return True

    def _fail(self, fault: Fault) -> None:
        self.venue.ledger.write("failed", mode=fault.mode)
        if fault.mode == "hang":
            self.venue.stopped.wait(fault.hang_seconds)
        if fault.mode in STATUS:
            more = {"retry-after": fault.retry_after} if fault.retry_after else {}
            self._json(STATUS[fault.mode], {"error": fault.mode}, more)
        else:
            self.close_connection = True

    def _page(self, books: Books, query: dict[str, list[str]]) -> dict[str, Any]:
        after = int((query.get("after") or ["0"])[0] or 0)
        end = after + int((query.get("limit") or ["50"])[0])
        there = len(books.events)
        return {"events": books.events[after:end], "next": str(min(end, there)), "more": end < there}

    def _json(self, status: int, said: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._bytes(json.dumps(said).encode(), status, {"content-type": "application/json", **(headers or {})})

    def _bytes(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Silence: the ledger says what happened."""
