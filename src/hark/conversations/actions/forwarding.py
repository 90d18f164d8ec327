"""Asking somebody outside about a case: a mail in a thread of its own, which the customer never sees."""

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from django.db import transaction

from hark.channels.accounts import caps_of
from hark.channels.types import Outbound, OutboundFile, Target
from hark.contacts.models import Identity
from hark.conversations.actions.leaving import put_into_outbox
from hark.conversations.actions.participants import person_of
from hark.conversations.actions.standing import acting_agent, locked_case, seen_case, stop_if_newer, written
from hark.conversations.addresses import one_address
from hark.conversations.errors import CannotForward, CannotReply, TooLong
from hark.conversations.models import Attachment, Case, Conversation, Draft, Message, Participant
from hark.conversations.queries.outside import mailboxes_for, told_in, why_not_outside
from hark.conversations.retelling import retold
from hark.conversations.types import Author, Direction, FileState, Visibility
from hark.kernel.actions import record
from hark.kernel.cards import without_cards
from hark.kernel.db import execute
from hark.kernel.files import size_words
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent, Channel
from hark.organisation.types import Right

LONGEST = 200_000
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('forward|' || %s, 0))"


class NewForward(TypedDict):
    """What a forward takes. `idempotency_key` is made by the page, `seen_message_id` is the newest message it showed.

    `messages` and `files` are keys; `mailbox` is a channel's key, the first of the brand's where it is left out.
    """

    case_id: int
    author: Author
    address: str
    text: str
    messages: Sequence[str]
    idempotency_key: UUID
    seen_message_id: int | None
    name: NotRequired[str]
    files: NotRequired[Sequence[str]]
    mailbox: NotRequired[str]
    send_anyway: NotRequired[bool]


@transaction.atomic
def forward(**new: Unpack[NewForward]) -> Message:
    """Send messages of a case to somebody outside, with a word of one's own; the answer comes back to this case.

    1. The author's rights and the case are looked up through the gate; the same key twice gives the same message.
    2. The address must not be ours, nor that of anybody in the talk with the customer.
    3. Only what was said goes along: no note, nothing deleted, no card's number, no address of the customer.
    4. Anything newer on the case than the author has seen stops it, unless `send_anyway`.
    5. It leaves after the inbox's undo time, in the case's thread with this person. No promise to the customer stops.

    One transaction. Raises NotFound, NotAllowed, NothingWritten, TooLong, CannotForward, CannotReply, NewerMessage.
    """
    agent = acting_agent(new["author"], Right.ANSWER)
    case = seen_case(agent, new["case_id"])
    execute(ONE_AT_A_TIME, [case.key])
    if earlier := _same_forward(agent, case, new["idempotency_key"]):
        return earlier
    address = _address(case, new["address"])
    channel = _mailbox(case, new.get("mailbox", ""))
    said = _chosen(agent, case, new["messages"])
    text, quote_from = _text(case, new["text"], said)
    files = _files(channel, said, new.get("files", ()))
    if not new.get("send_anyway"):
        stop_if_newer(Message.objects.filter(conversation__case=case), agent, new["seen_message_id"])
    conversation = _thread(case, channel, person_of(address, new.get("name", "")))
    case = locked_case(agent, case.pk)
    message = _message(conversation, new["author"], text, quote_from, database_now())
    _enqueue(case, message, address, files, new["idempotency_key"])
    _belong(message, files)
    Draft.objects.filter(case=case, agent=agent, kind="forward").delete()
    _tell(case, message, new["author"])
    audit("case.forwarded", case.key, message=message.key, messages=len(said), files=len(files))
    return message


def _same_forward(agent: Agent, case: Case, key: UUID) -> Message | None:
    earlier = Message.objects.filter(outbox_item__idempotency_key=key).select_related("conversation").first()
    if earlier and (earlier.agent_id, earlier.conversation.case_id) != (agent.pk, case.pk):
        raise CannotReply("Its key was used before. Reload the page.")
    return earlier


def _address(case: Case, typed: str) -> str:
    address = one_address(typed)
    if not address:
        raise CannotForward("Write one e-mail address, such as ann@carrier.example.")
    if why_not := why_not_outside(case, address):
        raise CannotForward(why_not)
    return address


def _mailbox(case: Case, key: str) -> Channel:
    boxes = [one for one in mailboxes_for(case) if key in {"", one.key}]
    if not boxes:
        raise CannotForward("No mailbox of this brand can send. An administrator can connect one.")
    return boxes[0]


def _chosen(agent: Agent, case: Case, keys: Sequence[str]) -> list[Message]:
    found = list(told_in(agent, case).filter(key__in=keys).order_by("sent_at", "id"))
    if not found:
        raise CannotForward("Choose at least one message.")
    if len(found) != len(set(keys)):
        raise CannotForward("One of these messages is gone, or has not left yet. Look again, then send.")
    return found


def _text(case: Case, words: str, said: Sequence[Message]) -> tuple[str, int]:
    """The author's words and the story below them, and where that begins."""
    top = written(words, case) + "\n\n"
    story, _ = without_cards(retold(said), case.inbox.brand.own_numbers)
    if len(story) > LONGEST:
        raise TooLong(f"at most {LONGEST:,} characters. Choose fewer messages")
    return top + story, len(top)


def _files(channel: Channel, said: Sequence[Message], keys: Sequence[str]) -> list[Attachment]:
    """The files of the chosen messages that the page named, each of them here, no more than a mail takes."""
    here = Attachment.objects.filter(message__in=said, state=FileState.STORED, remote=False)
    found = list(here.filter(key__in=keys).order_by("id")) if keys else []
    if len(found) != len(set(keys)):
        raise CannotForward("One of these files is gone, or belongs to a message that was not chosen.")
    size, most = sum(file.size or 0 for file in found), caps_of(channel).files_out
    if size > most:
        raise CannotForward(f"The files have {size_words(size)}, and a mail takes {size_words(most)} in all.")
    return found


def _thread(case: Case, channel: Channel, person: Identity) -> Conversation:
    """The case's thread with this person, locked; begun where there is none."""
    mine = Conversation.objects.filter(case=case, channel=channel, outside=True, participants__identity=person)
    there = mine.select_for_update(of=("self",), no_key=True).order_by("pk").first()
    if there is None:
        there = Conversation.objects.create(
            key=public_key("conv"),
            channel=channel,
            thread_key=f"outside:{public_key('ask')}",
            case=case,
            contact_id=person.contact_id,
            subject=f"Fwd: {case.title}",
            outside=True,
        )
        Participant.objects.create(conversation=there, identity=person)
    return there


def _message(conversation: Conversation, author: Author, text: str, quote_from: int, at: datetime) -> Message:
    """The mail; it follows the newest answer in this thread, so that it stands below it at the recipient's."""
    answered = conversation.messages.filter(direction=Direction.INBOUND).order_by("-id").first()
    return Message(
        key=public_key("msg"),
        channel=conversation.channel,
        conversation=conversation,
        parent_id=(answered and answered.external_id) or "",
        agent_id=author.agent_id,
        direction=Direction.OUTBOUND,
        visibility=Visibility.PRIVATE,
        kind="email",
        text=text,
        quote_from=quote_from,
        sent_at=at,
        received_at=at,
    )


def _enqueue(case: Case, message: Message, address: str, files: Sequence[Attachment], key: UUID) -> None:
    conversation = message.conversation
    outbound = Outbound(
        id=key,
        target=Target(message.parent_id, conversation.thread_key, message.parent_id, message.parent_id, address),
        visibility="private",
        text=message.text,
        subject=conversation.subject,
        attachments=tuple(OutboundFile(file.sha256, file.name, file.mime, file.size or 0) for file in files),
    )
    message.outbox_item = put_into_outbox(case, message, outbound)
    message.save(force_insert=True)


def _belong(message: Message, files: Sequence[Attachment]) -> None:
    """The mail shows its files too. The bytes are stored once."""
    copies = [
        Attachment(
            key=public_key("file"),
            message=message,
            state=FileState.STORED,
            name=file.name,
            mime=file.mime,
            size=file.size,
            sha256=file.sha256,
            preview=file.preview,
            width=file.width,
            height=file.height,
            added_at=message.sent_at,
        )
        for file in files
    ]
    Attachment.objects.bulk_create(copies)


def _tell(case: Case, message: Message, author: Author) -> None:
    """The author holds a case that nobody held; its status and its promises stay as they are."""
    about = {"case": case.key, "message": message.key}
    events = [NewEvent("case.forwarded", case.key, author.agent_key, case.inbox_id, data=about)]
    if case.assignee_id is None:
        case.assignee_id = author.agent_id
        given = {"case": case.key, "agent": author.agent_key}
        events.append(NewEvent("case.assigned", case.key, author.agent_key, case.inbox_id, data=given))
    case.version += 1
    case.save(update_fields=["assignee", "version"])
    record(events)
