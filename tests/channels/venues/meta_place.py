"""Meta's Graph API as its documentation describes it, as far as the venues use it: a stand-in on loopback."""

import hashlib
import hmac
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Request

APP_SECRET, TOKEN, VERIFY = "an-app-secret-of-the-suite", "EAAG-a-token-of-the-suite", "a-verify-token-of-the-suite"
SECRETS = {"app_secret": APP_SECRET, "token": TOKEN, "verify_token": VERIFY}
NEVER, SOON = 0, 1_793_491_200
ERRORS = {
    "429": (429, {"code": 80007, "message": "(#80007) Rate limit issues"}),
    "500": (500, {"code": 2, "message": "(#2) Service temporarily unavailable"}),
    "403": (403, {"code": 200, "message": "(#200) Permissions error"}),
    "401": (401, {"code": 190, "message": "Error validating access token"}),
}


def signed(body: bytes, secret: str = APP_SECRET) -> Request:
    """A call as Meta makes it."""
    code = "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    headers = {"x-hub-signature-256": code, "content-type": "application/json"}
    return Request("POST", "/in/x", "", headers, body, MOMENT)


def handshake(token: str = VERIFY, challenge: str = "1158201444") -> Request:
    """The call by which Meta asks whether this address is ours."""
    query = f"hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}"
    return Request("GET", "/in/x", query, {}, b"", MOMENT)


def fields_of(call: Call) -> dict[str, bytes]:
    """The fields of a form with a file, each with its bytes; of the file also `filename`."""
    kind = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(kind + call.body).iter_parts()
    found: dict[str, bytes] = {}
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        found[str(name)] = part.get_payload(decode=True)
        if part.get_filename():
            found["filename"] = str(part.get_filename()).encode()
    return found


class MetaPlace(HttpCounterpart):
    """Knows one token and one app secret; whoever calls must prove both."""

    def __init__(self, account: Account, scopes: tuple[str, ...]) -> None:
        """`scopes`: what the token may do."""
        super().__init__(account)
        self.scopes, self.ends = list(scopes), NEVER
        self.proof = hmac.digest(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hex()

    def answer(self, call: Call) -> Answer:
        """The token first, then what was asked for."""
        if call.path.startswith("/files/"):
            return Answer(200, b"x" * int(call.path.removeprefix("/files/").removesuffix(".bin")))
        if call.headers.get("authorization") != f"Bearer {TOKEN}" or call.query.get("appsecret_proof") != self.proof:
            return self.failure("401")
        if call.path == "/debug_token":
            told = {"is_valid": True, "scopes": self.scopes, "expires_at": self.ends}
            return Answer(200, {"data": told if call.query.get("input_token") == TOKEN else {"is_valid": False}})
        return self.taken_or_told(call)

    def taken_or_told(self, call: Call) -> Answer:
        """What this venue answers."""
        raise NotImplementedError

    def take(self, own: str, **more: Any) -> str:
        """Keep a reply; its id."""
        self.taken.append({"id": own, **more})
        return own

    def failure(self, how: str) -> Answer:
        """As Graph words it."""
        status, error = ERRORS[how]
        return Answer(status, {"error": error}, {"retry-after": "2"} if how == "429" else {})

    def refuse(self, code: int, status: int = 400, **more: Any) -> Answer:
        """Any other error."""
        return Answer(status, {"error": {"code": code, "message": f"(#{code}) no", **more}})

    def weaken(self) -> None:
        """One permission less, and the rest ends."""
        self.scopes, self.ends = self.scopes[1:], SOON
