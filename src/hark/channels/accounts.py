"""From a connected channel's row to what its venue's code may know of it."""

from hark.channels.registry import venue
from hark.channels.types import Account, Caps
from hark.organisation.actions.channels import opened
from hark.organisation.models import Channel


def account_of(channel: Channel) -> Account:
    """The account of a channel, with its secrets opened (they never show in its repr)."""
    settings = channel.settings
    return Account(
        key=channel.key,
        external_id=channel.external_id,
        settings=settings,
        secrets=opened(channel),
        self_ids=frozenset({channel.external_id, *settings.get("self_ids", ())}),
        handles=frozenset(settings.get("handles", ())),
        base_url=str(settings.get("base_url", "")),
    )


def caps_of(channel: Channel) -> Caps:
    """What this channel can do: its venue's abilities, narrowed by its own settings. Raises UnknownVenue."""
    return venue(channel.venue).caps_for(account_of(channel))
