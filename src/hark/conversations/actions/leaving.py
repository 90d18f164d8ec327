"""What an agent has written leaves by the out-box."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import IntegrityError, transaction

from hark.channels.types import Outbound
from hark.conversations.actions.letters import expect_answers
from hark.conversations.errors import CannotReply
from hark.conversations.models import Case, Message
from hark.delivery import actions as delivery
from hark.delivery.models import OutboxItem
from hark.delivery.types import About, pack, part_key


def put_into_outbox(
    case: Case, message: Message, outbound: Outbound, *, visitor: str = "", posts: Sequence[str] = ()
) -> OutboxItem:
    """The row that carries a message out after the inbox's undo time; answers to it will find its conversation.

    Where it leaves as several `posts`, each has a row, and the last one stands for all. In the caller's transaction,
    before the message is saved. Raises CannotReply where its key was used before.
    """
    conversation, about = message.conversation, About(message.key, case.key, visitor)
    parts = parts_in(outbound, posts) if len(posts) > 1 else [outbound]
    for part in parts:
        expect_answers(conversation.channel, conversation, part)
    try:
        with transaction.atomic():
            return delivery.enqueue_parts(
                channel_id=conversation.channel_id,
                idempotency_key=outbound.id,
                thread=conversation.venue_thread,
                inbox_id=case.inbox_id,
                payloads=[pack(part, about) for part in parts],
                not_before=message.sent_at + timedelta(seconds=case.inbox.undo_seconds),
            )
    except IntegrityError as error:
        raise CannotReply("Its key was used before. Reload the page.") from error


def parts_in(outbound: Outbound, posts: Sequence[str]) -> list[Outbound]:
    """A reply as several posts, each under a key of its own; files go with the first one."""
    parts = len(posts)
    return [
        replace(
            outbound,
            id=part_key(outbound.id, part, parts),
            text=text,
            attachments=outbound.attachments if part == 1 else (),
            part=part,
            parts=parts,
        )
        for part, text in enumerate(posts, start=1)
    ]
