"""A provider where people sign in by OAuth 2: a real HTTP server, written from RFC 6749, RFC 7636 and documentation.

It shares no code with Hark: it checks the proof key, the redirect address and the client's secret itself, gives each
code and, where told so, each refresh token once only, and fails when told to. It is neither Google nor Microsoft.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlencode, urlsplit

from django.test import override_settings

from hark.channels.email.oauth import PROVIDERS

CLIENT, SECRET = "plum-client", "plum-client-secret-canary"


@dataclass
class Provider:
    """What it knows, and how it answers next."""

    rotates: bool = False
    access_seconds: int | str = 3600
    refresh_seconds: int | None = None
    scope: str | None = None  # what it grants; None: what was asked for
    secret: str = SECRET
    pause: float = 0.0
    whose: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # of the next calls of the token endpoint
    port: int = 0
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)  # live refresh tokens and their scopes
    access: set[str] = field(default_factory=set)  # live access tokens
    asked: list[dict[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)  # every secret word it ever gave out
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def place(self) -> str:
        """For HARK_ALLOWED_NETWORKS."""
        return f"127.0.0.1:{self.port}"

    def agree(self, address: str, **changed: str) -> str:
        """A person opens the address, signs in and agrees; gives where his browser is sent."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        code = self.word("code")
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], **changed})}"

    def word(self, kind: str) -> str:
        """A new secret word."""
        made = f"{kind}-canary-{next(self.numbers)}"
        self.given.append(made)
        return made

    def take_back(self) -> None:
        """The person removes the app from his account."""
        self.refresh.clear()
        self.access.clear()

    def introspected(self, token: str) -> dict[str, Any]:
        """RFC 7662: does it live, and whose is it?"""
        return {"active": True, "email": self.whose} if token in self.access else {"active": False}

    def answer(self, said: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The token endpoint."""
        with self.lock:
            self.asked.append(said)
            if self.answers:
                return self.answers.pop(0)
            if said.get("client_id") != CLIENT or said.get("client_secret") != self.secret:
                return 401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}
            if said["grant_type"] == "authorization_code":
                return self._code(said)
            return self._refresh(said["refresh_token"])

    def _code(self, said: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(said["code"], None)
        digest = hashlib.sha256(said.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not asked or asked["code_challenge"] != proof or asked["redirect_uri"] != said["redirect_uri"]:
            return 400, {"error": "invalid_grant", "error_description": "Bad Request"}
        return 200, self._grant(asked["scope"], self.word("refresh"))

    def _refresh(self, token: str) -> tuple[int, dict[str, Any]]:
        if token not in self.refresh:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        scope = self.refresh[token]
        if not self.rotates:
            return 200, self._grant(scope, "")
        del self.refresh[token]  # the strictest: used once, gone
        return 200, self._grant(scope, self.word("refresh"))

    def _grant(self, scope: str, refresh: str) -> dict[str, Any]:
        access = self.word("access")
        self.access.add(access)
        if refresh:
            self.refresh[refresh] = scope
        said: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": self.access_seconds}
        said |= {"refresh_token": refresh} if refresh else {}
        said |= {"refresh_token_expires_in": self.refresh_seconds} if self.refresh_seconds else {}
        return {**said, "scope": self.scope if self.scope is not None else scope.replace("offline_access", "").strip()}


@contextmanager
def provider_stand_in() -> Iterator[Provider]:
    """The server on a free port; Google's and Microsoft's addresses lead there, everything else of them stays."""
    state = Provider()

    class Calls(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            assert self.headers["content-type"] == "application/x-www-form-urlencoded"
            said = {name: values[0] for name, values in parse_qs(body).items()}
            threading.Event().wait(state.pause)
            known = self.path == "/introspect"
            status, answer = (200, state.introspected(said["token"])) if known else state.answer(said)
            raw = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Calls)
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    here = {
        name: replace(
            one, authorize_url=led_here(one.authorize_url, state.place), token_url=led_here(one.token_url, state.place)
        )
        for name, one in PROVIDERS.items()
    }
    try:
        with patch.dict(PROVIDERS, here), override_settings(HARK_ALLOWED_NETWORKS=[state.place]):
            yield state
    finally:
        server.shutdown()
        server.server_close()


def led_here(address: str, place: str) -> str:
    """The same path at the stand-in."""
    return f"http://{place}/{address.split('/', 3)[3]}"
