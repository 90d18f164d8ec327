"""Secrets that Hark makes for a channel and that somebody else must hold too: made, replaced without a gap, ended."""

from django.db import transaction

from hark.kernel import ids
from hark.kernel.actions import record
from hark.kernel.errors import HarkError
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.actions.channels import locked_channel, opened, sealed
from hark.organisation.models import Channel

BITS = 256


class TwoSecretsLive(HarkError):
    """Two secrets are valid already. Drop the older one first, once nobody uses it any more."""


class NothingToDrop(HarkError):
    """There is no older secret."""


def make_secret(*, channel_id: int, name: str, actor: str) -> str:
    """Make the channel's secret called `name` and return it: the only time it is ever shown.

    One that is there stays valid as the older of two until `drop_older_secret`. One transaction, the row is locked.
    Raises TwoSecretsLive.
    """
    with transaction.atomic():
        channel = locked_channel(channel_id)
        values = opened(channel)
        if values.get(older(name)):
            raise TwoSecretsLive
        made = ids.new_token(BITS)
        before = values.get(name)
        _keep(channel, {**values, name: made, **({older(name): before} if before else {})})
        _tell("channel.secret_made", channel, name, actor)
    return made


def drop_older_secret(*, channel_id: int, name: str, actor: str) -> None:
    """End the older of two secrets: whatever was signed with it is refused from now on.

    One transaction, the row is locked. Raises NothingToDrop.
    """
    with transaction.atomic():
        channel = locked_channel(channel_id)
        values = opened(channel)
        if not values.pop(older(name), ""):
            raise NothingToDrop
        _keep(channel, values)
        _tell("channel.secret_dropped", channel, name, actor)


def older(name: str) -> str:
    """What the older of two live secrets is called."""
    return f"{name}.previous"


def _keep(channel: Channel, values: dict[str, str]) -> None:
    channel.sealed_secrets = sealed(values, channel.key)
    channel.save(update_fields=["sealed_secrets"])


def _tell(kind: str, channel: Channel, name: str, actor: str) -> None:
    record([NewEvent(kind, channel.key, actor=actor, inbox_id=channel.inbox_id, data={"secret": name})])
    audit(kind, channel.key, actor=actor, secret=name)
