"""What Google's APIs share: the sign-in (OAuth 2), one call with a live token, and what their errors mean.

developers.google.com/identity/protocols/oauth2/web-server; the shape of errors: google.aip.dev/193 and, of older APIs,
developers.google.com/youtube/v3/docs/errors.
"""

import json
from typing import Any
from urllib.parse import quote

from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.oauth import ACCESS
from hark.channels.kit.once import attempt, error_of
from hark.channels.kit.setting import setting
from hark.channels.kit.words import text_of
from hark.channels.types import Account, Guide, OAuth
from hark.kernel.http import HttpRequest, HttpResponse

AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
CONSOLE = "https://console.cloud.google.com/auth/clients"
OFFLINE = (("access_type", "offline"), ("prompt", "consent"))  # without both it gives a refresh token once only
ENDED = (
    "Google no longer accepts the sign-in: the access was taken back, the account’s password was changed, it was not "
    "used for six months, or the app at Google is still in testing, where a sign-in ends after 7 days. Sign in again."
)
MEANINGS = (
    ("invalid_grant", ENDED),
    ("invalid_client", "Google does not accept the client id or the client secret. Type them again below."),
    ("unauthorized_client", "Google does not let this client in. Its kind must be Web application."),
    ("deleted_client", "This client was deleted at Google. Make a new one, and type its id and secret below."),
    ("redirect_uri_mismatch", "Google does not know our redirect URI. Enter it there exactly as shown here."),
    ("admin_policy_enforced", "Your Google Workspace does not allow this app. Its administrator must trust it."),
)
SHORT_LIVED = "Its app there is in testing, which ends each sign-in after 7 days. Publish it, then sign in again."
SPENT = frozenset(
    {"quotaExceeded", "dailyLimitExceeded", "rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
)


def client_setting() -> Any:
    """The field for the client id."""
    return setting("", label="Client id", help="Of your app at Google.", part="Sign-in", required=True)


def secret_setting() -> Any:
    """The field for the client secret."""
    return setting("", label="Client secret", secret=True, help="Google shows it once.", needed=True)


def google_oauth(account: Account, *scopes: str) -> OAuth:
    """Where somebody signs in with Google for this account."""
    return OAuth(
        provider="Google",
        authorize_url=AUTHORIZE_URL,
        token_url=TOKEN_URL,
        scopes=scopes,
        client_id=text_of(account.settings.get("oauth_client")).strip(),
        client_secret=account.secrets.get("oauth_secret", "").strip(),
        more=dict(OFFLINE),
        meanings=MEANINGS,
        short_lived=SHORT_LIVED,
    )


def google_guide(redirect: str, scope: str, *first: str) -> Guide:
    """What to do at Google before somebody can sign in; `first` are the steps of this one API."""
    steps = (
        *first,
        "Under Google Auth Platform, Audience: publish the app; while it is in testing, sign-ins end after 7 days.",
        (
            "Under Data access add the scope below; under Clients make one of the kind Web application, with the "
            "redirect URI below."
        ),
        "Type its client id and client secret here. Google shows the secret once.",
    )
    return Guide("What to do at Google", steps, (("Redirect URI", redirect), ("Scope", scope)), CONSOLE)


def client_objections(account: Account) -> dict[str, str]:
    """What a sign-in cannot be made with, by field."""
    found = {}
    if not text_of(account.settings.get("oauth_client")).strip():
        found["oauth_client"] = "Type the client id of your app at Google."
    if not account.secrets.get("oauth_secret", "").strip():
        found["oauth_secret"] = "Type the client secret of your app at Google."  # noqa: S105 - a sentence
    return found


def call(account: Account, method: str, url: str, said: Json = None) -> dict[str, Json]:
    """The answer's object to one call with the account's live token. Raises one of the four errors."""
    headers = {"authorization": f"Bearer {account.secrets.get(ACCESS, '')}", "accept": "application/json"}
    body = b""
    if said is not None:
        body, headers["content-type"] = json.dumps(said).encode(), "application/json"
    response = attempt(HttpRequest(method, url, headers, body, max_bytes=MAX_BATCH_BYTES), refusal=refusal)
    try:
        answer = loads(response.body, max_bytes=MAX_BATCH_BYTES) if response.body.strip() else {}
    except Unreadable as problem:
        if method != "GET":
            return {}  # it was taken all the same
        raise Retry(detail=f"Google's answer is {problem}") from problem
    return answer if isinstance(answer, dict) else {}


def refusal(response: HttpResponse) -> SendError:
    """What an answer other than 2xx means, in Google's own words where it has some."""
    error = error_of(response)
    words, reasons = _said(response.body)
    if isinstance(error, AuthLost):
        return AuthLost("Google does not accept our access. Sign in again.")
    if not isinstance(error, Refused):
        return error
    if reasons & SPENT:
        return Retry(detail="Google's quota for this app is used up for now.")
    return Refused(error.code, f"Google refused this: {words}" if words else error.human)


def in_path(name: str) -> str:
    """A resource name such as accounts/1/locations/2 for an address; nothing in it leads elsewhere."""
    return "/".join(quote(part, safe="") for part in name.split("/") if part not in {"", ".", ".."})


def _said(body: bytes) -> tuple[str, set[str]]:
    """Google's words for an error, and the codes of its reasons."""
    try:
        said = loads(body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable:
        return "", set()
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return "", set()
    listed = [*_dicts(error.get("errors")), *_dicts(error.get("details"))]
    return text_of(error.get("message")).strip()[:200], {text_of(one.get("reason")) for one in listed}


def _dicts(listed: Json) -> list[dict[str, Json]]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
