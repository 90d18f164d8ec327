"""What providers grant channels by OAuth: kept sealed, renewed by one process at a time, ended visibly.

A provider may give another refresh token with each access token and forget the one before. So whoever renews holds the
row from before he asks until the new one is kept.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from django.db import OperationalError, transaction

from hark.kernel import secrets
from hark.kernel.actions import record
from hark.kernel.errors import HarkError
from hark.kernel.time import database_now
from hark.organisation.actions.audit import audit
from hark.organisation.actions.channels import event, locked_channel
from hark.organisation.models import Channel, ChannelSignIn

RENEWED_BEFORE = timedelta(minutes=5)
USABLE = timedelta(seconds=20)  # an access token that lives so long is still good for a log-in


class NotSignedIn(HarkError):
    """Nobody has signed in for this channel yet."""


class SignInEnded(HarkError):
    """The sign-in of this channel is over. Sign in again."""


class RenewedElsewhere(HarkError):
    """Another process is just renewing the sign-in of this channel."""


class Granted(Protocol):
    """What a provider grants."""

    @property
    def access(self) -> str:
        """The token of the next hour."""

    @property
    def refresh(self) -> str:
        """The token that gets another one; empty: the one before goes on."""

    @property
    def access_seconds(self) -> int:
        """How long `access` lives."""

    @property
    def refresh_seconds(self) -> int | None:
        """How long `refresh` lives; None: no end was said."""


def keep_sign_in(*, channel_id: int, of: str, grant: Granted, actor: str) -> None:
    """Keep what somebody has just been granted for a channel, in place of what was there. One transaction.

    Journal and audit name who did it, never what was granted. Raises NotFound.
    """
    with transaction.atomic():
        channel, at = locked_channel(channel_id), database_now()
        tokens = {"access": grant.access, "refresh": grant.refresh}
        again = ChannelSignIn.objects.select_for_update().filter(channel=channel).exists()
        ChannelSignIn.objects.update_or_create(
            channel=channel,
            defaults={
                "of": of, "sealed_tokens": _sealed(tokens, channel.key), "signed_in_at": at,
                "access_ends_at": at + timedelta(seconds=grant.access_seconds),
                "refresh_ends_at": _end(grant, at), "ended_at": None, "ended_why": "",
            },
        )  # fmt: skip
        kind = "channel.signed_in_again" if again else "channel.signed_in"
        record([event(kind, channel, actor)])
        audit(kind, channel.key, actor=actor)


def live_access(*, channel: Channel, of: str, renew: Callable[[str], Granted]) -> str:
    """An access token that lives, renewed where it ends within five minutes.

    `renew` asks the provider, with the refresh token; it raises SignInEnded when that is no longer known there, which
    is kept. No transaction may be open: the row is locked in one of its own while the provider is asked, at most ten
    seconds. Whoever finds it locked takes the token that still lives.
    Raises NotSignedIn, SignInEnded, RenewedElsewhere, and what `renew` raises while no token lives.
    """
    row, at = ChannelSignIn.objects.filter(channel=channel).first(), database_now()
    if row is None or row.of != of:
        raise NotSignedIn
    if row.ended_at:
        raise SignInEnded(row.ended_why)
    tokens = _opened(row, channel.key)
    if row.access_ends_at - at > RENEWED_BEFORE:
        return tokens["access"]
    spare = tokens["access"] if row.access_ends_at - at > USABLE else ""
    try:
        return _renewed(channel, renew, wait=not spare) or spare
    except SignInEnded:
        raise
    except HarkError:
        if spare:
            return spare
        raise


def _renewed(channel: Channel, renew: Callable[[str], Granted], *, wait: bool) -> str:
    """The token of whoever renews first; empty where another one does, and we do not `wait`."""
    over: SignInEnded | None = None
    with transaction.atomic():
        row = _locked(channel, wait=wait)
        if row is None:
            return ""
        if row.ended_at:
            raise SignInEnded(row.ended_why)
        at, tokens = database_now(), _opened(row, channel.key)
        if row.access_ends_at - at > RENEWED_BEFORE:
            return tokens["access"]
        try:
            grant = renew(tokens["refresh"])
        except SignInEnded as error:
            over = error
            row.ended_at, row.ended_why, row.sealed_tokens = at, error.detail, b""
        else:
            tokens = {"access": grant.access, "refresh": grant.refresh or tokens["refresh"]}
            row.sealed_tokens = _sealed(tokens, channel.key)
            row.access_ends_at = at + timedelta(seconds=grant.access_seconds)
            row.refresh_ends_at = _end(grant, at) or row.refresh_ends_at
        row.save()
    if over:
        raise over
    return tokens["access"]


def _locked(channel: Channel, *, wait: bool) -> ChannelSignIn | None:
    rows = ChannelSignIn.objects.filter(channel=channel)
    if not wait:
        return rows.select_for_update(skip_locked=True).first()
    try:
        return rows.select_for_update().get()
    except OperationalError as error:  # lock_timeout: whoever holds it waits for the provider
        raise RenewedElsewhere from error


def reseal_sign_in(row: ChannelSignIn) -> bool:
    """Seal with the first key of the ring what another one sealed; True when it did. The row is locked."""
    blob = bytes(row.sealed_tokens)
    fresh = secrets.reseal(blob, aad=_place(row.channel.key)) if blob else None
    if fresh is not None:
        ChannelSignIn.objects.filter(pk=row.pk).update(sealed_tokens=fresh)
    return fresh is not None


def _end(grant: Granted, at: datetime) -> datetime | None:
    return at + timedelta(seconds=grant.refresh_seconds) if grant.refresh_seconds else None


def _sealed(tokens: dict[str, str], key: str) -> bytes:
    return secrets.seal(json.dumps(tokens).encode(), aad=_place(key))


def _opened(row: ChannelSignIn, key: str) -> dict[str, str]:
    tokens: dict[str, str] = json.loads(secrets.open_sealed(bytes(row.sealed_tokens), aad=_place(key)))
    return tokens


def _place(key: str) -> str:
    """Where these tokens stand, bound into the seal."""
    return f"organisation_channelsignin|sealed_tokens|{key}"
