"""Sealing again with a new key."""

import base64
from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.db import transaction

from hark.kernel import secrets
from hark.organisation.actions.audit import audit
from hark.organisation.actions.channel_sign_in import reseal_sign_in
from hark.organisation.actions.channels import sealing_context
from hark.organisation.actions.factors import sealing_place
from hark.organisation.actions.pushing import PUSH_KEY_PLACE
from hark.organisation.models import Channel, ChannelSignIn, Organisation


def rotate(*, tell: Callable[[str, int], None] = lambda what, done: None, batch: int = 100) -> int:
    """Seal everything with the first key of the ring: channels, people's apps, the push key, then the check word.

    Returns how many values were sealed with another key; `tell` hears how far it is. One transaction a batch: it may be
    stopped anywhere and started again, and passes over what is sealed already. Until it is through, both keys open.
    """
    count = reseal(batch=batch, tell=tell) + reseal_factors(batch=batch, tell=tell) + reseal_sign_ins()
    with transaction.atomic():
        count += sum(map(_reseal_push_key, Organisation.objects.select_for_update()))
        secrets.reseal_check()
        audit("keys.rotated", secrets.key_ring()[0].id, values=count)
    return count


def reseal(*, batch: int = 100, tell: Callable[[str, int], None] = lambda what, done: None) -> int:
    """Seal every channel's secrets with the first key of the ring; returns how many were sealed with another.

    One transaction a batch. May be stopped and started again, and run while channels are used.
    """
    count, last = 0, 0
    while True:
        with transaction.atomic():
            channels = list(Channel.objects.select_for_update().filter(pk__gt=last).order_by("pk")[:batch])
            count += sum(map(_reseal_channel, channels))
        if not channels:
            return count
        last = channels[-1].pk
        tell("channels", count)


def reseal_factors(*, batch: int = 100, tell: Callable[[str, int], None] = lambda what, done: None) -> int:
    """Seal the secrets of people's apps with the first key of the ring; else like `reseal`."""
    count, last = 0, 0
    apps = Authenticator.objects.filter(type=Authenticator.Type.TOTP).select_related("user").order_by("pk")
    while True:
        with transaction.atomic():
            rows = list(apps.select_for_update(of=("self",)).filter(pk__gt=last)[:batch])
            count += sum(map(_reseal_app, rows))
        if not rows:
            return count
        last = rows[-1].pk
        tell("apps", count)


def reseal_sign_ins() -> int:
    """Seal what providers granted to channels with the first key of the ring: one transaction a row, like `reseal`."""
    count = 0
    for number in ChannelSignIn.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = ChannelSignIn.objects.select_for_update(of=("self",)).select_related("channel").get(pk=number)
            count += reseal_sign_in(row)
    return count


def _reseal_channel(channel: Channel) -> bool:
    blob = bytes(channel.sealed_secrets)
    fresh = secrets.reseal(blob, aad=sealing_context(channel.key)) if blob else None
    if fresh is not None:
        Channel.objects.filter(pk=channel.pk).update(sealed_secrets=fresh)
    return fresh is not None


def _reseal_push_key(row: Organisation) -> bool:
    blob = bytes(row.sealed_push_key)
    fresh = secrets.reseal(blob, aad=PUSH_KEY_PLACE) if blob else None
    if fresh is not None:
        Organisation.objects.filter(pk=row.pk).update(sealed_push_key=fresh)
    return fresh is not None


def _reseal_app(row: Authenticator) -> bool:
    fresh = secrets.reseal(base64.b64decode(row.data["sealed"]), aad=sealing_place(row.user))
    if fresh is not None:
        row.data["sealed"] = base64.b64encode(fresh).decode()
        row.save(update_fields=["data"])
    return fresh is not None
