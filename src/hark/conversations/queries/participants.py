"""Who takes part in a mail conversation, and who has still to be let in."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet

from hark.conversations.models import Message, Participant


def without_pending(messages: QuerySet[Message]) -> QuerySet[Message]:
    """The messages but those of writers whom no agent has let in: nobody answers these by the way."""
    waiting = Participant.objects.filter(
        conversation=OuterRef("conversation_id"), identity=OuterRef("identity_id"), pending=True
    )
    return messages.exclude(Exists(waiting))


def pending_writers(conversation_ids: Collection[int]) -> set[tuple[int, int]]:
    """The (conversation, identity) pairs that have still to be let in."""
    rows = Participant.objects.filter(conversation__in=conversation_ids, pending=True)
    return set(rows.values_list("conversation_id", "identity_id"))
