"""The marks of spam on messages: rows that stay, and the state that lists ask for."""

from collections.abc import Sequence

from hark.conversations.models import Case, Message, SpamMark
from hark.conversations.types import Direction
from hark.kernel.time import database_now


def note_marks(messages: Sequence[Message], *, spam: bool, agent_id: int) -> None:
    """An agent's word on these messages, which are locked, with `channel.inbox` at hand. Two statements."""
    if not messages:
        return
    at = database_now()
    SpamMark.objects.bulk_create(
        SpamMark(
            message=one,
            identity_id=one.identity_id or 0,
            brand_id=one.channel.inbox.brand_id,
            agent_id=agent_id,
            spam=spam,
            at=at,
        )
        for one in messages
    )
    Message.objects.filter(pk__in=[one.pk for one in messages]).update(spam=spam)


def note_case(case: Case, *, spam: bool, agent_id: int) -> None:
    """An agent's word on a locked case, and on all that its customer wrote in it; the caller saves the case."""
    said = Message.objects.filter(
        conversation__case=case, conversation__outside=False, direction=Direction.INBOUND, identity__isnull=False
    ).exclude(spam=spam)
    note_marks(list(said.select_related("channel__inbox").order_by("pk")), spam=spam, agent_id=agent_id)
    case.spam = spam
