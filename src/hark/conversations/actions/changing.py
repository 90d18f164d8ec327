"""A published reply says something else, or is taken away: through the out-box, with what it said before kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict, Unpack, cast
from uuid import UUID

from django.db import IntegrityError, transaction

from hark.channels.kit.splitting import CannotSplit
from hark.channels.types import Change
from hark.conversations.actions.reply import Readers, stop_on, tell_overruled
from hark.conversations.actions.standing import acting_agent, locked_case, written
from hark.conversations.actions.versions import locked, redraw, tell
from hark.conversations.errors import CannotChange, ChangedMeanwhile, TooLateToTakeBack
from hark.conversations.models import Case, Conversation, Message, MessageVersion
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.queries.changing import Changeable, changeable, may_change
from hark.conversations.queries.outgoing import findings, needs_approval
from hark.conversations.queries.writing import answered_in, way_of
from hark.conversations.signature import signature, signed
from hark.conversations.types import Author
from hark.delivery import actions as delivery
from hark.delivery.models import OutboxItem
from hark.delivery.types import About, OutboxState, Settlement, pack_change, part_key, unpack, words_of_change
from hark.kernel.actions import record
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.understanding.outgoing import Finding


class NewChange(TypedDict):
    """What a change takes. `text` None: take the reply away. `seen_text` is what the page showed it to say."""

    message_id: int
    author: Author
    text: str | None
    seen_text: str
    idempotency_key: UUID
    despite: NotRequired[Sequence[str]]


@transaction.atomic
def change_reply(**new: Unpack[NewChange]) -> Message:
    """Let a published reply say something else, or take it away; here it changes when the venue has done so.

    1. Only its author and supervisors may, only where the venue can and as long as it lets us, one change at a time.
    2. The same key twice gives the same change. Other words than the author has seen stop it.
    3. What everybody will read is looked over like a reply, and needs the same yes: whoever needs one cannot change it.
    4. It leaves after the inbox's undo time, after all that was written in the thread before it. A reply that is
       several posts is changed post by post; where it needs fewer, the others are taken away.

    One transaction. Raises NotFound, NotAllowed, NothingWritten, TooLong, CannotChange, ChangedMeanwhile, LookAgain.
    """
    agent = acting_agent(new["author"], Right.ANSWER)
    message = _ours(agent, new["message_id"])
    if message.change_item and message.change_item.idempotency_key == new["idempotency_key"]:
        return message
    case = locked_case(agent, message.conversation.case_id or 0)
    if message.text != new["seen_text"]:
        raise ChangedMeanwhile
    text = None if new["text"] is None else written(new["text"], case)
    allowed = changeable(message, at=database_now())
    leaving = "" if text is None else _leaving(case, message, text)
    posts = _checked(allowed, message, text, leaving)
    found = _looked_over(agent, case, message, text or "")
    stop_on(found, despite=new.get("despite", ()))
    _enqueue(case, message, new, _changes(allowed.there, message, new["idempotency_key"], posts))
    case.version += 1
    case.save(update_fields=["version"])
    _say(case, message, new["author"], "asked")
    tell_overruled(case, new["author"], found, message=message.key)
    verb = "message.deleted" if text is None else "message.edited"
    audit(verb, message.key, case=case.key, author=message.agent.key if message.agent else "")
    return message


def _ours(agent: Agent, message_id: int) -> Message:
    """A reply written in Hark that this agent may see and change, locked with its conversation."""
    seen = messages_visible_to(agent).filter(pk=message_id, outbox_item__isnull=False)
    place = seen.values_list("conversation_id", flat=True).first()
    if place is None:
        raise NotFound
    Conversation.objects.select_for_update(no_key=True).get(pk=place)
    beside = ("conversation__case", "channel", "agent", "outbox_item", "change_item")
    message = Message.objects.select_for_update(of=("self",)).select_related(*beside).get(pk=message_id)
    if not may_change(agent, message):
        raise NotAllowed
    return message


def _leaving(case: Case, message: Message, text: str) -> str:
    """The words as they leave: with the mark of whoever wrote the reply, as it had it."""
    name = message.agent.name if message.agent else ""
    return signed(text, signature(name, case.inbox.brand.public_signature, message.visibility))


def _checked(allowed: Changeable, message: Message, text: str | None, leaving: str) -> list[str]:
    """What the posts shall say; nothing where they shall be gone."""
    if why_not := allowed.not_deleted if text is None else allowed.not_edited:
        raise CannotChange(why_not)
    if text == message.text:
        raise CannotChange("It says that already.")
    try:
        return [] if text is None else allowed.posts(leaving)
    except CannotSplit as error:
        raise CannotChange(str(error)) from error


def _looked_over(agent: Agent, case: Case, message: Message, text: str) -> tuple[Finding, ...]:
    """What should be looked at before everybody reads it. Raises CannotChange where a colleague has to say yes."""
    if text and needs_approval(agent, message.channel, message.visibility):
        raise CannotChange("A colleague approves what you write here in public. Ask one, or send a correction.")
    conversation = message.conversation
    conversation.channel = message.channel
    way = way_of(conversation, answered_in(conversation), 0)
    return findings(agent, case, way, text, visibility=message.visibility, but=message)


def _changes(there: Sequence[OutboxItem], message: Message, key: UUID, posts: Sequence[str]) -> list[Change]:
    """A change for each post that is there."""
    changes = []
    for place, item in enumerate(there):
        sent = unpack(item.payload)
        gone = place >= len(posts)
        changes.append(
            Change(
                id=part_key(key, place + 1, len(there)),
                reply=sent.id,
                of=tuple(item.external_ids),
                target=sent.target,
                visibility=cast("Readers", message.visibility),
                text="" if gone else posts[place],
                gone=gone,
            )
        )
    return changes


def _enqueue(case: Case, message: Message, new: NewChange, changes: Sequence[Change]) -> None:
    item, about = message.outbox_item, About(message.key, case.key, message.conversation.key)
    assert item is not None  # noqa: S101 - `_ours` asks for it
    words, by = None if new["text"] is None else written(new["text"], case), new["author"].agent_id
    try:
        with transaction.atomic():
            message.change_item = delivery.enqueue_parts(
                channel_id=message.channel_id,
                idempotency_key=new["idempotency_key"],
                thread=item.thread,
                inbox_id=case.inbox_id,
                payloads=[pack_change(change, about, words=words, by=by) for change in changes],
                not_before=database_now() + timedelta(seconds=case.inbox.undo_seconds),
            )
    except IntegrityError as error:
        raise CannotChange("Its key was used before. Reload the page.") from error
    message.save(update_fields=["change_item"])


@transaction.atomic
def take_change_back(*, message_id: int, author: Author) -> Message:
    """Undo a change while it waits: it was never asked for. One transaction; of undo and sender exactly one wins.

    Raises NotFound, NotAllowed, TooLateToTakeBack.
    """
    message = _ours(acting_agent(author, Right.ANSWER), message_id)
    if not delivery.cancel(item_id=message.change_item_id or 0, actor=author.agent_key):
        raise TooLateToTakeBack
    message.change_item = None
    message.save(update_fields=["change_item"])
    return message


@transaction.atomic
def settle_change(*, message_id: int, author: Author, how: Settlement) -> Message:
    """Say what became of a change that may not have been made. One transaction.

    Raises NotFound, NotAllowed, and `delivery.errors.NothingToSettle` when it is settled already.
    """
    message = _ours(acting_agent(author, Right.ANSWER), message_id)
    delivery.settle(item_id=message.change_item_id or 0, how=Settlement(how), actor=author.agent_key)
    if how == Settlement.DROP:
        message.change_item = None
        message.save(update_fields=["change_item"])
    return message


@transaction.atomic
def changed_there(*, message_key: str) -> bool:
    """The venue has made a change (event `change.sent`): the reply says so here too, what it said before is a version.

    At the instant recorded with the change, however late this runs. One transaction; may be repeated, then False.
    """
    number = Message.objects.filter(key=message_key).values_list("pk", flat=True).first()
    if number is None:
        return False
    message = locked(number)
    item = OutboxItem.objects.filter(pk=message.change_item_id or 0, state=OutboxState.SENT).first()
    if item is None:
        return False
    at, words = item.sent_at or database_now(), words_of_change(item.payload)
    delivery.take_note_of_gone(change=item)
    kind = _take_away(message, at) if words is None else _reword(message, words, item, at)
    message.change_item = None
    message.save(update_fields=["text", "quote_from", "edited_at", "deleted_at", "change_item"])
    redraw(message.conversation.case_id)
    tell(message, kind, kind.removeprefix("message."))
    return True


def _take_away(message: Message, at: datetime) -> str:
    """Its words stay for those who answered for them."""
    message.deleted_at = at
    return "message.deleted"


def _reword(message: Message, words: str, item: OutboxItem, at: datetime) -> str:
    """An echo of the change may have come before this: then it says so already."""
    if message.text != words:
        MessageVersion.objects.create(message=message, text=message.text, replaced_at=at, agent_id=item.payload["by"])
        message.text, message.quote_from = words, None
    message.edited_at = at
    return "message.edited"


def _say(case: Case, message: Message, author: Author, state: str) -> None:
    about = {"case": case.key, "message": message.key, "state": state}
    record([NewEvent("change.state", case.key, author.agent_key, case.inbox_id, data=about)])
