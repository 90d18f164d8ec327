"""Calls to the Graph API: one attempt each, proved with the app secret, its error codes as the four errors.

Codes: Graph API documentation, "Handling errors" and "Rate limits"; WhatsApp Cloud API, "Error codes"; Messenger
Platform, "Error codes".
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.once import attempt, error_of, retry_after
from hark.channels.kit.signatures import hex_code, live_secrets
from hark.channels.kit.words import text_of
from hark.channels.meta.hooks import table
from hark.channels.types import Account
from hark.kernel.http import HttpRequest, HttpResponse

GRAPH = "https://graph.facebook.com/v25.0"
JSON_KIND = "application/json"
TOKEN_LOST = frozenset({102, 190, 463, 467})
PASSES = frozenset({1, 2, 131000, 131016, 131057})  # Meta's own trouble
TOO_MANY = frozenset({4, 17, 32, 341, 613, 130429, 131056, 131064, 133016}) | frozenset(range(80000, 80015))
NO_TOKEN = "This channel has no access token; an administrator can type one into its settings."  # noqa: S105 - words
WINDOW = "The time in which Meta lets a business answer is over; it opens again as soon as this person writes."
GONE = "What this answers is not there any more, or this account may not see it."
WORDS: Mapping[int, str] = {
    551: "This person cannot be reached: he has blocked this account, left, or writes to it no longer.",
    368: "Meta has blocked this account for a while, because something it did breaks Meta’s rules.",
    803: GONE,
    10900: "This comment has had its one private answer already.",
    10903: "Meta allows no private answer to this comment: it is older than 7 days, or this person takes none.",
    130472: "Meta keeps this number out of such messages (an experiment of Meta’s).",
    131021: "This is our own number.",
    131026: "WhatsApp cannot bring it: the number may not be on WhatsApp, or its app is too old.",
    131030: "This number is not on the list of numbers that a test account may write to.",
    131031: "WhatsApp has locked this account. Its owner can see why in Meta’s Business Suite.",
    131042: "WhatsApp cannot charge this account. Check the means of payment in Meta’s Business Suite.",
    131047: WINDOW,
    131048: "WhatsApp takes no more from this number for now: too many people have blocked or reported it.",
    131049: "WhatsApp holds this message back, so that this person gets fewer such messages. Do not send it again.",
    131062: "WhatsApp cannot bring this kind of message to a person known by a user id alone.",
    132000: "The template has another number of variables than one. It needs exactly one, {{1}}.",
    132001: "WhatsApp knows no template of this name in this language.",
    132005: "With these words the template gets too long.",
    132007: "WhatsApp does not allow these words in a template.",
    132012: "WhatsApp does not allow these words in this template.",
    132015: "WhatsApp has paused this template, because people disliked it.",
    132016: "WhatsApp has switched this template off for good.",
}


def ask(account: Account, method: str, path: str, said: Json = None, **query: str) -> dict[str, Json]:
    """What Graph answers to one call. `said` goes as JSON.

    Raises the four errors; a 2xx answer that cannot be read is an empty one, for what was sent is taken.
    """
    body = b"" if said is None else json.dumps(said).encode()
    return called(account, method, f"{quote(path, safe='/')}?{urlencode(query)}", body)


def called(
    account: Account, method: str, path: str, body: bytes, *, kind: str = JSON_KIND, seconds: float = 10.0
) -> dict[str, Json]:
    """The same of any `body`, of the content type `kind`; `path` with its query."""
    token = token_of(account)
    place, _, asked = path.partition("?")
    query = "&".join(filter(None, [asked, urlencode(proof(account, token))]))
    url = f"{account.base_url.rstrip('/') or GRAPH}/{place}{'?' + query if query else ''}"
    headers = {"authorization": f"Bearer {token}", "content-type": kind}
    answer = attempt(HttpRequest(method, url, headers, body, total_seconds=seconds), refusal=refusal)
    try:
        return table(loads(answer.body))
    except Unreadable:
        return {}


def token_of(account: Account) -> str:
    """The access token. Raises AuthLost where there is none."""
    token = account.secrets.get("token", "")
    if not token:
        raise AuthLost(NO_TOKEN)
    return token


def refusal(response: HttpResponse) -> SendError:
    """The error that an answer other than 2xx is, by Meta's own code where it names one."""
    try:
        error = table(table(loads(response.body)).get("error"))
    except Unreadable:
        error = {}
    code = error.get("code")
    if isinstance(code, bool) or not isinstance(code, int):
        return error_of(response)
    if code in TOKEN_LOST or response.status == 401:
        return AuthLost("Meta no longer accepts the access token. Make a new one, and type it into the settings.")
    if code in TOO_MANY or response.status == 429:
        return Retry(_pause(response), f"Meta asks for patience (code {code})")
    if code in PASSES or error.get("is_transient") is True or response.status >= 500:
        return Retry(retry_after(response), f"Meta cannot just now (code {code})")
    return Refused(str(code), _words(code, error))


def proof(account: Account, token: str) -> dict[str, str]:
    """That who calls has the app's secret too (Graph API documentation, "Securing requests")."""
    secrets = live_secrets(account, "app_secret")
    return {"appsecret_proof": hex_code(secrets[0], token.encode())} if secrets else {}


def _words(code: int, error: Mapping[str, Any]) -> str:
    subcode = error.get("error_subcode")
    if code == 10 and subcode == 2018278:
        return WINDOW
    if code == 100 and subcode in {33, 2018001}:
        return GONE
    if code in WORDS:
        return WORDS[code]
    said = (text_of(error.get("error_user_msg")) or text_of(error.get("message"))).strip()[:200]
    if code in {3, 10} or 200 <= code < 300:
        return f"Meta has not given this account the permission for it (code {code}: {said})."
    return f"Meta refused this reply (code {code}: {said})."


def _pause(response: HttpResponse) -> float | None:
    """The seconds to wait: as Retry-After says, or the minutes of Meta's own header."""
    seconds = retry_after(response)
    if seconds is not None:
        return seconds
    try:
        usage = table(loads(response.headers.get("x-business-use-case-usage", "").encode()))
    except Unreadable:
        return None
    listed = [one for each in usage.values() if isinstance(each, list) for one in each if isinstance(one, dict)]
    minutes = [one.get("estimated_time_to_regain_access") for one in listed]
    longest = max((one for one in minutes if isinstance(one, int) and 0 < one <= 1440), default=0)
    return longest * 60.0 or None
