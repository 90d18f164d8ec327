"""Words that come for a message that is there already: the newest are shown, no others are lost."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from hark.conversations.actions.folding import line_of
from hark.conversations.actions.staging_readings import fold_moods, replace_reading
from hark.conversations.models import Case, Message, MessageVersion
from hark.conversations.types import Direction, IncomingMessage
from hark.kernel.actions import record
from hark.kernel.types import NewEvent

ORIGINAL = (
    *("parent_id", "visibility", "kind", "sent_at", "permalink", "rating", "targets_us", "problem", "reply_until"),
    "policy",
)


def complete(*, message_id: int, incoming: IncomingMessage) -> Message:
    """Give a message that was made of its edit everything but the words of its original, which become a version.

    In the caller's transaction. Returns the message as it now stands; its thread must still take it in.
    """
    message = locked(message_id)
    for name in ORIGINAL:
        value = getattr(incoming, name)
        setattr(message, name, list(value) if isinstance(value, tuple) else value)
    message.save(update_fields=ORIGINAL)
    if not _keep_earlier(message, incoming.text):
        tell(message, "message.edited", "completed")
    return message


def take_words(*, message_id: int, incoming: IncomingMessage, edited_at: datetime | None) -> bool:
    """Take the words of `incoming` for a stored message, in the caller's transaction; False when they were known.

    `edited_at` None: they came as the original. Older words than those shown become an earlier version, newer ones
    replace them, as the stars of a review are, so that the order of arrival does not matter. A deleted message whose
    words are purged takes none.
    """
    message = locked(message_id)
    if message.deleted_at is not None and not message.text:
        return False
    if edited_at is None and message.edited_at is not None:
        return _keep_earlier(message, incoming.text)
    if edited_at is not None and message.edited_at is not None and edited_at < message.edited_at:
        return _keep_earlier(message, incoming.text)
    if message.text == incoming.text or (edited_at is None and _is_known(message, incoming.text)):
        return _take_stars(message, incoming, edited_at)
    _replace(message, incoming, edited_at or incoming.received_at)
    return True


def locked(message_id: int) -> Message:
    """The message, locked, with what is needed to tell of it."""
    rows = Message.objects.select_for_update(of=("self",)).select_related("conversation__case", "channel", "identity")
    return rows.get(pk=message_id)


def tell(message: Message, kind: str, state: str) -> None:
    """Record a change of a message, on its case where it has one."""
    case = message.conversation.case
    posted = message.sent_at.isoformat()
    data = {"message": message.key, "case": case.key if case else "", "state": state, "posted": posted}
    inbox_id = case.inbox_id if case else message.channel.inbox_id
    visitor = message.conversation.visitor_key if message.visibility == "private" else ""
    record([NewEvent(kind, case.key if case else message.key, inbox_id=inbox_id, visitor=visitor, data=data)])


def redraw(case_id: int | None) -> None:
    """Make the line that lists show of a case that of the newest message of a person that is still there."""
    if case_id is None:
        return
    said = Message.objects.filter(conversation__case=case_id, deleted_at=None, automatic=False)
    ours_outside = Q(direction=Direction.OUTBOUND, conversation__outside=True)
    there = said.select_related("conversation").exclude(ours_outside).order_by("-sent_at", "-id").first()
    line: dict[str, Any] = {"last_text": ""}
    if there is not None:
        text = line_of(there.text, outside=there.conversation.outside)
        line = {"last_text": text, "last_kind": there.kind, "last_message_at": there.sent_at}
    case = Case.objects.select_for_update().get(pk=case_id)
    Case.objects.filter(pk=case_id).update(**line, version=case.version + 1)


def _keep_earlier(message: Message, text: str) -> bool:
    """Words older than those shown, if they are not known yet."""
    if message.text == text or _is_known(message, text):
        return False
    MessageVersion.objects.create(message=message, text=text, replaced_at=message.edited_at or message.received_at)
    tell(message, "message.edited", "earlier")
    return True


def _is_known(message: Message, text: str) -> bool:
    return message.versions.filter(text=text).exists()


def _take_stars(message: Message, incoming: IncomingMessage, edited_at: datetime | None) -> bool:
    """Other stars with the same words, as a review may get; False where nothing has changed."""
    if edited_at is None or incoming.rating in {None, message.rating}:
        return False
    message.rating, message.edited_at = incoming.rating, edited_at
    message.save(update_fields=["rating", "edited_at"])
    tell(message, "message.edited", "edited")
    return True


def _replace(message: Message, incoming: IncomingMessage, at: datetime) -> None:
    MessageVersion.objects.create(message=message, text=message.text, replaced_at=at)
    message.text, message.edited_at = incoming.text, at
    message.rating = message.rating if incoming.rating is None else incoming.rating
    message.save(update_fields=["text", "edited_at", "rating"])
    if incoming.reading and message.identity is not None:
        replace_reading(message.pk, incoming.reading)
        fold_moods({message.identity.contact_id})
    redraw(message.conversation.case_id)
    tell(message, "message.edited", "edited")
