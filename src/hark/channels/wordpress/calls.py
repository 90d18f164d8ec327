"""One call of WordPress's REST API (developer.wordpress.org/rest-api/reference/comments), and what its errors mean."""

import base64
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.once import attempt, error_of
from hark.channels.kit.words import text_of
from hark.channels.types import Account
from hark.kernel.http import HttpRequest, HttpResponse

COMMENTS = "/wp/v2/comments"
ME = "/wp/v2/users/me"
PER_PAGE = 100  # as many as WordPress gives
MAX_BYTES = 40 << 20  # a hundred comments of 65,525 bytes, twice, each letter written as \uXXXX
# The address and the browser of who wrote are personal data that Hark has no use for: they never leave WordPress.
FIELDS = "id,post,parent,author,author_name,author_email,author_url,date_gmt,content,link,status,type"
TAG = re.compile(r"<[^<>]*>")
Comment = dict[str, Json]
NOT_KNOWN = "WordPress does not take the user name and application password (401)."
MEANINGS = {
    "rest_comment_closed": "Comments are closed there: nobody can answer beneath this post any more.",
    "rest_comment_invalid_id": "It is no longer there.",
    "rest_comment_invalid_post_id": "The post is no longer there, or takes no comments.",
    "rest_comment_draft_post": "The post is not published.",
    "rest_cannot_edit": "The WordPress user may not edit comments; give it the role of an editor.",
    "rest_cannot_delete": "The WordPress user may not delete comments; give it the role of an editor.",
    "comment_content_column_length": "It is longer than WordPress takes.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its JSON, and the server's own time where it says one."""

    said: Json
    at: datetime | None


def call(
    account: Account, method: str, route: str, query: Mapping[str, str | int] | None = None, said: Json = None
) -> Answer:
    """One attempt. `?rest_route=` works whatever the site's permalinks are. Raises the four errors."""
    wanted = urlencode({"rest_route": route, **(query or {})}, safe="/,")
    headers = {"authorization": _proof(account), "accept": "application/json"}
    body = b"" if said is None else json.dumps(said).encode()
    if body:
        headers["content-type"] = "application/json"
    address = f"{account.base_url.rstrip('/')}/?{wanted}"
    response = attempt(HttpRequest(method, address, headers, body, max_bytes=MAX_BYTES), refusal=_refusal)
    try:
        answer = loads(response.body, max_bytes=MAX_BYTES)
    except Unreadable as problem:
        if method != "GET":  # it was taken all the same
            return Answer(None, _time_of(response))
        raise Retry(detail=f"What WordPress answers is {problem}.") from problem
    return Answer(answer, _time_of(response))


def listed(account: Account, query: Mapping[str, str | int], fields: str = FIELDS) -> tuple[list[Comment], Answer]:
    """Comments that are public or wait for moderation, newest id first unless `query` says otherwise."""
    usual: dict[str, str | int] = {
        "context": "edit",
        "status": "all",
        "orderby": "id",
        "order": "desc",
        "per_page": PER_PAGE,
    }
    answer = call(account, "GET", COMMENTS, {**usual, "_fields": fields, **query})
    if not isinstance(answer.said, list):
        raise Retry(detail="What WordPress answers is no list of comments.")
    return [one for one in answer.said if isinstance(one, dict)], answer


def code_of(response: HttpResponse) -> tuple[str, str]:
    """WordPress's own code of an error, and its words, which are in the site's language."""
    try:
        said = loads(response.body)
    except Unreadable:
        return "", ""
    if not isinstance(said, dict):
        return "", ""
    return text_of(said.get("code")), html.unescape(TAG.sub("", text_of(said.get("message")))).strip()[:200]


def _refusal(response: HttpResponse) -> SendError:
    error = error_of(response)
    if isinstance(error, AuthLost):
        return AuthLost(NOT_KNOWN)
    if not isinstance(error, Refused):
        return error
    code, words = code_of(response)
    said = f"WordPress refused it: {words}" if words else error.human
    return Refused(code or error.code, MEANINGS.get(code, said))


def _proof(account: Account) -> str:
    """Basic, with an application password. Its blanks are for people; WordPress drops them itself."""
    pair = f"{text_of(account.settings.get('user'))}:{account.secrets.get('password', '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def _time_of(response: HttpResponse) -> datetime | None:
    try:
        read = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return read if read.tzinfo else None
