"""What follows from a venue having accepted a reply: it has its id, and the customer has an answer."""

from django.db import transaction

from hark.conversations.actions.clocks import answered
from hark.conversations.actions.versions import tell
from hark.conversations.models import Case, Clock, Conversation, Message
from hark.conversations.types import Direction, Status
from hark.delivery.models import OutboxItem
from hark.delivery.queries import first_post
from hark.delivery.types import OutboxState
from hark.kernel.actions import record
from hark.kernel.types import NewEvent


@transaction.atomic
def sent(*, message_key: str) -> bool:
    """A reply has been accepted by the venue (event `message.sent`): that is when the response clocks stop.

    They stop at the instant recorded with the send, however late this runs; what the customer wrote while the reply was
    on its way starts the next one. One transaction; may be repeated. False: no person wrote it, or it went to somebody
    outside, so it answers nothing.
    """
    message = Message.objects.select_related("outbox_item", "channel").filter(key=message_key).first()
    item = message.outbox_item if message else None
    if message is None or item is None or item.state != OutboxState.SENT or item.sent_at is None:
        return True
    locked = Conversation.objects.select_for_update(of=("self",), no_key=True).select_related("case")
    message.conversation = locked.get(pk=message.conversation_id)
    name_first_post(message, item)
    if message.automatic or message.conversation.outside:
        return False
    before = _running(message.conversation)
    later = message.conversation.messages.filter(direction=Direction.INBOUND, deleted_at=None, pk__gt=message.pk)
    answered(conversation=message.conversation, at=item.sent_at, still_asked=later)
    if _running(message.conversation) != before:
        tell(message, "message.state", "answered")  # the pages draw the clock anew
    if item.may_have_left and not later.exists():  # while nobody knew, the case was ours again
        set_status(message, Status.WAITING, actor="system")
    return True


@transaction.atomic
def named(*, message_key: str) -> None:
    """The first post of a long reply has been accepted (event `message.state`): the reply has its id. Idempotent."""
    message = Message.objects.select_related("outbox_item").filter(key=message_key).first()
    if message and message.outbox_item:
        name_first_post(message, message.outbox_item)


def name_first_post(message: Message, item: OutboxItem) -> None:
    """Give our message the venue's id of its first post, in the running transaction, as soon as there is one."""
    if message.external_id is None and (post := first_post(item)):
        _name(message, *post)


def set_status(message: Message, status: Status, *, actor: str) -> None:
    """Let the case of a reply be open or wait, in the running transaction. A resolved one stays resolved.

    One that is open again needs us now: it is not snoozed any more.
    """
    case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=message.conversation.case_id or 0)
    if case.status in {status, Status.RESOLVED}:
        return
    case.status = status
    case.snoozed_until = None if status == Status.OPEN else case.snoozed_until
    case.version += 1
    case.save(update_fields=["status", "snoozed_until", "version"])
    data = {"case": case.key, "message": message.key, "status": str(status)}
    record([NewEvent("case.status", case.key, actor, case.inbox_id, data=data)])


def _name(message: Message, external_id: str, permalink: str) -> None:
    """Give our message the venue's id. A copy that came in as 'answered at the venue' before that steps aside."""
    copies = Message.objects.filter(channel=message.channel_id, external_id=external_id, native=True)
    copies.update(external_id=None, deleted_at=message.sent_at, problem="a copy of our reply")
    Message.objects.filter(pk=message.pk).update(external_id=external_id, permalink=permalink)


def _running(conversation: Conversation) -> list[int]:
    clocks = Clock.objects.filter(conversation=conversation, stopped_at=None)
    return list(clocks.order_by("id").values_list("id", flat=True))
