"""What venues say later of messages: edited, deleted, come back as our own, delivered, read."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from hark.contacts.actions import recognise
from hark.conversations.actions.clocks import RESPONSES, answered, cancel_unasked
from hark.conversations.actions.elsewhere import confirm, told_of
from hark.conversations.actions.letters import thread_of_echo, write_down_echo
from hark.conversations.actions.staging import ONLY_EDITED, ThreadKey, open_threads
from hark.conversations.actions.thread import thread
from hark.conversations.actions.versions import locked, redraw, take_words, tell
from hark.conversations.models import (
    Attachment,
    Case,
    Clock,
    Conversation,
    Message,
    MessageHtml,
    MessageVersion,
    Reading,
    SpamMark,
    Tombstone,
)
from hark.conversations.types import (
    Deletion,
    Direction,
    Echo,
    FileState,
    IncomingMessage,
    ReceiptSeen,
    Status,
    ThreadedMessage,
)
from hark.delivery import actions as delivery
from hark.delivery.models import OutboxItem
from hark.kernel.actions import record
from hark.kernel.db import execute
from hark.kernel.ids import public_key
from hark.kernel.types import NewEvent

ORDER = "SELECT pg_advisory_xact_lock{how}(hashtextextended('deletions|' || %s, 0))"


def keep_order(*, deleting: Iterable[int], adding: Iterable[int]) -> None:
    """Let no deletion pass by its message: call it first in a transaction that does either, with the channels' ids.

    A deletion of an unknown message leaves a tombstone; a message looks for one. Two transactions that do these at once
    would each miss what the other has not committed, so deletions and messages of one channel wait for each other.
    """
    last = set(deleting)
    for channel_id in sorted(last | set(adding)):
        execute(ORDER.format(how="" if channel_id in last else "_shared"), [channel_id])


@transaction.atomic
def apply_edit(edits: Sequence[IncomingMessage]) -> list[ThreadedMessage]:
    """Edits, under the id of the original, at `sent_at`: the words shown before become a version. Idempotent.

    An edit of a message that is not known becomes the message, with a note; its original is taken in when it comes. The
    order of arrival does not matter. In the caller's transaction.
    """
    return [_edit(one) for one in edits]


def _edit(edit: IncomingMessage) -> ThreadedMessage:
    same = Message.objects.filter(channel=edit.channel_id, external_id=edit.external_id)
    number = same.values_list("pk", flat=True).first()
    if number is None:
        [new] = thread([replace(edit, problem=ONLY_EDITED)])
        if new.message_id and same.filter(pk=new.message_id).update(edited_at=edit.sent_at):
            return new
        number = same.values_list("pk", flat=True).get()  # another worker was quicker
    return ThreadedMessage(edit, None, changed=take_words(message_id=number, incoming=edit, edited_at=edit.sent_at))


@transaction.atomic
def apply_delete(deletions: Sequence[Deletion]) -> None:
    """Deletions: the message is shown as deleted, its words stay for those who saw them unless the venue forbids it.

    One that comes before its message leaves a tombstone. A clock stops when nothing that asked is left. Idempotent; in
    the caller's transaction, after `keep_order`.
    """
    for one in deletions:
        found = Message.objects.filter(channel=one.channel_id, external_id=one.external_id).values_list("pk", flat=True)
        number = found.first()
        if number is None:
            Tombstone.objects.get_or_create(
                channel_id=one.channel_id,
                external_id=one.external_id,
                defaults={"deleted_at": one.at, "purge": one.purge},
            )
        else:
            _delete(locked(number), one)


def _delete(message: Message, deletion: Deletion) -> None:
    news = message.deleted_at is None
    if news:
        message.deleted_at = deletion.at
    if deletion.purge:
        message.text = ""
        MessageHtml.objects.filter(message=message).delete()
        Attachment.objects.filter(message=message).update(state=FileState.REMOVED, name="", ref=F("key"))
        MessageVersion.objects.filter(message=message).delete()
        SpamMark.objects.filter(message=message, agent=None).update(why="its words are gone")  # it may quote too
        for reading in Reading.objects.filter(message=message):
            reading.data.pop("reasons", None)  # they may quote
            reading.save(update_fields=["data"])
    message.save(update_fields=["deleted_at", "text"])
    if news:
        if message.direction == Direction.INBOUND:
            cancel_unasked(conversation=message.conversation, at=deletion.at)
        redraw(message.conversation.case_id)
        tell(message, "message.deleted", "deleted")


@transaction.atomic
def apply_echo(echoes: Sequence[Echo]) -> list[str]:
    """Our own messages come back: `echo` for a reply of ours, `native` for an answer given in the venue's own app.

    A native answer is shown in the thread, stops the response clocks and lets the case wait for the customer; it never
    opens a case. Idempotent; in the caller's transaction.
    """
    return [_echo(one) for one in echoes]


def _echo(echo: Echo) -> str:
    if Message.objects.filter(channel=echo.channel_id, external_id=echo.external_id).exists():
        _match(echo)
        return "echo"
    item = _match(echo)
    if item is None:
        return _answer_natively(echo)
    if item.part == 1:  # a reply that left as several posts has the id of the first
        ours = Q(outbox_item__reply=item.reply) if item.reply else Q(outbox_item=item)
        Message.objects.filter(ours, external_id=None).update(external_id=echo.external_id)
    return "echo"


def _match(echo: Echo) -> OutboxItem | None:
    return delivery.match_echo(
        channel_id=echo.channel_id,
        client_ref=echo.client_ref,
        external_id=echo.external_id,
        thread=echo.thread_id,
        text=echo.text,
        at=echo.sent_at,
    )


def _answer_natively(echo: Echo) -> str:
    key = thread_of_echo(echo) or (echo.channel_id, echo.thread_id or echo.parent_id or echo.external_id)
    conversation = _conversation(echo, key)
    write_down_echo(echo, conversation.pk)
    if known := told_of(conversation, parent_id=echo.parent_id, text=echo.text):
        confirm(
            known,
            external_id=echo.external_id,
            text=echo.text,
            permalink=echo.permalink,
            arrival_id=echo.arrival_id,
        )
        return "native"
    message, new = Message.objects.get_or_create(
        channel_id=echo.channel_id, external_id=echo.external_id, defaults=_native(echo, conversation)
    )
    if not new:  # another worker was quicker
        return "echo"
    asked = conversation.messages.filter(direction=Direction.INBOUND, deleted_at=None, sent_at__gt=echo.sent_at)
    answered(conversation=conversation, at=echo.sent_at, still_asked=asked)
    message.conversation = conversation
    tell(message, "message.sent", "native")
    if conversation.case is not None:
        _hand_over(conversation.case, message)
    return "native"


def _conversation(echo: Echo, key: ThreadKey) -> Conversation:
    """The thread, locked; one that we began is about ourselves until somebody answers."""
    known = Conversation.objects.filter(channel=key[0], thread_key=key[1]).values_list("contact_id", flat=True)
    contact_id = known.first() or recognise([echo.author])[0].contact_id
    state = open_threads([(key, contact_id, echo.subject)])[key]
    return Conversation.objects.select_related("case").get(pk=state.id)


def _native(echo: Echo, conversation: Conversation) -> dict[str, Any]:
    return {
        "key": public_key("msg"),
        "conversation": conversation,
        "arrival_id": echo.arrival_id,
        "parent_id": echo.parent_id,
        "native": True,
        "direction": Direction.OUTBOUND,
        "visibility": echo.visibility,
        "kind": echo.kind,
        "text": echo.text,
        "sent_at": echo.sent_at,
        "received_at": echo.received_at,
        "permalink": echo.permalink,
    }


def _hand_over(case: Case, message: Message) -> None:
    """Somebody has answered at the venue: the case waits for the customer, unless he has written since."""
    redraw(case.pk)
    data = {"case": case.key, "message": message.key}
    events = [NewEvent("case.replied", case.key, inbox_id=case.inbox_id, data={**data, "by": "native"})]
    waits = not Clock.objects.filter(case=case, stopped_at=None, kind__in=RESPONSES).exists()
    if waits and Case.objects.filter(pk=case.pk, status=Status.OPEN).update(status=Status.WAITING):
        events.append(NewEvent("case.status", case.key, inbox_id=case.inbox_id, data={**data, "status": "waiting"}))
    record(events)


@transaction.atomic
def apply_receipt(receipts: Sequence[ReceiptSeen]) -> list[bool]:
    """What the venue says became of our messages: accepted, delivered, read, failed; False where it is not one of ours.

    Never goes back; idempotent; in the caller's transaction.
    """
    return [
        delivery.record_receipt(
            channel_id=one.channel_id, external_id=one.external_id, state=one.state, client_ref=one.client_ref
        )
        is not None
        for one in receipts
    ]


@transaction.atomic
def apply_failure(*, message_key: str) -> bool:
    """A reply has not, or perhaps not, reached the customer: its case waits for us again, not for him. Idempotent.

    One transaction. False where nothing changed.
    """
    cases = Case.objects.filter(conversations__messages__key=message_key, status=Status.WAITING)
    case = cases.select_for_update(of=("self",)).first()
    if case is None:
        return False
    case.status, case.snoozed_until = Status.OPEN, None
    case.version += 1
    case.save(update_fields=["status", "snoozed_until", "version"])
    data = {"case": case.key, "message": message_key, "status": str(case.status)}
    record([NewEvent("case.status", case.key, inbox_id=case.inbox_id, data=data)])
    return True
