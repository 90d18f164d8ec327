"""What a visitor may read of his own talk: his lines, and those of ours that have left."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet

from hark.conversations.models import Attachment, Conversation, Message
from hark.conversations.queries.branches import talks_of
from hark.conversations.queries.files import FileShown, files_of_messages
from hark.conversations.queries.participants import without_pending
from hark.conversations.types import Direction, FileState
from hark.delivery.types import OutboxState
from hark.organisation.models import Agent

NEWEST = 500


@dataclass(frozen=True, slots=True)
class VisitorLine:
    """One line. `id` is the venue's id of the visitor's own, our message's key otherwise; `text` is empty once deleted.

    `who` is the first name of the agent who wrote it, empty for the visitor's own and for an answer by nobody in
    particular. `number` counts messages; `by_mail`: it came by another way than this talk.
    """

    id: str
    ours: bool
    who: str
    text: str
    at: datetime
    edited: bool
    deleted: bool
    number: int
    by_mail: bool = False
    files: tuple[FileShown, ...] = ()


def messages_for_visitor(channel_id: int, thread_key: str) -> list[VisitorLine]:
    """The newest lines of one thread of one channel, oldest first; none where there is no such thread. Three queries.

    Ours are shown once the out-box has sent them: until the time to undo is over nobody has read anything.
    """
    known = _lines_of(channel_id, thread_key).select_related("agent", "conversation", "outbox_item")
    rows = list(known.order_by("-sent_at", "-id")[:NEWEST])
    files = files_of_messages(message.pk for message in rows) if rows else {}
    return sorted((_line(row, files.get(row.pk, ())) for row in reversed(rows)), key=lambda line: line.at)


def file_for_visitor(channel_id: int, thread_key: str, key: str) -> Attachment | None:
    """A file of one of the lines that the visitor may read; None where there is no such file."""
    lines = _lines_of(channel_id, thread_key).filter(deleted_at=None)
    return Attachment.objects.filter(key=key, message__in=lines, state=FileState.STORED, remote=False).first()


def _lines_of(channel_id: int, thread_key: str) -> QuerySet[Message]:
    """What the visitor may read of one thread, of all cases in it."""
    return lines_of_talk(Message.objects.filter(conversation__in=talks_of(channel_id, thread_key)))


def lines_of_talk(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those of the messages that are the talk as its customer may read it.

    His own, not those of somebody who has still to be let in; ours once they have left, not what Hark itself wrote.
    """
    ours = Q(outbox_item__state=OutboxState.SENT, automatic=False) | Q(native=True)
    return without_pending(messages).filter(Q(direction=Direction.INBOUND) | ours)


def own_words(message: Message) -> str:
    """A message without the quotation under it; the whole where nothing else would be left."""
    above = message.text[: message.quote_from].rstrip() if message.quote_from is not None else ""
    return above or message.text


def who_answers(channel_id: int, thread_key: str) -> Agent | None:
    """The agent who holds the case of this thread that was written to last."""
    talks = Conversation.objects.filter(pk__in=talks_of(channel_id, thread_key)).select_related("case__assignee")
    newest = talks.order_by(F("last_inbound_at").desc(nulls_last=True), "-pk").first()
    return newest.case.assignee if newest and newest.case else None


def first_name(agent: Agent | None) -> str:
    """What a customer calls an agent."""
    return agent.name.split()[0] if agent and agent.name.strip() else ""


def _line(message: Message, files: tuple[FileShown, ...]) -> VisitorLine:
    ours = message.direction == Direction.OUTBOUND
    item = message.outbox_item
    deleted = message.deleted_at is not None
    by_mail = message.channel_id != message.conversation.channel_id
    return VisitorLine(
        id=message.key if ours or by_mail else message.external_id or message.key,
        ours=ours,
        who=first_name(message.agent),
        text="" if deleted else own_words(message),
        at=(item.sent_at if item else None) or message.sent_at,
        edited=message.edited_at is not None,
        deleted=deleted,
        number=message.pk,
        by_mail=by_mail,
        files=() if deleted else tuple(file for file in files if file.state == FileState.STORED),
    )
