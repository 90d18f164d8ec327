"""Answered at the venue itself, where Hark may not or cannot: an agent says so, and the venue's echo confirms it."""

from uuid import UUID

from django.db import transaction

from hark.conversations.actions.clocks import answered
from hark.conversations.actions.standing import acting_agent, locked_case, seen_case
from hark.conversations.actions.versions import redraw, tell
from hark.conversations.errors import CannotReply
from hark.conversations.models import Case, Conversation, Draft, Message, MessageVersion
from hark.conversations.queries.standing import moves
from hark.conversations.queries.writing import answered_in
from hark.conversations.types import TOLD, Author, Direction, Status, Visibility
from hark.kernel.actions import record
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.types import Right

NO_WORDS = "Answered at the venue."


@transaction.atomic
def went_there(*, case_id: int, conversation_id: int, author: Author) -> None:
    """Somebody has opened the venue's own page to answer there: it is written into the case's story. One transaction.

    Raises NotFound, NotAllowed.
    """
    agent = acting_agent(author, Right.ANSWER)
    case = seen_case(agent, case_id)
    conversation = _conversation(case, conversation_id)
    data = {"case": case.key, "conversation": conversation.key}
    record([NewEvent("case.went_there", case.key, author.agent_key, case.inbox_id, data=data)])


@transaction.atomic
def answered_there(
    *, case_id: int, conversation_id: int, author: Author, text: str, visibility: Visibility, key: UUID
) -> Message:
    """An agent says that he has answered at the venue, with these words: the clocks stop, the case waits.

    It is marked as told by him until the venue's own echo takes its place. The same `key` twice is one answer. One
    transaction. Raises NotFound, NotAllowed, and CannotReply where nobody has asked anything.
    """
    agent = acting_agent(author, Right.ANSWER)
    case = seen_case(agent, case_id)
    conversation = _conversation(case, conversation_id)
    asked = answered_in(conversation)
    if asked is None:
        raise CannotReply("Nobody has written here yet, so there is nothing to answer.")
    at = database_now()
    message, new = Message.objects.get_or_create(
        channel=conversation.channel,
        external_id=f"{TOLD}{key}",
        defaults={
            "key": public_key("msg"),
            "conversation": conversation,
            "parent_id": asked.external_id or "",
            "agent": agent,
            "native": True,
            "direction": Direction.OUTBOUND,
            "visibility": visibility,
            "kind": asked.kind,
            "text": text.strip() or NO_WORDS,
            "sent_at": at,
            "received_at": at,
            "moved": moves(asked, visibility),
        },
    )
    if not new:
        return message
    later = conversation.messages.filter(direction=Direction.INBOUND, deleted_at=None, sent_at__gt=at)
    answered(conversation=conversation, at=at, still_asked=later)
    tell(message, "message.sent", "native")
    Draft.objects.filter(case=case, agent=agent, kind="reply").delete()
    _hand_over(locked_case(agent, case.pk), message, author)
    return message


def told_of(conversation: Conversation, *, parent_id: str, text: str) -> Message | None:
    """The answer of which an agent has told us and that an echo in this conversation is: to the same post, or the same
    words. In the talk of one customer it is the oldest that waits for its echo. The caller has the conversation locked.
    """
    told = conversation.messages.filter(native=True, external_id__startswith=TOLD, deleted_at=None).order_by("id")
    waiting = list(told.select_related("conversation__case", "channel"))
    for one in waiting:
        if one.parent_id == parent_id or one.text.split() == text.split():
            return one
    asked = conversation.messages.filter(direction=Direction.INBOUND)
    alone = waiting and asked.order_by().values("identity").distinct().count() == 1
    return waiting[0] if alone else None


def confirm(message: Message, *, external_id: str, text: str, permalink: str, arrival_id: int | None) -> None:
    """The echo of an answer that only an agent had told of: it says what stands there, his words become a version."""
    if text and message.text not in {text, NO_WORDS}:
        MessageVersion.objects.create(message=message, text=message.text, replaced_at=database_now())
    message.external_id, message.text, message.permalink = external_id, text or message.text, permalink
    message.arrival_id = arrival_id
    message.save(update_fields=["external_id", "text", "permalink", "arrival"])
    tell(message, "message.edited", "confirmed")
    redraw(message.conversation.case_id)


def _conversation(case: Case, conversation_id: int) -> Conversation:
    mine = Conversation.objects.filter(case=case).select_related("channel")
    conversation = mine.select_for_update(of=("self",), no_key=True).filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFound
    return conversation


def _hand_over(case: Case, message: Message, author: Author) -> None:
    """The case waits for the customer; one that is nobody's becomes that of the one who answered."""
    redraw(case.pk)
    case.refresh_from_db()
    waits = case.status == Status.OPEN
    if waits:
        case.status = Status.WAITING
    if case.assignee_id is None:
        case.assignee_id = author.agent_id
    case.version += 1
    case.save(update_fields=["status", "assignee", "version"])
    data = {"case": case.key, "message": message.key, "by": "native"}
    events = [NewEvent("case.replied", case.key, author.agent_key, case.inbox_id, data=data)]
    if waits:
        what = {"case": case.key, "status": str(case.status)}
        events.append(NewEvent("case.status", case.key, author.agent_key, case.inbox_id, data=what))
    record(events)
