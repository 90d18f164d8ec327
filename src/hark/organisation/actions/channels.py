"""Connecting accounts at venues."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, NotRequired, TypedDict, Unpack

from django.db import IntegrityError, transaction

from hark.kernel import ids, secrets
from hark.kernel.actions import record
from hark.kernel.errors import HarkError, NotFound
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.models import Channel, Inbox
from hark.organisation.types import ChannelState

SIGNING_BITS = 256


class AlreadyConnected(HarkError):
    """This account is connected already."""


class NewChannel(TypedDict):
    """What connecting an account takes. `settings` holds nothing secret; `secrets` are sealed.

    `connected_at` is now unless the account was ours before (a move from elsewhere): clocks start no earlier.
    `waits_for`: it starts paused, for this reason, until somebody switches it on.
    """

    venue: str
    external_id: str
    name: str
    inbox: Inbox
    settings: dict[str, Any]
    secrets: dict[str, str]
    connected_at: NotRequired[datetime]
    waits_for: NotRequired[str]


class ChangedChannel(TypedDict):
    """What an administrator changes of a channel: `secrets` only those typed anew."""

    name: str
    inbox: Inbox
    settings: dict[str, Any]
    secrets: dict[str, str]
    external_id: NotRequired[str]


def connect_channel(*, actor: str, **new: Unpack[NewChannel]) -> Channel:
    """Connect one account at a venue to an inbox, in one transaction; raises AlreadyConnected.

    Every channel gets a signing secret of its own (256 bits, named `signing`) unless one is given: visitors' tokens and
    forms are signed with it, so that a new secret ends all of them and touches no other channel.
    """
    key = ids.public_key("chan")
    channel = Channel(
        key=key,
        venue=new["venue"],
        external_id=new["external_id"],
        name=new["name"],
        inbox=new["inbox"],
        settings=new["settings"],
        sealed_secrets=sealed({"signing": ids.new_token(SIGNING_BITS), **new["secrets"]}, key),
        connected_at=new.get("connected_at") or database_now(),
        state=ChannelState.PAUSED if new.get("waits_for") else ChannelState.ACTIVE,
        state_reason=new.get("waits_for", ""),
    )
    try:
        with transaction.atomic():
            channel.save(force_insert=True)
            record([event("channel.connected", channel, actor)])
            audit("channel.connected", key, actor=actor, venue=channel.venue, inbox=channel.inbox.key)
    except IntegrityError as error:
        raise AlreadyConnected(new["venue"]) from error
    return channel


def pause_sending(*, channel_id: int, reason: str) -> bool:
    """Stop sending over a channel whose permission is lost; arrivals are still stored. True when it did.

    One transaction; compare-and-set, so that many sends failing at once raise one alarm.
    """
    with transaction.atomic():
        hit = Channel.objects.filter(pk=channel_id, state=ChannelState.ACTIVE).update(
            state=ChannelState.AUTH_LOST, state_reason=reason
        )
        if hit:
            channel = Channel.objects.get(pk=channel_id)
            record([event("channel.auth_lost", channel, "system")])
    return bool(hit)


def change_channel(*, channel_id: int, actor: str, **changed: Unpack[ChangedChannel]) -> Channel:
    """Replace a channel's name, inbox and settings; secrets that are given replace those of their names.

    Settings that are not given stay. Journal and audit name the fields that changed, never their values. One
    transaction, the row is locked. Raises NotFound, AlreadyConnected.
    """
    try:
        with transaction.atomic():
            channel = locked_channel(channel_id)
            before = _shown_fields(channel)
            channel.name, channel.inbox = changed["name"], changed["inbox"]
            channel.external_id = changed.get("external_id") or channel.external_id
            channel.settings = {**channel.settings, **changed["settings"]}
            if changed["secrets"]:
                channel.sealed_secrets = sealed({**opened(channel), **changed["secrets"]}, channel.key)
            channel.save(update_fields=["name", "inbox", "external_id", "settings", "sealed_secrets"])
            fields = [name for name, value in _shown_fields(channel).items() if before.get(name) != value]
            told = {"fields": sorted([*fields, *changed["secrets"]])}
            record([replace(event("channel.changed", channel, actor), data=told)])
            audit("channel.changed", channel.key, actor=actor, **told)
    except IntegrityError as error:
        raise AlreadyConnected from error
    return channel


def _shown_fields(channel: Channel) -> dict[str, Any]:
    return {**channel.settings, "name": channel.name, "inbox": channel.inbox_id}


def pause_channel(*, channel_id: int, actor: str, reason: str = "") -> bool:
    """Stop a channel on purpose: replies wait in the out-box, what comes in is kept. True when it did."""
    with transaction.atomic():
        channel = locked_channel(channel_id)
        if channel.state == ChannelState.PAUSED:
            return False
        channel.state, channel.state_reason = ChannelState.PAUSED, reason
        channel.save(update_fields=["state", "state_reason"])
        record([event("channel.paused", channel, actor)])
        audit("channel.paused", channel.key, actor=actor)
    return True


def locked_channel(channel_id: int) -> Channel:
    """The channel's row, locked to the end of the transaction. Raises NotFound."""
    channel = Channel.objects.select_for_update().filter(pk=channel_id).first()
    if channel is None:
        raise NotFound
    return channel


def resume_sending(*, channel_id: int, actor: str, new_secrets: dict[str, str] | None = None) -> bool:
    """Send again over a channel that was stopped, with renewed secrets where there are any; True when it did.

    One transaction; what waited in the out-box leaves in its old order.
    """
    with transaction.atomic():
        channel = Channel.objects.select_for_update().get(pk=channel_id)
        if new_secrets:
            channel.sealed_secrets = sealed({**opened(channel), **new_secrets}, channel.key)
        was_stopped = channel.state != ChannelState.ACTIVE
        channel.state, channel.state_reason = ChannelState.ACTIVE, ""
        channel.save(update_fields=["sealed_secrets", "state", "state_reason"])
        if was_stopped:
            record([event("channel.resumed", channel, actor)])
        audit("channel.resumed", channel.key, actor=actor, secrets=sorted(new_secrets or ()))
    return was_stopped


def sealed(values: dict[str, str], key: str) -> bytes:
    """A channel's secrets, sealed to this channel: copied to another row they do not open."""
    return secrets.seal(json.dumps(values, sort_keys=True).encode(), aad=sealing_context(key))


def opened(channel: Channel) -> dict[str, str]:
    """A channel's secrets."""
    blob = bytes(channel.sealed_secrets)
    values: dict[str, str] = json.loads(secrets.open_sealed(blob, aad=sealing_context(channel.key))) if blob else {}
    return values


def sealing_context(key: str) -> str:
    """Where these secrets stand, bound into the seal."""
    return f"organisation_channel|sealed_secrets|{key}"


def event(kind: str, channel: Channel, actor: str) -> NewEvent:
    """What happened to a channel, for those who see its inbox."""
    return NewEvent(kind, channel.key, actor=actor, inbox_id=channel.inbox_id)
