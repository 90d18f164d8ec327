"""One call of the Matrix client-server API (spec.matrix.org, v1.11 or later), with its errors in words."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.once import attempt, error_of
from hark.channels.kit.words import text_of
from hark.channels.types import Account
from hark.kernel.http import USUAL_PORTS, HttpRequest, HttpResponse

CLIENT = "/_matrix/client/v3"
LARGEST_ANSWER = 32_000_000  # a first /sync of many rooms
SECONDS = 10.0
GONE = frozenset({"M_NOT_FOUND", "404"})
WORDS = {
    "M_FORBIDDEN": "Hark's account may not do this in this room: it is not in it, or may not write there.",
    "M_TOO_LARGE": "This is larger than the homeserver takes.",
    "M_NOT_FOUND": "The homeserver knows nothing of this room or message.",
    "M_USER_DEACTIVATED": "The homeserver has closed the account that Hark uses.",
}


def call(
    account: Account,
    method: str,
    *path: str,
    query: Mapping[str, str] | None = None,
    said: Json = None,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """The answer to one call. `path` in its parts, unquoted. Raises one of the four errors."""
    body = b"" if said is None else json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
    address = "/".join([CLIENT, *(quote(part, safe="") for part in path)]) + (f"?{urlencode(query)}" if query else "")
    wanted = HttpRequest(method, address, body=body, max_bytes=LARGEST_ANSWER, total_seconds=seconds)
    return _object(attempt(ours(account, wanted), refusal=refusal))


def ours(account: Account, request: HttpRequest, *, mime: str = "application/json") -> HttpRequest:
    """The request to a path, with our token, to the homeserver and the port that the settings name."""
    base = account.base_url.rstrip("/")
    headers = {"authorization": f"Bearer {account.secrets.get('token', '')}", "content-type": mime}
    return replace(request, url=base + request.url, headers=headers, ports=USUAL_PORTS | _port_of(base))


def found(account: Account, *path: str) -> dict[str, Any] | None:
    """What a GET gives; None where nothing is there."""
    try:
        return call(account, "GET", *path)
    except Refused as error:
        if error.code in GONE:
            return None
        raise


def unpublished(account: Account, method: str, *path: str, said: Json) -> dict[str, Any]:
    """A call that publishes nothing and may be repeated: a line that breaks is no doubt about the reply."""
    try:
        return call(account, method, *path, said=said)
    except Ambiguous as error:
        raise Retry(detail="the line broke before the reply left") from error


def refusal(response: HttpResponse) -> SendError:
    """What an answer other than 2xx means: Matrix gives each error a code of its own."""
    try:
        said = _object(response)
    except Retry:
        said = {}
    code = text_of(said.get("errcode"))
    if code == "M_LIMIT_EXCEEDED" and "retry-after" not in response.headers:
        wait = said.get("retry_after_ms")
        return Retry(wait / 1000 if isinstance(wait, int) and 0 <= wait < 10**9 else None, "the homeserver is busy")
    if code == "M_USER_DEACTIVATED":
        return AuthLost(WORDS[code])
    if response.status in {401, 429} or response.status >= 500:
        return error_of(response)
    human = WORDS.get(code) or f"The homeserver refused this ({code or response.status})."
    return Refused(code or str(response.status), human)


def _object(response: HttpResponse) -> dict[str, Any]:
    try:
        said = loads(response.body, max_bytes=LARGEST_ANSWER)
    except Unreadable as problem:
        raise Retry(detail=f"the homeserver's answer is {problem}") from problem
    return said if isinstance(said, dict) else {}


def _port_of(base: str) -> frozenset[int]:
    """Homeservers often listen on ports of their own; the administrator names it in the address."""
    try:
        port = urlsplit(base).port
    except ValueError:
        port = None
    return frozenset({port} if port else ())
