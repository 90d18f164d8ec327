"""To follow a reply, read this: written with its out-box row, taken back, settled, accepted by the venue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NotRequired, TypedDict, Unpack, cast
from uuid import UUID, uuid5

from django.db import transaction

from hark.channels.kit.splitting import CannotSplit
from hark.channels.types import Outbound, OutboundFile
from hark.conversations.actions.accepted import sent, set_status
from hark.conversations.actions.drafts import write_draft
from hark.conversations.actions.files import belong, give_back, hand_over, held_files
from hark.conversations.actions.folding import LINE
from hark.conversations.actions.leaving import put_into_outbox
from hark.conversations.actions.standing import acting_agent, locked_case, seen_case, stop_if_newer, written
from hark.conversations.actions.versions import redraw
from hark.conversations.errors import CannotReply, LookAgain, NeedsApproval, TooLateToTakeBack
from hark.conversations.models import Attachment, Case, Conversation, Draft, HeldReply, Message
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.queries.outgoing import findings, needs_approval
from hark.conversations.queries.participants import copied_in
from hark.conversations.queries.standing import moves, target_of
from hark.conversations.queries.writing import Way, answered_in, way_of
from hark.conversations.signature import signature, signed
from hark.conversations.types import Author, Direction, Status, Visibility
from hark.delivery import actions as delivery
from hark.delivery.types import Settlement
from hark.kernel.actions import record
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.files import size_words
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.understanding.outgoing import Finding

__all__ = ["draft_kind", "line_key", "reply", "sent", "settle", "take_back"]
Readers = Literal["public", "private", "limited"]


class NewReply(TypedDict):
    """What a reply takes. `idempotency_key` is made by the page, `seen_message_id` is the newest message it showed.

    `files` are the keys of those that the page showed beside the text; with a file the text may be empty. `despite` are
    the codes of findings that the author has looked at and overruled. `whole`: it must not leave as several posts.
    """

    case_id: int
    conversation_id: int
    author: Author
    text: str
    visibility: Visibility
    idempotency_key: UUID
    seen_message_id: int | None
    send_anyway: NotRequired[bool]
    files: NotRequired[Sequence[str]]
    despite: NotRequired[Sequence[str]]
    whole: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Ready:
    """A reply that may leave as these `posts`: looked over in the running transaction, its conversation locked."""

    agent: Agent
    case: Case
    way: Way
    text: str
    files: Sequence[Attachment]
    overruled: tuple[Finding, ...]
    posts: Sequence[str]


@transaction.atomic
def reply(**new: Unpack[NewReply]) -> Message:
    """Answer in a conversation: the message and its out-box row are written together, or neither is.

    1. The author's rights and the case are looked up through the gate, the conversation is locked.
    2. The same key twice gives the same message, however quickly it was clicked.
    3. Who may read it is said by the caller, and must fit the conversation, the venue and the channel; so must files.
       What is longer than one post leaves as numbered parts, where the venue takes so many and it need not stay whole.
    4. Anything newer than what the author has seen (another agent's reply too) stops it, unless `send_anyway`.
    5. What should be looked at before everybody reads it stops it, unless `despite`; what is overruled is written down.
    6. It leaves after the inbox's undo time. The case waits for the customer, an unassigned one is the author's now.

    One transaction. Raises NotFound, NotAllowed, NothingWritten, TooLong, CannotReply, CannotTakeFile, NewerMessage,
    LookAgain, and NeedsApproval where a colleague has to say yes first: see `holding.hold`.
    """
    ready = look_over(new)
    if isinstance(ready, Message):
        return ready
    if needs_approval(ready.agent, ready.way.conversation.channel, new["visibility"]):
        raise NeedsApproval
    message = write(ready, new)
    Draft.objects.filter(case=ready.case, agent=ready.agent, kind=_draft_of(message)).delete()
    return message


def look_over(new: NewReply, held: HeldReply | None = None) -> Ready | Message:
    """Everything that stops a reply, in the running transaction; the message, where its key has made one already.

    `held`: it has waited, and its files lie beside it.
    """
    agent = acting_agent(new["author"], Right.ANSWER)
    case = seen_case(agent, new["case_id"])
    conversation = _locked_conversation(case, new["conversation_id"])
    if earlier := _same_reply(agent, conversation, new["idempotency_key"]):
        return earlier
    files = held_files(held) if held else hand_over(agent, case, "reply", new.get("files", ()))
    text = written(new["text"], case) if new["text"].strip() or not files else ""
    way = way_of(conversation, answered_in(conversation), 0, copied_in(conversation))
    posts = _checked(way, _leaving(case, new, text), new)
    _check_files(way, files)
    if not new.get("send_anyway"):
        # The conversation is locked: two agents see each other.
        stop_if_newer(conversation.messages.all(), agent, new["seen_message_id"])
    found = findings(agent, case, way, text, visibility=new["visibility"], but=held)
    stop_on(found, despite=new.get("despite", ()))
    return Ready(agent, case, way, text, files, found, posts)


def stop_on(found: Sequence[Finding], *, despite: Sequence[str]) -> None:
    """Raise LookAgain with what was found and not overruled."""
    if stopping := [one for one in found if one.code not in despite]:
        raise LookAgain(stopping)


def write(ready: Ready, new: NewReply) -> Message:
    """The message of a reply that was looked over, its out-box row, and what follows for its case."""
    case, author = locked_case(ready.agent, ready.case.pk), new["author"]
    at = database_now()
    message = _write(case, ready, new, at)
    _tell(case, message, author, _hand_over(case, message, author, at))
    tell_overruled(case, author, ready.overruled, message=message.key)
    return message


def tell_overruled(case: Case, author: Author, found: Sequence[Finding], **about: str) -> None:
    """Who has sent it all the same, and what had been found: for the timeline and the audit, without the words."""
    if not found:
        return
    kinds = sorted({one.kind for one in found})
    what = {"case": case.key, "found": kinds, **about}
    record([NewEvent("reply.overruled", case.key, author.agent_key, case.inbox_id, data=what)])
    audit("reply.overruled", case.key, actor=author.agent_key, found=kinds, **about)


def _locked_conversation(case: Case, conversation_id: int) -> Conversation:
    mine = Conversation.objects.filter(case=case).select_related("channel")
    conversation = mine.select_for_update(of=("self",), no_key=True).filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFound
    return conversation


def _same_reply(agent: Agent, conversation: Conversation, key: UUID) -> Message | None:
    """The message that this key has made already. Somebody else's key is refused, so that it shows nothing."""
    earlier = Message.objects.filter(outbox_item__idempotency_key=key).first()
    if earlier and (earlier.agent_id, earlier.conversation_id) != (agent.pk, conversation.pk):
        raise CannotReply("Its key was used before. Reload the page.")
    return earlier


def _checked(way: Way, leaving: str, new: NewReply) -> list[str]:
    """The posts as which it leaves, where it may leave at all."""
    if way.closed_because:
        raise CannotReply(way.closed_because)
    if new["visibility"] not in way.visibilities:
        if why_not := way.refusals.get(new["visibility"]):
            raise CannotReply(why_not)
        readers = " or ".join(each.label.lower() for each in way.visibilities)
        raise CannotReply(f"A reply here can only be {readers}. Say which.")
    try:
        return way.posts(leaving, whole=new.get("whole", False))
    except CannotSplit as error:
        raise CannotReply(str(error)) from error


def _leaving(case: Case, new: NewReply, text: str) -> str:
    """The text as it leaves: in public with the author's mark, where the brand wants it."""
    return signed(text, signature(new["author"].name, case.inbox.brand.public_signature, new["visibility"]))


def _check_files(way: Way, files: Sequence[Attachment]) -> None:
    """A reply carries as much as its venue takes, and no file where it takes none."""
    size = sum(file.size or 0 for file in files)
    if files and not way.files_out:
        raise CannotReply("This venue takes no files with a reply. Remove them, or send them another way.")
    if size > way.files_out:
        raise CannotReply(
            f"Its files have {size_words(size)}, and this venue takes {size_words(way.files_out)} in all."
        )


def _write(case: Case, ready: Ready, new: NewReply, at: datetime) -> Message:
    """The message, its out-box row and its files."""
    way, conversation, answers = ready.way, ready.way.conversation, ready.way.answers
    message = Message(
        key=public_key("msg"),
        channel=conversation.channel,
        conversation=conversation,
        parent_id=(answers and answers.external_id) or "",
        agent_id=new["author"].agent_id,
        direction=Direction.OUTBOUND,
        visibility=new["visibility"],
        kind=answers.kind if answers else "message",
        text=ready.text,
        sent_at=at,
        received_at=at,
        moved=moves(answers, new["visibility"]),
    )
    outbound = _outbound(way, message, _leaving(case, new, ready.text), new["idempotency_key"], ready.files)
    message.outbox_item = put_into_outbox(case, message, outbound, visitor=conversation.visitor_key, posts=ready.posts)
    message.save(force_insert=True)
    belong(ready.files, message=message)
    return message


def _outbound(way: Way, message: Message, leaving: str, key: UUID, files: Sequence[Attachment]) -> Outbound:
    """What leaves: the words as they are signed, the files, and where they go."""
    return Outbound(
        id=key,
        target=target_of(way.conversation, way.answers),
        visibility=cast("Readers", message.visibility),
        text=leaving,
        private_of=message.parent_id if message.moved else "",
        subject=way.conversation.subject,
        copies=way.copies,
        attachments=tuple(OutboundFile(file.sha256, file.name, file.mime, file.size or 0) for file in files),
        standing=way.standing,
    )


def _hand_over(case: Case, message: Message, author: Author, at: datetime) -> list[str]:
    """The case waits for the customer now, unless it went outside; names what else has changed for the journal."""
    changed = []
    outside = message.conversation.outside
    if case.status == Status.OPEN and not outside:
        case.status = Status.WAITING
        changed.append("case.status")
    if case.assignee_id is None:
        case.assignee_id = author.agent_id
        changed.append("case.assigned")
    if not outside:
        case.last_message_at, case.last_text, case.last_kind = at, message.text[:LINE], message.kind
    case.version += 1
    case.save(update_fields=["status", "assignee", "last_message_at", "last_text", "last_kind", "version"])
    return changed


def _tell(case: Case, message: Message, author: Author, changed: list[str]) -> None:
    what = {"case": case.key, "message": message.key, "visibility": str(message.visibility)}
    details = {"case.status": {"status": str(case.status)}, "case.assigned": {"agent": author.agent_key}}
    told = "case.forwarded" if message.conversation.outside else "case.replied"
    events = [NewEvent(told, case.key, author.agent_key, case.inbox_id, data=what)]
    for kind in changed:
        what = {"case": case.key, **details[kind]}
        events.append(NewEvent(kind, case.key, author.agent_key, case.inbox_id, data=what))
    record(events)


@transaction.atomic
def take_back(*, message_id: int, author: Author) -> str:
    """Undo one's own reply while it waits: it was never there, its text is back in the draft (and is returned).

    What was meant for somebody outside comes back into a draft of its own, never into that of the reply. A line in
    public that went along with it (`moving`) is taken back too, or neither is. One transaction; of undo and sender
    exactly one wins. Raises NotFound, NotAllowed, TooLateToTakeBack.
    """
    agent = acting_agent(author, Right.ANSWER)
    message = _our_reply(agent, message_id)
    if message.agent_id != agent.pk or message.automatic:
        raise NotAllowed
    case = locked_case(agent, message.conversation.case_id or 0)
    for one in (message, *_line_beside(message)):
        if not delivery.cancel(item_id=one.outbox_item_id or 0, actor=author.agent_key):
            raise TooLateToTakeBack
        Message.objects.filter(pk=one.pk).update(deleted_at=database_now())
    _write_back(case, message, author)
    if not message.conversation.outside:
        give_back(message, case)
        redraw(case.pk)
        set_status(message, Status.OPEN, actor=author.agent_key)
    return message.text


def line_key(reply: UUID) -> UUID:
    """The key of the line in public that goes along with a private reply: the same each time it is asked for."""
    return uuid5(reply, "said in public")


def _line_beside(message: Message) -> list[Message]:
    """The line in public that was written along with this private reply, if it was not taken back already."""
    if not message.moved or message.outbox_item is None:
        return []
    key = line_key(message.outbox_item.idempotency_key)
    return list(Message.objects.filter(outbox_item__idempotency_key=key, deleted_at=None))


def draft_kind(conversation: Conversation) -> str:
    """Where what is written in it is kept meanwhile: what is meant for somebody outside is never shown as a reply."""
    return "outside" if conversation.outside else "reply"


def _draft_of(message: Message) -> str:
    """The kind of the draft that a message was."""
    kind = draft_kind(message.conversation)
    return kind if kind == "reply" or message.quote_from is None else "forward"


def _write_back(case: Case, message: Message, author: Author) -> None:
    """Put the words of a reply before what has been typed since."""
    kind = _draft_of(message)
    mine = Draft.objects.filter(case=case, agent_id=author.agent_id, kind=kind)
    words = message.text[: message.quote_from].rstrip()
    if back := "\n\n".join(filter(None, (words, mine.values_list("text", flat=True).first()))):
        write_draft(case, author, kind, back)


@transaction.atomic
def settle(*, message_id: int, author: Author, how: Settlement) -> Message:
    """Say what became of a reply that may not have left: `it_was_sent`, `send_again` or `drop`.

    The case waits for the customer, or for us where the reply is left alone. One transaction. Raises NotFound,
    NotAllowed, and `delivery.errors.NothingToSettle` when it is settled already.
    """
    agent = acting_agent(author, Right.ANSWER)
    message = _our_reply(agent, message_id)
    locked_case(agent, message.conversation.case_id or 0)
    delivery.settle(item_id=message.outbox_item_id or 0, how=Settlement(how), actor=author.agent_key)
    asked_since = message.conversation.messages.filter(direction=Direction.INBOUND, pk__gt=message.pk).exists()
    waits = how != Settlement.DROP and not asked_since
    if message.conversation.outside:
        return message
    set_status(message, Status.WAITING if waits else Status.OPEN, actor=author.agent_key)
    return message


def _our_reply(agent: Agent, message_id: int) -> Message:
    """A reply written in Hark that this agent may see."""
    ours = messages_visible_to(agent).select_related("conversation").filter(outbox_item__isnull=False)
    message = ours.filter(pk=message_id).first()
    if message is None:
        raise NotFound
    return message
