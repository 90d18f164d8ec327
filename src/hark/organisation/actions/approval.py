"""Whose public replies, and on which channels, a colleague approves before anybody outside reads them."""

from django.db import transaction

from hark.kernel.actions import record
from hark.kernel.errors import NotFound
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent, Channel


@transaction.atomic
def set_approval_of_agent(*, key: str, needed: bool, actor: Agent) -> None:
    """What this person writes in public from now on needs approval, or no more. Repeating changes nothing.

    One transaction. Raises NotFound.
    """
    if not Agent.objects.filter(key=key).exists():
        raise NotFound
    if Agent.objects.filter(key=key).exclude(needs_approval=needed).update(needs_approval=needed):
        record([NewEvent("agent.changed", key, actor=actor.key, data={"needs_approval": needed})])
        audit("agent.approval_changed", key, actor=actor.key, needed=needed)


@transaction.atomic
def set_approval_of_channel(*, key: str, needed: bool, actor: Agent) -> None:
    """What anybody writes in public on this channel from now on needs approval, or no more.

    One transaction; repeating changes nothing. Raises NotFound.
    """
    channel = Channel.objects.filter(key=key).first()
    if channel is None:
        raise NotFound
    if Channel.objects.filter(pk=channel.pk).exclude(needs_approval=needed).update(needs_approval=needed):
        told = {"needs_approval": needed}
        record([NewEvent("channel.changed", key, actor=actor.key, inbox_id=channel.inbox_id, data=told)])
        audit("channel.approval_changed", key, actor=actor.key, needed=needed)
