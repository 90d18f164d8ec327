"""Replies that wait: for a colleague's yes, for their time, or for their author when somebody wrote meanwhile."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NotRequired, Unpack

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce

from hark.conversations.actions.cases import assign
from hark.conversations.actions.drafts import write_draft
from hark.conversations.actions.files import held_files, put_beside
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.reply import NewReply, Ready, draft_kind, look_over, tell_overruled, write
from hark.conversations.actions.standing import acting_agent, locked_case, written
from hark.conversations.errors import DecidedAlready, NewerMessage, NotYourOwn, WrongTime
from hark.conversations.models import Case, Draft, HeldReply, Message
from hark.conversations.queries.held import held_replies_visible_to
from hark.conversations.queries.outgoing import needs_approval
from hark.conversations.types import HELD, Author, Direction, HeldState, Visibility
from hark.kernel.actions import record
from hark.kernel.errors import HarkError, NotAllowed, NotFound
from hark.kernel.ids import new_uuid, public_key
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.models import Agent
from hark.organisation.types import Right

LONGEST = timedelta(days=366)
LOOKED_AT = 50
logger = logging.getLogger(__name__)


class LaterReply(NewReply):
    """A reply that leaves at a time, or as soon as it may where `leaves_at` is missing."""

    leaves_at: NotRequired[datetime | None]


@transaction.atomic
def send(**new: Unpack[LaterReply]) -> Message | HeldReply:
    """Answer in a conversation, at once or at a time; a reply that needs a colleague's yes waits for it first.

    Looked over like every reply, now and again when it leaves. A waiting one belongs to its author, who gets the case
    where nobody has it, and to nobody's customer: it is no message yet. One transaction; the same key twice gives the
    same reply. Raises what `reply` raises (but NeedsApproval), WrongTime.
    """
    if earlier := _same_held(new):
        return earlier
    ready = look_over(new)
    if isinstance(ready, Message):
        return ready
    leaves_at = _checked(new.get("leaves_at"))
    approval = needs_approval(ready.agent, ready.way.conversation.channel, new["visibility"])
    if approval or leaves_at:
        sent: Message | HeldReply = _hold(ready, new, leaves_at, approval=approval)
    else:
        sent = write(ready, new)
    Draft.objects.filter(case=ready.case, agent=ready.agent, kind=draft_kind(ready.way.conversation)).delete()
    return sent


def _same_held(new: LaterReply) -> HeldReply | None:
    mine = HeldReply.objects.filter(agent=new["author"].agent_id, conversation=new["conversation_id"])
    return mine.filter(idempotency_key=new["idempotency_key"]).first()


def _checked(leaves_at: datetime | None) -> datetime | None:
    now = database_now()
    if leaves_at is not None and not now < leaves_at <= now + LONGEST:
        raise WrongTime
    return leaves_at


def _hold(ready: Ready, new: LaterReply, leaves_at: datetime | None, *, approval: bool) -> HeldReply:
    author = new["author"]
    held = HeldReply.objects.create(
        key=public_key("held"),
        conversation=ready.way.conversation,
        agent=ready.agent,
        text=ready.text,
        visibility=new["visibility"],
        idempotency_key=new["idempotency_key"],
        seen_message_id=_newest(ready) if new.get("send_anyway") else new["seen_message_id"],
        despite=[one.code for one in ready.overruled],
        state=HeldState.APPROVAL if approval else HeldState.LATER,
        leaves_at=leaves_at,
        held_at=database_now(),
    )
    put_beside(ready.files, held.key, ready.case, ready.agent)
    if ready.case.assignee_id is None:
        assign(case_id=ready.case.pk, agent_id=ready.agent.pk, actor=author)
    case = _tell(held, "reply.held", author, why=held.state, until=leaves_at.isoformat() if leaves_at else "")
    tell_overruled(case, author, ready.overruled, held=held.key)
    return held


def _newest(ready: Ready) -> int | None:
    return ready.way.conversation.messages.order_by("-id").values_list("pk", flat=True).first()


@transaction.atomic
def approve(
    *, key: str, approver: Author, text: str | None = None, anyway: bool = False, despite: Sequence[str] = ()
) -> HeldReply:
    """Say yes to a colleague's reply, as it is or with other words: it leaves now, or at the time he chose.

    By one person only, never the author. One transaction. Raises NotFound, NotAllowed, NotYourOwn, DecidedAlready, and
    what stops a reply: what is new there (unless `anyway`), and what is found in it (unless `despite`).
    """
    agent = acting_agent(approver, Right.SUPERVISE)
    held = _locked(agent, key, HeldState.APPROVAL)
    if held.agent_id == agent.pk:
        raise NotYourOwn
    case = held.conversation.case
    before, held.text = held.text, written(text, case) if text is not None and case else held.text
    held.despite, held.decided_by = [*held.despite, *despite], agent
    if held.leaves_at and held.leaves_at > database_now():
        ready = look_over(_new(held, anyway=anyway), held)
        held.state = HeldState.LATER
        held.seen_message_id = _newest(ready) if anyway and isinstance(ready, Ready) else held.seen_message_id
        held.save()
    else:
        _release(held, anyway=anyway)
    _tell(held, "reply.approved", approver, agent=held.agent.key, changed=held.text != before)
    return held


@transaction.atomic
def send_back(*, key: str, approver: Author, word: str = "") -> HeldReply:
    """Say no: the text is its author's draft again, and the word for him stands on the case as a note.

    One transaction. Raises NotFound, NotAllowed, NotYourOwn, DecidedAlready, TooLong.
    """
    agent = acting_agent(approver, Right.SUPERVISE)
    held = _locked(agent, key, HeldState.APPROVAL)
    if held.agent_id == agent.pk:
        raise NotYourOwn
    held.decided_by = agent
    case = _into_draft(held, HeldState.SENT_BACK)
    if word.strip():
        add_note(case_id=case.pk, text=word, author=approver, idempotency_key=new_uuid())
    _tell(held, "reply.sent_back", approver, agent=held.agent.key)
    return held


@transaction.atomic
def take_held_back(*, key: str, author: Author) -> HeldReply:
    """Do not send one's own waiting reply: its text is the draft again. Raises NotFound, NotAllowed, DecidedAlready."""
    held = _own(author, key, *HELD)
    _into_draft(held, HeldState.TAKEN_BACK)
    _tell(held, "reply.taken_back", author)
    return held


@transaction.atomic
def send_now(*, key: str, author: Author, anyway: bool = False) -> HeldReply:
    """Send one's own waiting reply before its time, or all the same (`anyway`) though somebody wrote meanwhile.

    One transaction. Raises NotFound, NotAllowed, DecidedAlready, and what stops a reply.
    """
    held = _own(author, key, HeldState.LATER, HeldState.STOPPED)
    _release(held, anyway=anyway)
    return held


@transaction.atomic
def send_later(*, key: str, author: Author, leaves_at: datetime, seen_message_id: int | None = None) -> HeldReply:
    """Give one's own waiting reply another time; a stopped one waits again, having seen what the page showed.

    One transaction. Raises NotFound, NotAllowed, DecidedAlready, WrongTime, and what stops a reply.
    """
    held = _own(author, key, *HELD)
    held.leaves_at = _checked(leaves_at)
    held.seen_message_id = max(held.seen_message_id or 0, seen_message_id or 0)
    if held.state == HeldState.STOPPED:
        look_over(_new(held, anyway=False), held)
        held.state, held.why_stopped = HeldState.LATER, ""
    held.save()
    _tell(held, "reply.put_off", author, until=leaves_at.isoformat())
    return held


def release_due() -> bool:
    """Stop waiting replies under which somebody has written, send those whose time has come; True if there were many.

    Each in a transaction of its own, any number of workers: one that is locked waits for the next time. What stops a
    reply stops it here too, and its author is asked.
    """
    wrote = Message.objects.filter(
        conversation=OuterRef("conversation"), pk__gt=Coalesce(OuterRef("seen_message_id"), 0),
        direction=Direction.INBOUND, automatic=False, deleted_at=None,
    )  # fmt: skip
    waiting = HeldReply.objects.filter(state=HeldState.LATER)
    overtaken = list(waiting.filter(Exists(wrote)).values_list("pk", flat=True)[:LOOKED_AT])
    due = waiting.filter(leaves_at__lte=database_now()).order_by("leaves_at").values_list("pk", flat=True)[:LOOKED_AT]
    for number in dict.fromkeys([*overtaken, *due]):
        try:
            _release_one(number)
        except DatabaseError as error:  # a lock that somebody holds for longer than we wait: its neighbours go on
            logger.warning("held reply %s waits for the next time: %s", number, type(error).__name__)
    return len(overtaken) == LOOKED_AT or len(due) == LOOKED_AT


@transaction.atomic
def _release_one(number: int) -> None:
    free = HeldReply.objects.select_for_update(of=("self",), skip_locked=True).filter(state=HeldState.LATER)
    held = free.select_related("agent", "conversation__case", "conversation__channel").filter(pk=number).first()
    if held is None:
        return
    try:
        with transaction.atomic():
            if held.leaves_at and held.leaves_at <= database_now():
                _release(held)
            else:
                look_over(_new(held, anyway=False), held)
    except HarkError as error:
        _stop(held, error)


def _stop(held: HeldReply, error: HarkError) -> None:
    logger.info("held reply %s is stopped: %s", held.pk, type(error).__name__)
    held.state = HeldState.STOPPED
    held.why_stopped = "Somebody wrote meanwhile." if isinstance(error, NewerMessage) else error.message
    HeldReply.objects.filter(pk=held.pk).update(state=held.state, why_stopped=held.why_stopped)
    _tell(held, "reply.stopped", None, agent=held.agent.key)


def _release(held: HeldReply, *, anyway: bool = False) -> None:
    """Make it a message, in the running transaction, with everything that stops a reply.

    Approval may have become a rule while it waited: then it waits for a colleague now.
    """
    new = _new(held, anyway=anyway)
    ready = look_over(new, held)
    if isinstance(ready, Message):
        held.message = ready
    elif held.decided_by_id is None and needs_approval(ready.agent, held.conversation.channel, held.visibility):
        held.state = HeldState.APPROVAL
        held.save()
        _tell(held, "reply.held", new["author"], why=held.state, until="")
        return
    else:
        held.message = write(ready, new)
    held.state, held.why_stopped = HeldState.SENT, ""
    held.save()


def _new(held: HeldReply, *, anyway: bool) -> NewReply:
    return NewReply(
        case_id=held.conversation.case_id or 0,
        conversation_id=held.conversation_id,
        author=Author(held.agent_id, held.agent.key, held.agent.name),
        text=held.text,
        visibility=Visibility(held.visibility),
        idempotency_key=held.idempotency_key,
        seen_message_id=held.seen_message_id,
        send_anyway=anyway,
        despite=held.despite,
    )


def _own(author: Author, key: str, *states: HeldState) -> HeldReply:
    agent = acting_agent(author, Right.ANSWER)
    held = _locked(agent, key, *states)
    if held.agent_id != agent.pk:
        raise NotAllowed
    return held


def _locked(agent: Agent, key: str, *states: HeldState) -> HeldReply:
    """The waiting reply, locked first of all: who comes second finds it decided."""
    seen = held_replies_visible_to(agent).select_related("agent", "conversation__case", "conversation__channel")
    held = seen.select_for_update(of=("self",)).filter(key=key).first()
    if held is None:
        raise NotFound
    if held.state not in states:
        raise DecidedAlready
    return held


def _into_draft(held: HeldReply, state: HeldState) -> Case:
    """The text and its files are beside its author's pen again, after whatever he has typed since."""
    case = locked_case(None, held.conversation.case_id or 0)
    author = Author(held.agent_id, held.agent.key, held.agent.name)
    kind = draft_kind(held.conversation)
    typed = Draft.objects.filter(case=case, agent=held.agent, kind=kind).values_list("text", flat=True).first()
    if back := "\n\n".join(filter(None, (held.text, typed))):
        write_draft(case, author, kind, back)
    put_beside(held_files(held), "reply", case, held.agent)
    held.state = state
    held.save()
    return case


def _tell(held: HeldReply, kind: str, actor: Author | None, **what: Any) -> Case:
    """The case has changed, and why; whom it concerns hears of it (`noticing`)."""
    case = locked_case(None, held.conversation.case_id or 0)
    case.version += 1
    case.save(update_fields=["version"])
    data = {"case": case.key, "held": held.key, **what}
    record([NewEvent(kind, case.key, actor.agent_key if actor else "system", case.inbox_id, data=data)])
    return case
