"""Mail that no person wrote: an acknowledgement of a new case. It says so, and no two robots keep each other awake."""

from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction

from hark.channels.types import Outbound, Target
from hark.contacts.models import Identity
from hark.conversations.actions.letters import expect_answers
from hark.conversations.models import Conversation, Message
from hark.conversations.queries.participants import without_pending
from hark.conversations.types import Direction, Visibility
from hark.delivery import actions as delivery
from hark.delivery.models import OutboxItem
from hark.delivery.types import About, pack
from hark.kernel.errors import TooManyRequests
from hark.kernel.ids import public_key
from hark.kernel.limits import take
from hark.kernel.time import database_now
from hark.organisation.models import Channel
from hark.organisation.types import ChannelState

PER_DAY = 1 / (24 * 60)
PER_CONVERSATION = 5
AT_ONCE, PER_MINUTE = 200, 10.0  # of one mailbox, to everybody together


@transaction.atomic
def acknowledge(*, message_key: str) -> Message | None:
    """Answer the mail that opened a case with the channel's own words, if it has any; None where nothing is sent.

    Never to what a machine wrote, to mail read back, to one of our own addresses, to somebody not let in; at most one
    a day to an address, five in a conversation. It holds nothing that the sender wrote, is no answer (the clocks run
    on), and repeating this changes nothing. One transaction.
    """
    asked = without_pending(Message.objects.filter(direction=Direction.INBOUND, automatic=False, backfilled=False))
    found = asked.select_related("channel", "identity", "conversation__case__inbox").filter(key=message_key).first()
    words = str(found.channel.settings.get("acknowledgement") or "").strip() if found else ""
    if found is None or not words or found.channel.state != ChannelState.ACTIVE or found.identity is None:
        return None
    locked = Conversation.objects.select_for_update(of=("self",), no_key=True).get(pk=found.conversation_id)
    if not _may_be_answered(found, found.identity, locked):
        return None
    try:
        with transaction.atomic():
            take(f"automatic|{found.identity.key}", burst=1, per_minute=PER_DAY)
            take(f"automatic|{found.channel.key}", burst=AT_ONCE, per_minute=PER_MINUTE)
    except TooManyRequests:
        return None
    return _write(found, found.identity, words)


def _may_be_answered(message: Message, writer: Identity, conversation: Conversation) -> bool:
    """Not ourselves, nobody whom we have answered already, not for ever."""
    ours = Channel.objects.filter(venue=message.channel.venue, external_id__iexact=writer.key)
    sent = Message.objects.filter(conversation=conversation, direction=Direction.OUTBOUND)
    return not (
        ours.exists()
        or sent.filter(automatic=False).exists()
        or sent.filter(automatic=True).count() >= PER_CONVERSATION
        or OutboxItem.objects.filter(idempotency_key=_key_for(message)).exists()
    )


def _write(asked: Message, writer: Identity, words: str) -> Message:
    conversation = asked.conversation
    outbound = Outbound(
        id=_key_for(asked),
        target=Target(
            external_id=asked.external_id or "",
            thread=conversation.thread_key,
            root=asked.parent_id or asked.external_id or "",
            parent=asked.external_id or "",
            person=writer.key,
        ),
        visibility="private",
        text=words,
        author_kind="bot",
        subject=conversation.subject,
    )
    return send_by_itself(asked.channel, conversation, outbound, kind=asked.kind)


def send_by_itself(
    channel: Channel,
    conversation: Conversation,
    outbound: Outbound,
    *,
    kind: str,
    quote_from: int | None = None,
    agent_id: int | None = None,
) -> Message:
    """What no person sent, into the out-box, with the message that shows it; in the caller's transaction.

    The conversation is locked. It may be another channel's: then the answer joins it all the same. `agent_id` is whose
    words it passes on, and who hears when it does not arrive.
    """
    case, at = conversation.case, database_now()
    expect_answers(channel, conversation, outbound)
    message = Message(
        key=public_key("msg"),
        channel=channel,
        conversation=conversation,
        parent_id=outbound.target.parent,
        direction=Direction.OUTBOUND,
        visibility=Visibility.PRIVATE,
        kind=kind,
        text=outbound.text,
        sent_at=at,
        received_at=at,
        automatic=True,
        agent_id=agent_id,
        quote_from=quote_from,
    )
    message.outbox_item = delivery.enqueue(
        channel_id=channel.pk,
        idempotency_key=outbound.id,
        thread=conversation.thread_key,
        inbox_id=case.inbox_id if case else channel.inbox_id,
        payload=pack(outbound, About(message.key, case.key if case else "", conversation.key)),
        not_before=at,
    )
    message.save(force_insert=True)
    return message


def _key_for(message: Message) -> UUID:
    """The same for the same mail, so that one acknowledgement leaves however often this is asked for."""
    return uuid5(NAMESPACE_URL, f"hark:acknowledgement:{message.key}")
