"""Who takes part in a mail conversation, and who has still to be let in."""

from collections.abc import Collection

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet

from hark.conversations.models import Conversation, Message, Participant


def without_pending(messages: QuerySet[Message]) -> QuerySet[Message]:
    """The messages but those of writers whom no agent has let in: nobody answers these by the way."""
    waiting = Participant.objects.filter(
        conversation=OuterRef("conversation_id"), identity=OuterRef("identity_id"), pending=True
    )
    return messages.exclude(Exists(waiting))


def copied_in(conversation: Conversation) -> list[str]:
    """The addresses of those who get a copy of every reply in a conversation."""
    copied = Participant.objects.filter(conversation=conversation, copied=True, pending=False)
    return list(copied.order_by("pk").values_list("identity__key", flat=True))


def copies_beside() -> ArraySubquery:
    """The same, read along with conversations."""
    copied = Participant.objects.filter(conversation=OuterRef("pk"), copied=True, pending=False)
    return ArraySubquery(copied.order_by("pk").values("identity__key"))


def pending_writers(conversation_ids: Collection[int]) -> set[tuple[int, int]]:
    """The (conversation, identity) pairs that have still to be let in."""
    rows = Participant.objects.filter(conversation__in=conversation_ids, pending=True)
    return set(rows.values_list("conversation_id", "identity_id"))
