"""The company's own site vouches for its signed-in visitor with a JWT (security reference, row 50)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from hark.channels.kit.signatures import live_secrets
from hark.channels.kit.words import id_of, text_of
from hark.channels.types import Account
from hark.kernel.errors import HarkError

MAX_LIFE = timedelta(hours=1)
CLOCKS_DIFFER = timedelta(seconds=60)
SHORTEST_SECRET = 32  # bytes; RFC 7518, section 3.2


class NotProved(HarkError):
    """The site's word about its visitor could not be believed."""


@dataclass(frozen=True, slots=True)
class SitePerson:
    """Who the company's site says is signed in. `key` is the site's own, lasting id of the person."""

    key: str
    name: str
    email: str
    until: datetime


def site_person(account: Account, token: str, *, at: datetime) -> SitePerson:
    """The person a site's JWT vouches for; raises NotProved.

    HS256 only, whatever the token's own header says, so neither `none` nor a public key passed off as a secret gets
    in; `aud` is the channel's key; `sub`, `iat` and `exp` are needed, `exp` at most one hour after `iat`.
    """
    for secret in live_secrets(account, "identity"):
        if len(secret) < SHORTEST_SECRET:
            continue
        try:
            claims = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                audience=account.key,
                options={
                    "require": ["aud", "exp", "iat", "sub"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError):
            continue
        return _person(claims, at)
    raise NotProved("wrong signature or audience")


def _person(claims: dict[str, Any], at: datetime) -> SitePerson:
    """Check the times by the clock we were given, not by this machine's."""
    issued, until = _instant(claims["iat"]), _instant(claims["exp"])
    if until > issued + MAX_LIFE:
        raise NotProved("valid for more than an hour")
    if until <= at or issued > at + CLOCKS_DIFFER:
        raise NotProved("expired, or not yet valid")
    key = id_of(claims["sub"])
    if key is None:
        raise NotProved("no usable sub")
    return SitePerson(key, text_of(claims.get("name"))[:200].strip(), text_of(claims.get("email"))[:254].strip(), until)


def _instant(value: object) -> datetime:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise NotProved("iat and exp must be seconds since 1970")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotProved("a time that cannot be") from None
