"""A talk on a page of ours goes on by mail: the address that was left, what was seen there, the mail that follows.

From a chat when its visitor has gone; from a form at once, since whoever has sent one does not wait before it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest

from hark.channels.accounts import caps_of
from hark.channels.kit.words import mail_address
from hark.channels.types import Outbound, OutboundFile, Target
from hark.contacts.actions import recognise
from hark.contacts.types import SeenAuthor
from hark.conversations.actions.automatic import send_by_itself
from hark.conversations.errors import NoAddress, NotAnAddress, NoTranscript
from hark.conversations.models import Attachment, Conversation, LeftAddress, Message
from hark.conversations.queries.going_on import (
    away_after,
    has_answered,
    in_words,
    left_address,
    mailbox_of,
    may_have_transcript,
    named_mailbox,
    said_between,
    transcript_key,
    typed_address,
    unread_answers,
)
from hark.conversations.queries.participants import without_pending
from hark.conversations.queries.visitor import lines_of_talk
from hark.conversations.transcript import letter, whole_talk
from hark.conversations.types import FORM, MAIL, Direction, FileState
from hark.delivery.types import OutboxState
from hark.kernel.actions import record
from hark.kernel.errors import NotFound, TooManyRequests
from hark.kernel.limits import take
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.models import Channel

KIND = "email"
A_DAY = 24 * 60
LETTERS_A_DAY, TRANSCRIPTS_A_DAY = 20, 3  # to one address, whoever has typed it
TRANSCRIPTS_AN_HOUR = 60  # of one chat, to everybody together
LOOK_EVERY = timedelta(seconds=20)
LATER = timedelta(hours=1)


@transaction.atomic
def leave_address(*, chat: Channel, thread: str, typed: str) -> str:
    """Keep where a visitor wants to be answered when he has gone; empty: nowhere. Gives the address as it is kept.

    It stays a claim: agents see it, and it opens nobody's history. All that was sent until now counts as seen, since he
    is here. One transaction, idempotent. Raises NotFound (he has said nothing yet), NotAnAddress.
    """
    conversation = _locked(chat, thread)
    address, before = mail_address(typed), left_address(chat.pk, thread)
    if typed.strip() and (not address or _is_ours(address)):
        raise NotAnAddress
    if address == (before.address if before else ""):
        return address
    if not address:
        LeftAddress.objects.filter(conversation=conversation).delete()
    else:
        seen = lines_of_talk(conversation.messages.all()).order_by("-pk").values_list("pk", flat=True).first() or 0
        now_here = {"address": address, "here_at": database_now(), "due_at": None, "seen": seen}
        LeftAddress.objects.update_or_create(conversation=conversation, defaults=now_here)
        _claim(conversation, address)
    _tell(conversation, left=bool(address))
    return address


def note_visit(*, chat: Channel, thread: str, seen: int, at: datetime) -> None:
    """The talk is open before its visitor's eyes, down to the message `seen`. One statement; seldom one that writes."""
    mine = LeftAddress.objects.filter(conversation__channel=chat, conversation__thread_key=thread)
    news = mine.filter(Q(seen__lt=seen) | Q(here_at__lt=at - LOOK_EVERY))
    news.update(here_at=Greatest("here_at", Value(at)), seen=Greatest("seen", Value(seen)))


def expect_letter(*, message_key: str) -> None:
    """An answer has left for a chat (event `message.sent`): look, when its visitor may be gone, whether he has seen it.

    Idempotent.
    """
    sent = Message.objects.filter(key=message_key, automatic=False, outbox_item__state=OutboxState.SENT)
    home = Coalesce("conversation__branch_of_id", "conversation_id")
    row = sent.values_list(home, "pk", "outbox_item__sent_at", "conversation__channel_id").first()
    if row is None:
        return
    conversation_id, number, sent_at, channel_id = row
    take_typed_address(conversation_id=conversation_id, until=number)
    waiting = LeftAddress.objects.filter(conversation=conversation_id, due_at=None, seen__lt=number, mailed__lt=number)
    if waiting.exists():
        chat = Channel.objects.get(pk=channel_id)
        waiting.update(due_at=(sent_at or database_now()) + away_after(chat))


@transaction.atomic
def take_typed_address(*, conversation_id: int, until: int = 0) -> None:
    """Keep the address that was typed into a form as the one to answer at, where the form has a mailbox. Idempotent.

    It stays a claim. All before the message `until` counts as seen: what was answered before there was a mailbox is not
    sent later. One transaction.
    """
    conversation = _locked_talks().filter(pk=conversation_id, channel__venue=FORM, left_address=None).first()
    if conversation is None or named_mailbox(conversation.channel) is None:
        return
    address = mail_address(typed_address(conversation))
    if not address or _is_ours(address):
        return
    ours = conversation.messages.filter(direction=Direction.OUTBOUND, pk__lt=until).order_by("-pk")
    seen = ours.values_list("pk", flat=True).first() or 0
    LeftAddress.objects.create(conversation=conversation, address=address, here_at=database_now(), seen=seen)


@transaction.atomic
def go_on_by_mail(*, at: datetime) -> bool:
    """Deal with one talk that is due: its visitor is back, or what he has not seen goes on by mail; False: none is due.

    Every answer goes once: what has gone on and its mail in the out-box are written together. One transaction; any
    number of workers may do this.
    """
    due = _locked_talks(skip_locked=True).filter(left_address__due_at__lte=at)
    conversation = due.order_by("left_address__due_at").first()
    if conversation is None:
        return False
    left = LeftAddress.objects.select_for_update(of=("self",)).get(conversation=conversation)
    if left.due_at is None or left.due_at > at:
        return True  # another worker was quicker
    left.due_at = _go_on(left, conversation, at)
    left.save(update_fields=["due_at", "mailed"])
    return True


def _go_on(left: LeftAddress, conversation: Conversation, at: datetime) -> datetime | None:
    """Write what has to go; when to look again, if ever. A mailbox that is paused is waited for."""
    chat = conversation.channel
    answers = unread_answers(left) if named_mailbox(chat) else []
    here_until = left.here_at + away_after(chat)
    if not answers or here_until > at:
        return here_until if answers else None
    mailbox = mailbox_of(chat)
    if mailbox is None or not _has_room(left.address):
        return at + LATER
    _write_letter(left, conversation, mailbox, answers)
    left.mailed = answers[-1].pk
    return None


@transaction.atomic
def send_transcript(*, chat: Channel, thread: str) -> str:
    """Mail a talk that was closed to the address its visitor has left; gives the address. Once for every closing.

    An agent must have answered in it, and closed it: so nobody can use it to write to others. One transaction. Raises
    NoAddress, NoTranscript, TooManyRequests.
    """
    conversation = _locked(chat, thread)
    left, mailbox = left_address(chat.pk, thread), mailbox_of(chat)
    if left is None or mailbox is None:
        raise NoAddress
    if not may_have_transcript(conversation):
        raise NoTranscript
    take(f"transcript|{left.address}", burst=TRANSCRIPTS_A_DAY, per_minute=TRANSCRIPTS_A_DAY / A_DAY)
    take(f"transcript|{chat.key}", burst=TRANSCRIPTS_AN_HOUR, per_minute=TRANSCRIPTS_AN_HOUR / 60)
    text = whole_talk(chat.inbox.brand.name, in_words(said_between(left)), known=has_answered(left))
    outbound = _outbound(left, conversation, mailbox, transcript_key(conversation), text)
    send_by_itself(mailbox, conversation, outbound, kind=KIND, quote_from=text.index("\n"))
    return left.address


def _write_letter(
    left: LeftAddress, conversation: Conversation, mailbox: Channel, answers: Sequence[Message]
) -> Message:
    """The answers, the talk since the last mail under them, and their files as far as a mail carries them."""
    before = said_between(left, after=left.mailed, before=answers[0].pk)
    brand = conversation.channel.inbox.brand.name
    place = "contact form" if conversation.channel.venue == FORM else "chat"
    text, top = letter(brand, in_words(answers), in_words(before), known=has_answered(left), place=place)
    key = uuid5(NAMESPACE_URL, f"hark:letter:{answers[-1].key}")
    files = _files(answers, caps_of(mailbox).files_out)
    outbound = _outbound(left, conversation, mailbox, key, text, files)
    author = answers[-1].agent_id
    return send_by_itself(mailbox, conversation, outbound, kind=KIND, quote_from=top, agent_id=author)


def _outbound(
    left: LeftAddress,
    conversation: Conversation,
    mailbox: Channel,
    key: UUID,
    text: str,
    files: tuple[OutboundFile, ...] | None = None,
) -> Outbound:
    """A mail of this talk, after the newest one that there is. With `files` (none too) it is an answer by people."""
    mails = without_pending(conversation.messages.filter(channel=mailbox, external_id__isnull=False))
    mails = mails.filter(Q(direction=Direction.INBOUND) | Q(outbox_item__payload__target__person=left.address))
    ids = [each or "" for each in mails.order_by("pk").values_list("external_id", flat=True)] or [""]
    target = Target(
        external_id=ids[-1], thread=conversation.thread_key, root=ids[0], parent=ids[-1], person=left.address
    )
    return Outbound(
        id=key,
        target=target,
        visibility="private",
        text=text,
        author_kind="bot" if files is None else "human",
        subject=conversation.subject or _subject(conversation),
        attachments=files or (),
    )


def _subject(conversation: Conversation) -> str:
    brand = conversation.channel.inbox.brand.name
    return f"Your message to {brand}" if conversation.channel.venue == FORM else f"Your chat with {brand}"


def _files(answers: Sequence[Message], most: int) -> tuple[OutboundFile, ...]:
    """The files of the answers that fit into one mail; the others are named in it and lie in the chat."""
    rows = Attachment.objects.filter(message__in=[one.pk for one in answers], state=FileState.STORED).order_by("pk")
    found, size = [], 0
    for file in rows:
        size += file.size or 0
        if size <= most:
            found.append(OutboundFile(file.sha256, file.name, file.mime, file.size or 0))
    return tuple(found)


def _has_room(address: str) -> bool:
    try:
        with transaction.atomic():
            take(f"letter|{address}", burst=LETTERS_A_DAY, per_minute=LETTERS_A_DAY / A_DAY)
    except TooManyRequests:
        return False
    return True


def _locked(chat: Channel, thread: str) -> Conversation:
    found = _locked_talks().filter(channel=chat.pk, thread_key=thread).first()
    if found is None:
        raise NotFound
    return found


def _locked_talks(*, skip_locked: bool = False) -> QuerySet[Conversation]:
    """Conversations are locked before what their visitors have left."""
    locked = Conversation.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
    return locked.select_related("channel__inbox__brand", "case")


def _claim(conversation: Conversation, address: str) -> None:
    """Let agents see the address on the visitor, as something that he said of himself."""
    own = conversation.messages.filter(channel=conversation.channel_id, direction=Direction.INBOUND)
    first = own.select_related("identity").order_by("pk").first()
    if first and first.identity:
        who = first.identity
        recognise([SeenAuthor(who.network, who.scope, who.key, claims=((KIND, address),))])


def _is_ours(address: str) -> bool:
    """Is it one of our own mailboxes, with a plus or without?"""
    local, _, domain = address.partition("@")
    return Channel.objects.filter(venue=MAIL, external_id__iexact=f"{local.partition('+')[0]}@{domain}").exists()


def _tell(conversation: Conversation, *, left: bool) -> None:
    """The journal hears that there is an address, not which."""
    case = conversation.case
    if case is not None:
        data = {"case": case.key, "left": left}
        record([NewEvent("case.address_left", case.key, "contact", case.inbox_id, data=data)])
