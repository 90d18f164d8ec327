"""One call of the AT Protocol's HTTP API (XRPC, atproto.com/specs/xrpc), with its errors in words."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.oauth import ACCESS
from hark.channels.kit.once import attempt, error_of
from hark.channels.kit.words import text_of
from hark.channels.types import Account
from hark.kernel.http import USUAL_PORTS, HttpRequest, HttpResponse

SERVICE = "https://bsky.social"
LARGEST_ANSWER = 8_000_000
ENDED = frozenset({"InvalidToken", "AuthMissing", "AuthenticationRequired", "AccountTakedown", "AccountDeactivated"})
NOT_SIGNED_IN = "Hark has no session with Bluesky. Give an app password, and test the connection."
GONE = frozenset({"RecordNotFound", "NotFound", "404"})


def read(account: Account, name: str, query: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """The answer to a query. Raises one of the four errors."""
    return object_in(attempt(request(account, "GET", name, query), refusal=refusal))


def write(account: Account, name: str, said: Json) -> dict[str, Any]:
    """The answer to a procedure with JSON. Raises one of the four errors."""
    return object_in(attempt(request(account, "POST", name, body=json.dumps(said).encode()), refusal=refusal))


def request(
    account: Account,
    method: str,
    name: str,
    query: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    mime: str = "application/json",
) -> HttpRequest:
    """A call with our session, at the service that the settings name."""
    if not account.secrets.get(ACCESS):
        raise AuthLost(NOT_SIGNED_IN)
    headers = {"authorization": f"Bearer {account.secrets[ACCESS]}", "accept": "application/json"}
    headers |= {"content-type": mime} if method == "POST" else {}
    return HttpRequest(method, address(account, name, query), headers, body, LARGEST_ANSWER, ports=ports_of(account))


def address(account: Account, name: str, query: Sequence[tuple[str, str]] = ()) -> str:
    """Where a call goes."""
    base = (account.base_url or SERVICE).rstrip("/")
    return f"{base}/xrpc/{name}{'?' + urlencode(query) if query else ''}"


def ports_of(account: Account) -> frozenset[int]:
    """A server of one's own may listen on a port that its address names."""
    try:
        port = urlsplit(account.base_url).port
    except ValueError:
        port = None
    return USUAL_PORTS | frozenset({port} if port else ())


def object_in(response: HttpResponse) -> dict[str, Any]:
    """The JSON object of an answer; Retry where it is none."""
    try:
        said = loads(response.body, max_bytes=LARGEST_ANSWER) if response.body else {}
    except Unreadable as problem:
        raise Retry(detail=f"Bluesky's answer is {problem}") from problem
    return said if isinstance(said, dict) else {}


def error_code(response: HttpResponse) -> tuple[str, str]:
    """(name, message) of an error."""
    try:
        said = object_in(response)
    except Retry:
        said = {}
    return text_of(said.get("error")), text_of(said.get("message"))[:300]


def refusal(response: HttpResponse) -> SendError:
    """What an answer other than 2xx means. A session that has run out is renewed before the next try."""
    code, words = error_code(response)
    if code == "ExpiredToken":
        return Retry(detail="the session with Bluesky has run out")
    if code in ENDED:
        return AuthLost(f"Bluesky no longer accepts the session ({code}).")
    if response.status in {401, 429} or response.status >= 500:
        return error_of(response)
    return Refused(code or str(response.status), f"Bluesky refused this: {words or code or response.status}.")
