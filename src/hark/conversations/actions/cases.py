"""Whose case it is, and how it stands. Every act looks the rights up anew and compares before it sets."""

from typing import Any

from django.db import transaction

from hark.conversations.actions import clocks
from hark.conversations.actions.again import stop_saved_reply_alone
from hark.conversations.actions.spam_marks import note_case, note_marks
from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.errors import CannotAssign
from hark.conversations.models import Case, Conversation, Message
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.types import Author, Direction, Status
from hark.kernel.actions import record
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.models import Agent
from hark.organisation.queries import inboxes_visible_to, who_may
from hark.organisation.types import Right

CHANGED = (
    "assignee",
    "status",
    "resolved_at",
    "mood_at_closing",
    "due_at",
    "snoozed_until",
    "merged_into",
    "version",
    "spam",
)


@transaction.atomic
def assign(*, case_id: int, agent_id: int | None, actor: Author | None, version: int | None = None) -> Case:
    """Give a case to an agent, or to nobody. `actor` None is routing itself, which has asked the agent already.

    One transaction; repeating changes nothing. With `version`, raises ChangedMeanwhile when the case has changed since.
    Raises NotFound, NotAllowed, and CannotAssign when that agent may not answer in the case's inbox.
    """
    agent = acting_agent(actor, Right.ANSWER) if actor else None
    case = locked_case(agent, case_id, version)
    if case.assignee_id == agent_id:
        return case
    holder = _who_may_hold(case, agent_id)
    case.assignee = holder
    return changed(case, "case.assigned", actor, agent=holder.key if holder else "")


def _who_may_hold(case: Case, agent_id: int | None) -> Agent | None:
    if agent_id is None:
        return None
    agent = Agent.objects.filter(who_may(Right.ANSWER), pk=agent_id, is_active=True).first()
    if agent is None or not inboxes_visible_to(agent).filter(pk=case.inbox_id).exists():
        raise CannotAssign
    return agent


@transaction.atomic
def resolve(*, case_id: int, actor: Author, version: int | None = None) -> Case:
    """The problem is solved: the status, the mood at closing and the running clocks are written together.

    One transaction; repeating changes nothing. Raises NotFound, NotAllowed, ChangedMeanwhile, and NeedsPersonalWord
    where somebody has come again and was answered by saved replies alone.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    if case.status == Status.RESOLVED:
        return case
    stop_saved_reply_alone(case)
    case.status, case.resolved_at, case.due_at, case.snoozed_until = Status.RESOLVED, database_now(), None, None
    clocks.close(case_id=case.pk, at=case.resolved_at)
    case.mood_at_closing = case.contact.mood_level
    return changed(case, "case.resolved", actor, mood=case.mood_at_closing)


@transaction.atomic
def take_back_resolve(*, case_id: int, actor: Author, status: Status, version: int | None = None) -> Case:
    """Undo a resolve, as if it had not been: the case stands as before, the clocks that it stopped run on.

    One transaction; a case that is not resolved is left alone. Raises NotFound, NotAllowed, ChangedMeanwhile.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    if case.status != Status.RESOLVED or case.resolved_at is None:
        return case
    clocks.run_on(case_id=case.pk, stopped_at=case.resolved_at)
    _no_spam(case, actor)
    case.status, case.resolved_at, case.mood_at_closing = status, None, ""
    case.due_at = clocks.soonest(case_id=case.pk)
    return changed(case, "case.reopened", actor, status=str(status))


@transaction.atomic
def reopen(*, case_id: int, actor: Author, version: int | None = None) -> Case:
    """The problem is not solved after all, or no longer waits for the customer. Repeating changes nothing.

    One transaction. Raises NotFound, NotAllowed, ChangedMeanwhile.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    if case.status == Status.OPEN:
        return case
    was_resolved = case.status == Status.RESOLVED
    _no_spam(case, actor)
    case.status, case.resolved_at, case.mood_at_closing, case.snoozed_until = Status.OPEN, None, "", None
    return changed(case, "case.reopened" if was_resolved else "case.status", actor, status="open")


@transaction.atomic
def set_waiting(*, case_id: int, actor: Author, version: int | None = None) -> Case:
    """The case waits for the customer. One transaction; repeating changes nothing.

    Raises NotFound, NotAllowed, ChangedMeanwhile.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    if case.status == Status.WAITING:
        return case
    _no_spam(case, actor)
    case.status, case.resolved_at, case.mood_at_closing = Status.WAITING, None, ""
    return changed(case, "case.status", actor, status="waiting")


@transaction.atomic
def open_case_by_hand(*, message_id: int, author: Author, because: str = "") -> Case:
    """Make a message of the stream a case, held by the one who did it. A message that has a case gives that one.

    With `because` it is opened for that reason, and is nobody's. One transaction. Raises NotFound, NotAllowed.
    """
    agent = acting_agent(author, Right.ANSWER)
    found = messages_visible_to(agent).filter(pk=message_id, direction=Direction.INBOUND)
    message = found.select_related("channel__inbox").first()
    if message is None:
        raise NotFound
    locked = Conversation.objects.select_for_update(of=("self",), no_key=True)
    conversation = locked.select_related("case", "contact", "channel").get(pk=message.conversation_id)
    if conversation.case is not None:
        return conversation.case
    if message.spam:  # whoever opens a case says that it is none
        note_marks([message], spam=False, agent_id=author.agent_id)
    case = _new_case(conversation, message, author, because)
    conversation.case = case
    conversation.save(update_fields=["case"])
    start_waiting(case, conversation)
    return Case.objects.get(pk=case.pk)


def _no_spam(case: Case, actor: Author) -> None:
    """Who opens a case again says that it is no spam."""
    if case.spam:
        note_case(case, spam=False, agent_id=actor.agent_id)


def start_waiting(case: Case, conversation: Conversation) -> None:
    """A conversation of the stream is in a case now: its clock runs from the earliest message without an answer."""
    asked = conversation.messages.filter(direction=Direction.INBOUND, deleted_at=None).select_related("channel")
    if conversation.last_outbound_at:
        asked = asked.filter(sent_at__gt=conversation.last_outbound_at)
    waiting = asked.order_by("sent_at", "id").first()
    if waiting is not None:
        waiting.conversation = conversation
        clocks.start_by_hand(case=case, message=waiting)


def _new_case(conversation: Conversation, message: Message, author: Author, because: str) -> Case:
    """The case, its clocks and its event, in the running transaction."""
    newest = conversation.messages.filter(deleted_at=None).order_by("-sent_at", "-id").first() or message
    case = Case.objects.create(
        key=public_key("case"),
        title=title_of(conversation.subject or message.text),
        contact=conversation.contact,
        inbox_id=conversation.channel.inbox_id,
        assignee_id=None if because else author.agent_id,
        opened_because=because or f"opened by {author.name}",
        opened_at=database_now(),
        mood_at_opening=conversation.contact.mood_level,
        last_message_at=newest.sent_at,
        last_inbound_at=conversation.last_inbound_at or message.sent_at,
        last_text=newest.text[:200],
        last_kind=newest.kind,
    )
    told = {"case": case.key, "message": message.key, "by": "hand"}
    record([NewEvent("case.opened", case.key, author.agent_key, case.inbox_id, data=told)])
    return case


def title_of(text: str) -> str:
    """One line of at most 80 characters, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79].rsplit(" ", 1)[0] + "…"


def changed(case: Case, kind: str, actor: Author | None, **what: Any) -> Case:
    """Write a locked case with a higher version, and its event, in the running transaction."""
    case.version += 1
    case.save(update_fields=CHANGED)
    who = actor.agent_key if actor else "routing"
    record([NewEvent(kind, case.key, who, case.inbox_id, data={"case": case.key, **what})])
    return case
