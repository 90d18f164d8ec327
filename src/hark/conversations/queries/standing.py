"""How things stand between us and a person, for the rules of a venue."""

from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from hark.channels.types import Outbound, Standing, Target
from hark.conversations.models import Conversation, Message
from hark.conversations.types import Direction, Visibility

Addressed = Literal["mention", "reply", "owned_venue", "keyword", "none"]
Readers = Literal["public", "private", "limited"]
NOBODY = UUID(int=0)  # a reply that nobody has written yet
IN_PRIVATE = Q(visibility=Visibility.PRIVATE)


def with_replies(inbound: QuerySet[Message]) -> QuerySet[Message]:
    """The messages, each with how often we have answered just it: `replies` in all, `private_replies` in private."""
    return inbound.annotate(replies=_counted(~IN_PRIVATE), private_replies=_counted(IN_PRIVATE))


def standing_of(answers: Message, *, at: datetime) -> Standing:
    """What the venue's rules ask about, of a message read by `with_replies`."""
    return Standing(
        at=at,
        window_ends=answers.reply_until,
        targets_us=cast("Addressed", answers.targets_us),
        replies=getattr(answers, "replies", 0),
        private_replies=getattr(answers, "private_replies", 0),
        policy=tuple(answers.policy),
        stopped=answers.identity is not None and answers.identity.wants_none,
    )


def unwritten(conversation: Conversation, answers: Message, visibility: Visibility, standing: Standing) -> Outbound:
    """A reply without words: a venue is asked whether it could leave at all."""
    return Outbound(
        id=NOBODY,
        target=target_of(conversation, answers),
        visibility=cast("Readers", visibility.value),
        text="",
        private_of=answers.external_id or "" if moves(answers, visibility) else "",
        standing=standing,
    )


def target_of(conversation: Conversation, answers: Message | None) -> Target:
    """Where an answer to this message goes."""
    external = (answers and answers.external_id) or ""
    return Target(
        external_id=external,
        thread=conversation.venue_thread,
        root=(answers and answers.parent_id) or external,
        parent=external,
        person=answers.identity.key if answers and answers.identity else "",
    )


def moves(answers: Message | None, visibility: str) -> bool:
    """Would such a reply take what was said before others to private?"""
    return answers is not None and answers.visibility != Visibility.PRIVATE and visibility == Visibility.PRIVATE


def _counted(whose: Q) -> Coalesce:
    """Ours to the message of the outer query. From its conversation, which has few, never from all that we wrote."""
    ours = Message.objects.filter(
        whose, conversation=OuterRef("conversation"), parent_id=OuterRef("external_id"), direction=Direction.OUTBOUND,
        deleted_at=None,
    )  # fmt: skip
    counted = ours.order_by().values("conversation").annotate(number=Count("id")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))
