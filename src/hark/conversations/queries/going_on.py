"""A chat that goes on by mail: through which mailbox, to whom, and what is still to go."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from hark.channels.accounts import caps_of
from hark.contacts.actions.recognising import claim_scope
from hark.contacts.models import Identity
from hark.conversations.models import Attachment, Conversation, LeftAddress, Message, Participant
from hark.conversations.queries.branches import talks_beside
from hark.conversations.queries.visitor import first_name, lines_of_talk, own_words
from hark.conversations.transcript import Said
from hark.conversations.types import FORM, MAIL, Direction, FileState, Status
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState
from hark.kernel.errors import HarkError
from hark.organisation.models import Channel
from hark.organisation.types import ChannelState

AWAY_MINUTES = 2
LINES = 200


def named_mailbox(chat: Channel) -> Channel | None:
    """The mailbox by which a talk shall go on, of the same brand: the one that the channel's settings name.

    A form that names none, and does not say no, takes the first one of its inbox.
    """
    boxes = Channel.objects.filter(venue=MAIL, inbox__brand=chat.inbox.brand_id)
    if chat.venue == FORM and chat.settings.get("by_mail") is False:
        return None
    if key := chat.settings.get("mailbox"):
        return boxes.filter(key=key).first()
    return boxes.filter(inbox=chat.inbox_id).order_by("pk").first() if chat.venue == FORM else None


def mailbox_of(chat: Channel) -> Channel | None:
    """The mailbox by which a talk goes on, if it is able to send just now."""
    box = named_mailbox(chat)
    try:
        return box if box and box.state != ChannelState.PAUSED and caps_of(box).private else None
    except HarkError:  # its secrets do not open
        return None


def away_after(chat: Channel) -> timedelta:
    """How long a visitor may be out of sight before he counts as gone. Whoever has sent a form has gone."""
    if chat.venue == FORM:
        return timedelta(0)
    minutes = chat.settings.get("away_minutes")
    return timedelta(minutes=minutes if isinstance(minutes, int) and minutes > 0 else AWAY_MINUTES)


def left_address(channel_id: int, thread_key: str) -> LeftAddress | None:
    """What the visitor of this thread has left."""
    left = LeftAddress.objects.filter(conversation__channel_id=channel_id, conversation__thread_key=thread_key)
    return left.select_related("conversation__case").first()


def typed_address(conversation: Conversation) -> str:
    """The e-mail address that whoever sent a form has typed into it last; empty where there is none."""
    wrote = conversation.messages.filter(channel=conversation.channel_id, direction=Direction.INBOUND)
    first = wrote.select_related("identity").order_by("pk").first()
    if first is None or first.identity is None:
        return ""
    who = first.identity
    scope = claim_scope((who.network, who.scope, who.key))
    typed = Identity.objects.filter(network=MAIL, scope=scope).order_by("-pk").values_list("key", flat=True)
    return typed.first() or ""


def form_of(message_key: str) -> int | None:
    """The conversation of a message that came by a form; None for any other."""
    found = Message.objects.filter(key=message_key, channel__venue=FORM).values_list("conversation", flat=True)
    return found.first()


def unread_answers(left: LeftAddress) -> list[Message]:
    """Our answers in the chat that its visitor has not had before his eyes and that have not gone on, oldest first."""
    talks = talks_beside(left.conversation_id)
    ours = Message.objects.filter(conversation__in=talks, direction=Direction.OUTBOUND, automatic=False)
    sent = ours.filter(outbox_item__state=OutboxState.SENT, deleted_at=None, pk__gt=max(left.seen, left.mailed))
    return list(sent.select_related("agent", "outbox_item").order_by("pk"))


def said_between(left: LeftAddress, *, after: int = 0, before: int | None = None) -> list[Message]:
    """The newest lines of the talk between two messages, oldest first, as its visitor may read them."""
    talks = talks_beside(left.conversation_id)
    lines = lines_of_talk(Message.objects.filter(conversation__in=talks, pk__gt=after, deleted_at=None))
    lines = lines.filter(pk__lt=before) if before else lines
    return list(lines.select_related("agent", "outbox_item").order_by("-pk")[:LINES])[::-1]


def in_words(messages: Sequence[Message]) -> list[Said]:
    """Lines of a talk for a mail; without what an answer by mail quotes. One query."""
    names: dict[int, list[str]] = {}
    files = Attachment.objects.filter(message__in=[one.pk for one in messages], remote=False, inline=False)
    for message_id, name in files.exclude(state=FileState.REMOVED).order_by("pk").values_list("message_id", "name"):
        names.setdefault(message_id or 0, []).append(name)
    return [
        Said(
            who="" if one.direction == Direction.INBOUND else first_name(one.agent) or "We",
            at=(one.outbox_item and one.outbox_item.sent_at) or one.sent_at,
            text=own_words(one),
            files=tuple(names.get(one.pk, ())),
        )
        for one in messages
    ]


def has_answered(left: LeftAddress) -> bool:
    """Has somebody written into this talk from the address?"""
    there = Participant.objects.filter(conversation=left.conversation_id, identity__network="email", pending=False)
    return there.filter(identity__key=left.address).exists()


def may_have_transcript(conversation: Conversation) -> bool:
    """Was the talk closed, with an answer of a person in it, and has this closing's transcript not been sent?"""
    case = conversation.case
    if case is None or case.status != Status.RESOLVED or case.resolved_at is None:
        return False
    ours = lines_of_talk(conversation.messages.filter(direction=Direction.OUTBOUND))
    return ours.exists() and not OutboxItem.objects.filter(idempotency_key=transcript_key(conversation)).exists()


def transcript_key(conversation: Conversation) -> UUID:
    """The same for the same closing, so that one transcript leaves however often it is asked for."""
    closed = conversation.case.resolved_at if conversation.case else None
    return uuid5(NAMESPACE_URL, f"hark:transcript:{conversation.key}:{closed}")
