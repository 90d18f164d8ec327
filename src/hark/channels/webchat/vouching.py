"""The site's word about its visitor, for whoever builds it: the code that signs, and what Hark reads in a token."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt

from hark.channels.kit.signatures import live_secrets
from hark.channels.kit.words import id_of, text_of
from hark.channels.types import Account
from hark.channels.webchat.identity import SHORTEST_SECRET, NotProved, SitePerson, site_person

SNIPPETS = Path(__file__).parent / "snippets"
LANGUAGES = (("Python", "sign.py.txt"), ("Node", "sign.js.txt"), ("PHP", "sign.php.txt"), ("Ruby", "sign.rb.txt"))
CLAIMS = ("sub", "name", "email", "aud", "iat", "exp")
MAX_TOKEN = 8_192
NOT_A_JWT = "This is not a JWT: it has three parts with a dot between them."
NOT_YET: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
UNSEEN: Any = {**NOT_YET, "verify_signature": False}


@dataclass(frozen=True, slots=True)
class TokenRead:
    """What stands in a token and whether it is believed. `problems` are sentences; empty means that it is."""

    claims: tuple[tuple[str, str], ...] = ()
    person: SitePerson | None = None
    signed_with: str = ""
    problems: tuple[str, ...] = ()


def signing_code(account: Account) -> tuple[tuple[str, str], ...]:
    """(language, code) for the site's own server, with this channel's key in it."""
    return tuple(
        (name, (SNIPPETS / file).read_text("utf-8").replace("CHANNEL", account.key)) for name, file in LANGUAGES
    )


def read_token(account: Account, token: str, *, at: datetime) -> TokenRead:
    """What Hark reads in a token at this moment, with everything that is wrong. Believed exactly where the chat does.

    Pure; never raises; no secret is in what it gives.
    """
    token = token.strip()
    try:
        claims = jwt.decode(token[:MAX_TOKEN], options=UNSEEN)
        algorithm = str(jwt.get_unverified_header(token).get("alg"))
    except (jwt.PyJWTError, ValueError, RecursionError):
        return TokenRead(problems=(NOT_A_JWT,))
    signed_with = _signed_with(account, token)
    problems = [*_of_the_signature(account, algorithm, signed_with), *_of_the_claims(account, claims)]
    try:
        person = site_person(account, token, at=at)
    except NotProved as error:
        return TokenRead(_shown(claims), None, signed_with, tuple(problems) or (_sentence(error.detail),))
    return TokenRead(_shown(claims), person, signed_with)


def _signed_with(account: Account, token: str) -> str:
    """Which of the channel's secrets made the signature: newer, older, or none."""
    for word, secret in zip(("newer", "older"), live_secrets(account, "identity"), strict=False):
        try:
            jwt.decode(token, secret, algorithms=["HS256"], options=NOT_YET)
        except (jwt.PyJWTError, ValueError):
            continue
        return word
    return ""


def _of_the_signature(account: Account, algorithm: str, signed_with: str) -> list[str]:
    usable = [secret for secret in live_secrets(account, "identity") if len(secret) >= SHORTEST_SECRET]
    if not usable:
        return ["This channel has no secret yet: make one."]
    if algorithm != "HS256":
        return [f"It is signed with {algorithm[:20]}; only HS256 is taken."]
    return [] if signed_with else ["The signature fits none of this channel's secrets."]


def _of_the_claims(account: Account, claims: dict[str, Any]) -> list[str]:
    found = [f"{name} is missing." for name in ("aud", "sub", "iat", "exp") if name not in claims]
    audience = claims.get("aud")
    if "aud" in claims and account.key not in (audience if isinstance(audience, list) else [audience]):
        found.append(f"aud must be {account.key}, the key of this channel.")
    if "sub" in claims and id_of(claims["sub"]) is None:
        found.append("sub must be the lasting id of the person: a text of 1 to 512 characters.")
    return found


def _shown(claims: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The claims that count, in a fixed order, as text; times as times."""
    return tuple(
        (name, _text(name, claims[name])) for name in ("sub", "name", "email", "aud", "iat", "exp") if name in claims
    )


def _text(name: str, value: Any) -> str:
    if name in {"iat", "exp"} and isinstance(value, int | float):
        try:
            return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
        except (ValueError, OverflowError, OSError):
            pass
    return (text_of(value) or str(value))[:200]


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
