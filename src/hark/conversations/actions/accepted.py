"""What follows from a venue having accepted a reply: it has its id, and the customer has an answer."""

from datetime import datetime

from django.db import transaction
from django.db.models import Min

from hark.clocks.types import ClockKind
from hark.conversations.models import Case, Clock, Conversation, Message
from hark.delivery.types import OutboxState

RESPONSES = [ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE]


@transaction.atomic
def sent(*, message_key: str) -> None:
    """A reply has been accepted by the venue (event `message.sent`): that is when the response clocks stop.

    They stop at the instant recorded with the send, however late this runs. One transaction; may be repeated.
    """
    message = Message.objects.select_related("outbox_item").filter(key=message_key).first()
    item = message.outbox_item if message else None
    if message is None or item is None or item.state != OutboxState.SENT or item.sent_at is None:
        return
    conversation = Conversation.objects.select_for_update().get(pk=message.conversation_id)
    if item.external_ids and message.external_id is None:
        _name(message, item.external_ids[0], item.permalink)
    _answered(conversation, item.sent_at)
    if conversation.case_id:
        _look_for_the_soonest(conversation.case_id)


def _name(message: Message, external_id: str, permalink: str) -> None:
    """Give our message the venue's id. A copy that came in as 'answered at the venue' before that steps aside."""
    copies = Message.objects.filter(channel=message.channel_id, external_id=external_id, native=True)
    copies.update(external_id=None, deleted_at=message.sent_at, problem="a copy of our reply")
    Message.objects.filter(pk=message.pk).update(external_id=external_id, permalink=permalink)


def _answered(conversation: Conversation, at: datetime) -> None:
    """The customer has an answer since `at`: running response clocks that began before it stop then."""
    conversation.first_responded_at = min(conversation.first_responded_at or at, at)
    conversation.last_outbound_at = max(conversation.last_outbound_at or at, at)
    conversation.save(update_fields=["first_responded_at", "last_outbound_at"])
    running = Clock.objects.filter(conversation=conversation, stopped_at=None, kind__in=RESPONSES, started_at__lte=at)
    running.update(stopped_at=at)


def _look_for_the_soonest(case_id: int) -> None:
    """The case's own due time is that of its soonest running clock."""
    case = Case.objects.select_for_update().get(pk=case_id)
    soonest = Clock.objects.filter(case=case, stopped_at=None).aggregate(due=Min("due_at"))["due"]
    if case.due_at != soonest:
        case.due_at = soonest
        case.version += 1
        case.save(update_fields=["due_at", "version"])
