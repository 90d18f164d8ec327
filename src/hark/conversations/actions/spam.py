"""Spam: marked and unmarked by people, held when it came. Nothing is deleted, every mark stays and can be undone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db import transaction

from hark.conversations.actions import clocks
from hark.conversations.actions.cases import changed, open_case_by_hand
from hark.conversations.actions.folding import NewMessage
from hark.conversations.actions.spam_marks import note_case, note_marks
from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.models import Case, Message, SpamMark
from hark.conversations.queries.stream import heard_alike
from hark.conversations.types import Author, IncomingMessage, Status
from hark.kernel.actions import record
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.models import Channel
from hark.organisation.types import Right

MARKED = "message.spam"


@transaction.atomic
def mark_spam(*, message_id: int, author: Author) -> int:
    """A message of the stream, and all there that say the same, are spam; how many.

    One transaction; saying it again adds nothing. Raises NotFound, NotAllowed.
    """
    rows = _of_stream(message_id, author, spam=True)
    note_marks(rows, spam=True, agent_id=author.agent_id)
    record([_event(one, author, spam=True) for one in rows])
    return len(rows)


@transaction.atomic
def mark_no_spam(*, message_id: int, author: Author) -> Case | None:
    """A message of the stream, and all there that say the same, are no spam; the case that it opens now, if any.

    What was held when it came opens the case that it would have opened then, for whoever is free. One transaction;
    saying it again adds nothing. Raises NotFound, NotAllowed.
    """
    rows = _of_stream(message_id, author, spam=False)
    note_marks(rows, spam=False, agent_id=author.agent_id)
    record([_event(one, author, spam=False) for one in rows])
    opened = [_opened(one, author) for one in rows]
    return next((case for one, case in zip(rows, opened, strict=True) if case and one.pk == message_id), None)


@transaction.atomic
def mark_case_spam(*, case_id: int, actor: Author) -> Case:
    """The case is spam: it is resolved, its clocks stop, and what was written in it teaches.

    One transaction; repeating changes nothing. Raises NotFound, NotAllowed, CaseMerged.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id)
    if case.spam:
        return case
    if case.status != Status.RESOLVED:
        case.status, case.resolved_at, case.due_at, case.snoozed_until = Status.RESOLVED, database_now(), None, None
        clocks.close(case_id=case.pk, at=case.resolved_at)
        case.mood_at_closing = case.contact.mood_level
    note_case(case, spam=True, agent_id=actor.agent_id)
    return changed(case, "case.spam", actor, spam=True)


@transaction.atomic
def mark_case_no_spam(*, case_id: int, actor: Author, status: Status = Status.OPEN) -> Case:
    """The case is no spam after all: it stands at `status` again, and its clocks run on.

    One transaction; repeating changes nothing. Raises NotFound, NotAllowed, CaseMerged.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id)
    if not case.spam:
        return case
    note_case(case, spam=False, agent_id=actor.agent_id)
    if status != Status.RESOLVED and case.resolved_at is not None:
        clocks.run_on(case_id=case.pk, stopped_at=case.resolved_at)
        case.status, case.resolved_at, case.mood_at_closing = status, None, ""
        case.due_at = clocks.soonest(case_id=case.pk)
    return changed(case, "case.spam", actor, spam=False, status=str(case.status))


def let_into_cases(messages: Sequence[IncomingMessage], case_ids: Sequence[int | None]) -> list[IncomingMessage]:
    """The messages; what is held, but belongs into a case that is no spam, is let in: nobody would see it there.

    `case_ids` are the cases of their threads. One query where something is, none else.
    """
    pairs = list(zip(messages, case_ids, strict=True))
    asked = {number for one, number in pairs if one.held and number is not None}
    spam = set(Case.objects.filter(pk__in=asked, spam=True).values_list("pk", flat=True)) if asked else set()
    free = asked - spam
    return [
        replace(one, held=None, case_reason=one.held.opens) if one.held and number in free else one
        for one, number in pairs
    ]


def add_held(new: Iterable[NewMessage]) -> None:
    """Mark what was held when it came, in the caller's transaction. No statement where nothing was."""
    held = {one.id: one.incoming for one in new if one.incoming.held}
    if not held:
        return
    brands = dict(
        Channel.objects.filter(pk__in={one.channel_id for one in held.values()}).values_list("pk", "inbox__brand")
    )
    at = database_now()
    SpamMark.objects.bulk_create(
        SpamMark(
            message_id=number,
            identity_id=one.identity_id,
            brand_id=brands[one.channel_id],
            spam=True,
            why=one.held.why,
            p=one.held.p,
            opens=one.held.opens,
            at=at,
        )
        for number, one in held.items()
        if one.held
    )
    Message.objects.filter(pk__in=held).update(spam=True)


def _of_stream(message_id: int, author: Author, *, spam: bool) -> Sequence[Message]:
    """The messages that are meant and not yet marked like that, locked."""
    agent = acting_agent(author, Right.ANSWER)
    meant = {*heard_alike(agent, message_id), message_id}
    rows = Message.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=meant).order_by("pk")
    found = list(rows.select_related("channel__inbox", "conversation", "identity"))
    if not any(one.pk == message_id and one.identity_id and one.conversation.case_id is None for one in found):
        raise NotFound
    return [one for one in found if one.spam != spam and one.identity_id and one.conversation.case_id is None]


def _opened(message: Message, author: Author) -> Case | None:
    """The case that a message would have opened when it came, had it not been held."""
    held = message.spam_marks.filter(agent=None).order_by("-id").first()
    if held is None or not held.opens:
        return None
    return open_case_by_hand(message_id=message.pk, author=author, because=held.opens)


def _event(message: Message, author: Author, *, spam: bool) -> NewEvent:
    data = {"message": message.key, "case": "", "spam": spam}
    return NewEvent(MARKED, message.key, author.agent_key, message.channel.inbox_id, data=data)
