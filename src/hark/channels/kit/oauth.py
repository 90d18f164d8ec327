"""Sign-in by OAuth 2: where the person is sent, what comes back, and how the access is renewed.

The authorization code grant (RFC 6749, 4.1) with a proof key (RFC 7636, S256), for a client that has a secret. Tokens,
codes and secrets are in no error and in no repr; of what a provider says only its codes are told on.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from hark.channels.errors import AuthLost, Retry
from hark.channels.kit.careful_json import loads
from hark.channels.types import Grant, OAuth
from hark.kernel import ids
from hark.kernel.http import HttpError, HttpRequest, fetch

USUAL_SECONDS = 3600  # RFC 6749, 5.1: expires_in is recommended only
LONGEST = 16_384
CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
ACCESS = "access_token"  # its name among the secrets of an account at work


class GrantEnded(AuthLost):
    """The sign-in is over; somebody has to sign in again."""


def proof_key() -> tuple[str, str]:
    """(verifier, challenge): a new secret, and its SHA-256 that the provider is shown first (RFC 7636, 4.1, 4.2)."""
    verifier = ids.new_token(384)
    return verifier, _url_text(hashlib.sha256(verifier.encode()).digest())


def sign_in_address(oauth: OAuth, *, redirect: str, state: str, challenge: str) -> str:
    """Where the person's browser goes to sign in and to agree."""
    asked = {
        "response_type": "code", "client_id": oauth.client_id, "redirect_uri": redirect, "state": state,
        "scope": " ".join(oauth.scopes), "code_challenge": challenge, "code_challenge_method": "S256", **oauth.more,
    }  # fmt: skip
    return f"{oauth.authorize_url}?{urlencode(asked)}"


def exchanged(oauth: OAuth, *, code: str, verifier: str, redirect: str) -> Grant:
    """What the code is worth. One call. Raises AuthLost or Retry, each with a sentence."""
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
    grant = _asked(oauth, asked)
    if not grant.refresh:
        raise AuthLost(f"{oauth.provider} gave no lasting permission. Sign in again, and agree to all it asks.")
    return grant


def renewed(oauth: OAuth, refresh: str) -> Grant:
    """A new access for the refresh token (RFC 6749, 6). One call.

    Raises GrantEnded when the provider no longer knows the sign-in; AuthLost for what the settings must mend (the
    sign-in stays good); Retry.
    """
    return _asked(oauth, {"grant_type": "refresh_token", "refresh_token": refresh})


def refused_sign_in(oauth: OAuth, error: str, description: str) -> str:
    """Why the provider sent the person back without a code (RFC 6749, 4.1.2.1), in a sentence."""
    if error == "access_denied":
        return (
            f"{oauth.provider} was not allowed to let Hark in: somebody pressed Cancel, or an administrator must agree."
        )
    return _sentence(oauth, error, description)


def _asked(oauth: OAuth, what: Mapping[str, str]) -> Grant:
    client = {"client_id": oauth.client_id, "client_secret": oauth.client_secret}
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if oauth.secret_in_header:
        both = ":".join(quote(client.pop(name), safe="") for name in ("client_id", "client_secret"))
        headers["authorization"] = f"Basic {base64.b64encode(both.encode()).decode()}"
        client = {"client_id": oauth.client_id}
    request = HttpRequest("POST", oauth.token_url, headers, urlencode({**client, **what}).encode())
    try:
        answer = fetch(request)
    except HttpError as error:
        raise Retry(detail=f"{oauth.provider} could not be reached to renew the sign-in.") from error
    said = _said(answer.body)
    if answer.status == 200 and isinstance(said.get("access_token"), str) and said["access_token"]:
        return _granted(oauth, said)
    if answer.status == 429 or answer.status >= 500 or not said.get("error"):
        raise Retry(detail=f"{oauth.provider} cannot renew the sign-in just now (it answered {answer.status}).")
    code, words = str(said["error"]), _sentence(oauth, str(said["error"]), str(said.get("error_description", "")))
    if code in {"temporarily_unavailable", "server_error"}:
        raise Retry(detail=words)
    raise GrantEnded(words) if code in {"invalid_grant", "interaction_required"} else AuthLost(words)


def _granted(oauth: OAuth, said: Mapping[str, Any]) -> Grant:
    lacks = _lacking(oauth, said.get("scope"))
    if lacks:
        raise AuthLost(f"{oauth.provider} granted no access to {lacks}. Sign in again, and agree to all it asks.")
    refresh = said.get("refresh_token")
    return Grant(
        said["access_token"],
        refresh if isinstance(refresh, str) else "",
        _seconds(said.get("expires_in")) or USUAL_SECONDS,
        _seconds(said.get("refresh_token_expires_in")),
    )


def _lacking(oauth: OAuth, granted: object) -> str:
    """What was asked for and is not granted; a provider that says nothing has granted all (RFC 6749, 5.1).

    Microsoft shortens and lengthens the names of its scopes, so their last parts are compared; that for lasting access
    shows by the refresh token.
    """
    if not isinstance(granted, str):
        return ""
    has = {_last_part(scope) for scope in granted.split()}
    return next((scope for scope in oauth.scopes if scope != "offline_access" and _last_part(scope) not in has), "")


def _last_part(scope: str) -> str:
    return scope.rstrip("/").rpartition("/")[2].lower()


def _sentence(oauth: OAuth, error: str, description: str) -> str:
    """What an error means here: the provider's own code first, then the standard's, then just its name."""
    for code, words in oauth.meanings:
        if code == error or description.startswith(f"{code}:"):
            return words
    found = CODE.match(error)
    return f"{oauth.provider} refused the sign-in ({found.group() if found else 'without a word'})."


def _said(body: bytes) -> Mapping[str, Any]:
    try:
        said = loads(body[:LONGEST])
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _seconds(value: object) -> int | None:
    """A positive number of seconds, whether it came as a number or as text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) else None


def _url_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
