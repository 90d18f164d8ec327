"""Sealing again with a new key."""

from django.db import transaction

from hark.kernel import secrets
from hark.organisation.actions.channels import sealing_context
from hark.organisation.models import Channel


def reseal(*, batch: int = 100) -> int:
    """Seal every channel's secrets with the first key of the ring; returns how many were sealed with another.

    One transaction a batch. May be stopped and started again, and run while channels are used.
    """
    count, last = 0, 0
    while True:
        with transaction.atomic():
            channels = list(Channel.objects.select_for_update().filter(pk__gt=last).order_by("pk")[:batch])
            for channel in channels:
                count += _reseal_one(channel)
        if not channels:
            return count
        last = channels[-1].pk


def _reseal_one(channel: Channel) -> bool:
    blob = bytes(channel.sealed_secrets)
    fresh = secrets.reseal(blob, aad=sealing_context(channel.key)) if blob else None
    if fresh is not None:
        Channel.objects.filter(pk=channel.pk).update(sealed_secrets=fresh)
    return fresh is not None
