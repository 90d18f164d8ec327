"""A session by app password. Opening one is rationed (300 a day), so the core keeps it and prolongs it."""

import base64
import json
from typing import Any

from hark.channels.bluesky.calls import address, error_code, object_in, ports_of
from hark.channels.errors import AuthLost, Retry, SendError
from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.kit.oauth import GrantEnded
from hark.channels.kit.once import error_of
from hark.channels.kit.signatures import hex_code, live_secrets, signature
from hark.channels.kit.words import number_of, text_of
from hark.channels.types import Account, Grant
from hark.kernel.http import HttpError, HttpRequest, HttpResponse, fetch

CREATE, REFRESH = "com.atproto.server.createSession", "com.atproto.server.refreshSession"
SURE_SECONDS = 1800  # where a token does not say when it ends
SECOND_FACTOR = "AuthFactorTokenRequired"


def name_of(account: Account) -> str:
    """Under which name its session is kept: another password or another account is another one."""
    password = account.secrets.get("password", "")
    if not password or not live_secrets(account, "signing"):
        return ""
    about = "|".join(("session", account.base_url, account.external_id, password)).encode()
    return signature(account, "signing", about, hex_code)


def opened(account: Account, refresh: str) -> Grant:
    """A new session by the app password, or a longer one. One call. Raises GrantEnded, AuthLost or Retry."""
    headers, said = {"content-type": "application/json"}, {}
    if refresh:
        headers["authorization"] = f"Bearer {refresh}"
    else:
        said = {"identifier": account.external_id, "password": account.secrets.get("password", "")}
    wanted = HttpRequest(
        "POST",
        address(account, REFRESH if refresh else CREATE),
        headers,
        json.dumps(said).encode() if said else b"",
        ports=ports_of(account),
    )
    try:
        answer = fetch(wanted)
    except HttpError as error:
        raise Retry(detail="Bluesky could not be reached to open a session.") from error
    if answer.status != 200:
        raise _refused(account, answer, renewing=bool(refresh))
    told = object_in(answer)
    access = text_of(told.get("accessJwt"))
    if not access:
        raise Retry(detail="Bluesky's answer holds no session.")
    return Grant(access, text_of(told.get("refreshJwt")), _seconds(access))


def _refused(account: Account, answer: HttpResponse, *, renewing: bool) -> SendError:
    if answer.status == 429 or answer.status >= 500:
        return error_of(answer)
    code, _ = error_code(answer)
    if renewing:
        return GrantEnded("The session with Bluesky is over.")
    if code == SECOND_FACTOR:
        return AuthLost("This is the account's own password. Make an app password for Hark, and give that one.")
    return AuthLost(
        f"Bluesky did not accept the app password for {account.external_id}. Make a new one at Bluesky, and give it."
    )


def _seconds(token: str) -> int:
    """How long an access token lives: it is a JWT, whose claims anybody may read."""
    claims = _claims(token)
    ends, begins = number_of(claims.get("exp"), 0, 1 << 40), number_of(claims.get("iat"), 0, 1 << 40)
    return ends - begins if ends and begins and ends > begins else SURE_SECONDS


def _claims(token: str) -> dict[str, Any]:
    middle = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        said = loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (Unreadable, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
