"""What an agent has written leaves by the out-box."""

from datetime import timedelta

from django.db import IntegrityError, transaction

from hark.channels.types import Outbound
from hark.conversations.actions.letters import expect_answers
from hark.conversations.errors import CannotReply
from hark.conversations.models import Case, Message
from hark.delivery import actions as delivery
from hark.delivery.models import OutboxItem
from hark.delivery.types import About, pack


def put_into_outbox(case: Case, message: Message, outbound: Outbound, *, visitor: str = "") -> OutboxItem:
    """The row that carries a message out after the inbox's undo time; answers to it will find its conversation.

    In the caller's transaction, before the message is saved. Raises CannotReply where its key was used before.
    """
    conversation = message.conversation
    expect_answers(conversation.channel, conversation, outbound)
    try:
        with transaction.atomic():
            return delivery.enqueue(
                channel_id=conversation.channel_id,
                idempotency_key=outbound.id,
                thread=conversation.venue_thread,
                inbox_id=case.inbox_id,
                payload=pack(outbound, About(message.key, case.key, visitor)),
                not_before=message.sent_at + timedelta(seconds=case.inbox.undo_seconds),
            )
    except IntegrityError as error:
        raise CannotReply("Its key was used before. Reload the page.") from error
