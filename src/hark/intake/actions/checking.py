"""Asking venues how our channels are: when somebody presses the button, and every hour."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from hark.channels.accounts import account_at_work, account_of
from hark.channels.errors import SendError
from hark.channels.registry import venue
from hark.channels.types import Health, OAuth
from hark.kernel.errors import HarkError
from hark.kernel.time import database_now
from hark.organisation.actions.channel_health import Found, note_check
from hark.organisation.models import Channel, ChannelSignIn
from hark.organisation.types import ChannelState

TOLD_WITHIN = (1, 3, 7, 14)
ENDS_SOON = timedelta(days=TOLD_WITHIN[-1])
SHORT_LIVED = timedelta(days=8)
DAY = "%-d %B %Y"


class Ending(NamedTuple):
    """What ends, and a sentence that says so."""

    at: datetime
    words: str


def check_channel(*, channel: Channel) -> Health:
    """Ask a channel's venue how it is and keep what it says. Calls the venue: no transaction may be open.

    Never raises for what a venue does: a check that breaks is a problem in a sentence.
    """
    health, at = _asked(channel), database_now()
    endings = [one for one in _endings(channel, health) if one.at - at <= ENDS_SOON]
    first = min((one.at for one in endings), default=None)
    found = Found(
        problems=health.problems,
        self_ids=health.self_ids,
        ends_at=first or health.expires_at,
        warnings=[*health.warnings, *(one.words for one in endings)],
        ending=_told_once(first, at) if first else "",
    )
    note_check(channel_id=channel.pk, found=found)
    return replace(health, expires_at=found.ends_at, warnings=tuple(found.warnings))


def check_all() -> None:
    """Check every channel that is not paused."""
    for channel in Channel.objects.exclude(state=ChannelState.PAUSED).order_by("pk"):
        check_channel(channel=channel)


def _asked(channel: Channel) -> Health:
    try:
        return venue(channel.venue).check(account_at_work(channel))
    except SendError as error:  # the sign-in, before the venue itself was asked
        return Health((error.detail or error.message,))
    except HarkError as error:
        return Health((error.message,))
    except Exception as error:  # noqa: BLE001 - a third party's check may raise anything, and its words may be secret
        return Health((f"The check itself failed ({type(error).__name__}). The venue's package has a fault.",))


def _endings(channel: Channel, health: Health) -> Iterator[Ending]:
    """What will end on a day that is known."""
    if health.expires_at:
        words = f"The permission ends on {health.expires_at:{DAY}}. Renew it before then."
        yield Ending(health.expires_at, words)
    oauth = _oauth(channel)
    if oauth is None:
        return
    if oauth.secret_ends:
        words = f"The client secret at {oauth.provider} ends on {oauth.secret_ends:{DAY}}. Make a new one before then."
        yield Ending(datetime.combine(oauth.secret_ends, time.min, UTC), words)
    row = ChannelSignIn.objects.filter(channel=channel, ended_at=None, of=oauth.of).first()
    if row and row.refresh_ends_at:
        why = (
            oauth.short_lived if row.refresh_ends_at - row.signed_in_at < SHORT_LIVED else "Sign in again before then."
        )
        yield Ending(row.refresh_ends_at, f"{oauth.provider} ends the sign-in on {row.refresh_ends_at:{DAY}}. {why}")


def _oauth(channel: Channel) -> OAuth | None:
    try:
        return venue(channel.venue).oauth(account_of(channel))
    except HarkError:
        return None


def _told_once(ends: datetime, at: datetime) -> str:
    """People are told when it ends within 14 days, and again within 7, 3 and 1."""
    within = next(days for days in TOLD_WITHIN if ends - at <= timedelta(days=days))
    return f"{ends:%Y-%m-%d} within {within}"
