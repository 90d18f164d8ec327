"""Asking venues how our channels are: when somebody presses the button, and every hour."""

from datetime import timedelta

from hark.channels.accounts import account_of
from hark.channels.registry import venue
from hark.channels.types import Health
from hark.kernel.errors import HarkError
from hark.kernel.time import database_now
from hark.organisation.actions.channel_health import note_check
from hark.organisation.models import Channel
from hark.organisation.types import ChannelState

ENDS_SOON = timedelta(days=14)


def check_channel(*, channel: Channel) -> Health:
    """Ask a channel's venue how it is and keep what it says. Calls the venue: no transaction may be open.

    Never raises for what a venue does: a check that breaks is a problem in a sentence.
    """
    health = _asked(channel)
    problems = [*health.problems, *_ends(health)]
    note_check(channel_id=channel.pk, problems=problems, self_ids=health.self_ids, ends_at=health.expires_at)
    return Health(tuple(problems), health.self_ids, health.granted, health.missing, health.expires_at, health.caps)


def check_all() -> None:
    """Check every channel that is not paused."""
    for channel in Channel.objects.exclude(state=ChannelState.PAUSED).order_by("pk"):
        check_channel(channel=channel)


def _asked(channel: Channel) -> Health:
    try:
        return venue(channel.venue).check(account_of(channel))
    except HarkError as error:
        return Health((error.message,))
    except Exception as error:  # noqa: BLE001 - a third party's check may raise anything, and its words may be secret
        return Health((f"The check itself failed ({type(error).__name__}). The venue's package has a fault.",))


def _ends(health: Health) -> list[str]:
    """A warning two weeks before a permission ends, where it is known."""
    ends = health.expires_at
    if ends is None or ends - database_now() > ENDS_SOON:
        return []
    return [f"The permission ends on {ends:%d %B %Y}. Renew it before then."]
