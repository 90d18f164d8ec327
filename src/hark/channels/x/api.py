"""Calls to X's API v2: one attempt each, X's problems as the four errors (docs.x.com, "Response codes and errors")."""

import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.oauth import ACCESS
from hark.channels.kit.once import attempt, error_of, retry_after
from hark.channels.kit.words import text_of
from hark.channels.types import Account
from hark.channels.x.posts import table, tables
from hark.kernel.http import HttpRequest, HttpResponse

API = "https://api.x.com"
NO_SIGN_IN = "Nobody has signed in with X for this channel yet."
NO_CREDITS = (
    "The credits of the X app are used up, or its spending limit is reached. Add some in X’s developer console."
)
NOT_SUMMONED = "X lets us answer only posts that name or quote this account. Answer at X itself."
LONGEST_PAUSE = 86_400.0
SAID = (
    ("have not been mentioned", NOT_SUMMONED),
    ("reply to this conversation is not allowed", NOT_SUMMONED),
    ("duplicate content", "X takes the same words only once. Change them a little."),
    ("cannot send messages to this user", "This person takes no direct messages from this account."),
    ("deleted or not visible", "The post that this answers is not there any more, or is not visible to this account."),
    ("oauth2 app permissions", "The X app may not do this. Give it *Read and write and Direct message* permissions."),
)


def ask(account: Account, method: str, path: str, said: Json = None, **query: str) -> dict[str, Json]:
    """What X answers to one call; a 2xx answer that cannot be read is an empty one. Raises the four errors."""
    named = {name.replace("__", "."): value for name, value in query.items() if value}
    body = b"" if said is None else json.dumps(said).encode()
    return called(account, method, f"{path}?{urlencode(named)}" if named else path, body)


def called(
    account: Account, method: str, path: str, body: bytes, *, kind: str = "application/json", seconds: float = 10.0
) -> dict[str, Json]:
    """The same of any `body`, of the content type `kind`; `path` with its query."""
    token = account.secrets.get(ACCESS, "")
    if not token:
        raise AuthLost(NO_SIGN_IN)
    headers = {"authorization": f"Bearer {token}", "content-type": kind}
    url = f"{account.base_url.rstrip('/') or API}{path}"
    request = HttpRequest(method, url, headers, body, max_bytes=MAX_BATCH_BYTES, total_seconds=seconds)
    try:
        return table(loads(attempt(request, refusal=refusal).body, max_bytes=MAX_BATCH_BYTES))
    except Unreadable:
        return {}


def refusal(response: HttpResponse) -> SendError:
    """The error that an answer other than 2xx is, in X's own words where they help an agent."""
    if response.status == 429:
        return Retry(_pause(response), "X asks for patience (429)")
    if response.status == 402:
        return AuthLost(NO_CREDITS)
    error = error_of(response)
    if not isinstance(error, Refused):
        return error
    detail = _detail(response)
    known = next((words for sign, words in SAID if sign in detail.lower()), "")
    return Refused(error.code, known or (f"X refused it: {detail}" if detail else error.human))


def _detail(response: HttpResponse) -> str:
    try:
        problem = table(loads(response.body))
    except Unreadable:
        return ""
    errors = [text_of(one.get("message")) for one in tables(problem.get("errors"))]
    return next((words for words in (text_of(problem.get("detail")), *errors) if words), "")[:200]


def _pause(response: HttpResponse) -> float | None:
    """The seconds to wait: as Retry-After says, else until X's limit is reset, by X's own clock."""
    seconds = retry_after(response)
    reset = response.headers.get("x-rate-limit-reset", "")
    if seconds is not None or not (reset.isascii() and reset.isdigit() and len(reset) <= 12):
        return seconds
    sent = _date(response.headers.get("date", ""))
    return min(max(int(reset) - sent.timestamp(), 1.0), LONGEST_PAUSE) if sent else None


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
