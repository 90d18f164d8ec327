"""One call of App Store Connect, signed with the company's own key, and what its errors mean.

Source: developer.apple.com/documentation/appstoreconnectapi, "Generating Tokens for API Requests" and "ErrorResponse".
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import jwt

from hark.channels.appstore.reading import REPLY, app_of, attributes_of, response_of, responses_in
from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.newest_first import Entry, Source, days_back, mark_of
from hark.channels.kit.once import attempt, error_of
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import Account
from hark.kernel.http import HttpRequest, HttpResponse
from hark.kernel.time import now

API = "https://api.appstoreconnect.apple.com"
SECONDS = 600  # "App Store Connect rejects … a token that has an expiration time greater than 20 minutes"
PAGE, KEPT = 50, 150
PEM = re.compile(r"-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----")
BAD_KEY = "The private key cannot be read: paste the whole file AuthKey_….p8."


class KeyUnreadable(AuthLost):
    """The private key in the settings is none."""


def token(account: Account) -> str:
    """A token for the next ten minutes. Raises KeyUnreadable."""
    at = int(now().timestamp())
    said = {"iss": _setting(account, "issuer"), "iat": at, "exp": at + SECONDS, "aud": "appstoreconnect-v1"}
    try:
        return jwt.encode(said, pem_of(account), "ES256", {"kid": _setting(account, "key_id")})
    except (jwt.PyJWTError, ValueError, TypeError):
        raise KeyUnreadable(BAD_KEY) from None  # what went wrong could quote the key


def pem_of(account: Account) -> str:
    """The private key as Apple wrote it: a form that takes one line may have swallowed its line ends."""
    found = PEM.search(account.secrets.get("key", ""))
    if found is None:
        return ""
    text = "".join(found.group(1).split())
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""])


def call(account: Account, method: str, path: str, said: Json = None) -> dict[str, Json]:
    """The answer's object. Raises one of the four errors."""
    headers, body = {"authorization": f"Bearer {token(account)}", "accept": "application/json"}, b""
    if said is not None:
        body, headers["content-type"] = json.dumps(said).encode(), "application/json"
    url = f"{(account.base_url or API).rstrip('/')}/v1/{path}"
    response = attempt(HttpRequest(method, url, headers, body, max_bytes=MAX_BATCH_BYTES), refusal=_refusal)
    try:
        answer = loads(response.body, max_bytes=MAX_BATCH_BYTES) if response.body.strip() else {}
    except Unreadable as problem:
        if method != "GET":
            return {}  # it was taken all the same
        raise Retry(detail=f"Apple's answer is {problem}") from problem
    return answer if isinstance(answer, dict) else {}


def source(account: Account) -> Source:
    """The reviews of the app, as a list to read."""
    return Source(pages(account), KEPT, days_back(account), lambda number: is_gone(account, number))


def pages(account: Account) -> Iterator[list[Entry]]:
    """The reviews of the app, newest first; our answer stands beside each as an entry of its own."""
    cursor = ""
    while True:
        asked = {"sort": "-createdDate", "include": "response", "limit": str(PAGE)}
        asked |= {"cursor": cursor} if cursor else {}
        said = call(account, "GET", f"apps/{quote(app_of(account), safe='')}/customerReviews?{urlencode(asked)}")
        listed, responses = said.get("data"), responses_in(said)
        found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        yield [entry for one in found for entry in _both(one, response_of(one, responses))]
        cursor = _next(said)
        if not cursor:
            return


def response_id(account: Account, review: str) -> str | None:
    """The id of our answer to a review; None where there is none."""
    try:
        said = call(account, "GET", f"customerReviews/{quote(review, safe='')}/response")
    except Refused as error:
        if error.code != "404":
            raise
        return None
    data = said.get("data")
    return id_of(data.get("id")) if isinstance(data, dict) else None


def is_gone(account: Account, number: str) -> bool:
    """Is a review, or our answer to it, no longer there?"""
    if number.endswith(REPLY):
        return response_id(account, number.removesuffix(REPLY)) is None
    try:
        call(account, "GET", f"customerReviews/{quote(number, safe='')}")
    except Refused as error:
        if error.code != "404":
            raise
        return True
    return False


def _both(review: dict[str, Json], ours: dict[str, Json] | None) -> Iterator[Entry]:
    number, said = id_of(review.get("id")), attributes_of(review)
    made = time_of(said.get("createdDate"))
    if number is None:
        return
    body = json.dumps({"data": [review], **({"included": [ours]} if ours else {})}).encode()
    if ours:
        about = attributes_of(ours)
        mark = mark_of(about.get("responseBody"), about.get("state"), about.get("lastModifiedDate"))
        yield Entry(number + REPLY, mark, body, made, {"part": "reply"})
    mark = mark_of(said.get("createdDate"), said.get("rating"), said.get("title"), said.get("body"))
    yield Entry(number, mark, body, made, {"part": "review"})


def _next(said: dict[str, Json]) -> str:
    """The cursor of the following page, out of the address that Apple gives for it."""
    links = said.get("links")
    address = text_of(links.get("next")) if isinstance(links, dict) else ""
    try:
        return parse_qs(urlsplit(address).query).get("cursor", [""])[0]
    except ValueError:
        return ""


def _refusal(response: HttpResponse) -> SendError:
    """What an answer other than 2xx means, in Apple's own words where it has some."""
    error = error_of(response)
    if isinstance(error, AuthLost):
        return AuthLost("Apple does not accept the key: check its id, the issuer id, and whether it was revoked.")
    if not isinstance(error, Refused):
        return error
    try:
        said = loads(response.body)
    except Unreadable:
        return error
    listed = said.get("errors") if isinstance(said, dict) else None
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    words = (text_of(first.get("detail")) or text_of(first.get("title"))).strip()[:200]
    return Refused(error.code, f"Apple refused this: {words}") if words else error


def _setting(account: Account, name: str) -> str:
    return text_of(account.settings.get(name)).strip()
