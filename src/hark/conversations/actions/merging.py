"""Two cases that are one problem, and one case that is two. What goes over is written down, so that it can go back."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from hark.conversations.actions.again import count_again
from hark.conversations.actions.branches import branch_off
from hark.conversations.actions.cases import changed, title_of
from hark.conversations.actions.drawing import changed_by_move, draw
from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.errors import CannotMerge, CannotSplit
from hark.conversations.models import Again, Case, CaseMerge, CaseTag, Clock, Conversation, Follow, Message
from hark.conversations.queries.access import cases_visible_to, conversations_visible_to
from hark.conversations.types import Author, Direction, Status
from hark.kernel.actions import record
from hark.kernel.errors import NotFound
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent
from hark.organisation.types import Right

STOOD = ("status", "resolved_at", "mood_at_closing", "snoozed_until")


@transaction.atomic
def merge(*, survivor_id: int, absorbed_id: int, actor: Author) -> CaseMerge:
    """Put a case into another: its conversations, running clocks, tags and followers go over; it leads there.

    Notes and history stay with the absorbed case and are shown on the survivor's timeline, which is open if either was.
    One transaction; both cases pass the gate and are locked in the order of ids. Raises NotFound, NotAllowed,
    CaseMerged, CannotMerge (a case with itself, or of two inboxes).
    """
    agent = acting_agent(actor, Right.ANSWER)
    survivor, absorbed = _both(agent, survivor_id, absorbed_id)
    opens = absorbed.status == Status.OPEN and survivor.status != Status.OPEN
    moved = {
        "stood": _stood(absorbed),
        "survivor_stood": _stood(survivor) if opens else None,
        "conversations": _move_conversations(absorbed, survivor),
        "clocks": _move_clocks(absorbed, survivor),
        "tags": _lend_tags(absorbed, survivor),
        "followers": _lend_followers(absorbed, survivor),
    }
    row = CaseMerge.objects.create(
        key=public_key("merge"), survivor=survivor, absorbed=absorbed, agent=agent, at=database_now(), moved=moved
    )
    _close(absorbed, survivor, row.at, actor)
    if opens:
        survivor.status, survivor.resolved_at, survivor.mood_at_closing = Status.OPEN, None, ""
    changed_by_move(survivor, "case.merged", actor, other=absorbed.key, merge=row.key)
    count_again([survivor.pk])
    audit("case.merged", survivor.key, actor=actor.agent_key, other=absorbed.key)
    return row


@transaction.atomic
def unmerge(*, merge_key: str, actor: Author) -> CaseMerge:
    """Take a merge back: exactly what went over returns, and both cases stand as they stood.

    What came after the merge stays where it belongs: with its conversation; a case that was written to since is open.
    One transaction; both cases pass the gate. Repeating changes nothing. Raises NotFound, NotAllowed, CaseMerged.
    """
    agent = acting_agent(actor, Right.ANSWER)
    row = CaseMerge.objects.filter(key=merge_key).first()
    if row is None or not cases_visible_to(agent).filter(pk=row.absorbed_id).exists():
        raise NotFound
    _lock_conversations(row.survivor_id)
    survivor = locked_case(agent, row.survivor_id)
    row = CaseMerge.objects.select_for_update().get(pk=row.pk)
    if row.undone_at is not None:
        return row
    locked = Case.objects.select_for_update(of=("self",), no_key=True).select_related("contact", "inbox")
    absorbed = locked.get(pk=row.absorbed_id)
    _undo(row, survivor, absorbed, actor)
    count_again([survivor.pk, absorbed.pk])
    row.undone_at = database_now()
    row.save(update_fields=["undone_at"])
    audit("case.unmerged", survivor.key, actor=actor.agent_key, other=absorbed.key)
    return row


@transaction.atomic
def split(*, conversation_id: int, actor: Author, from_message_id: int | None = None) -> Case:
    """Begin a new case with a conversation of a case, where a second problem begins; the actor holds it.

    Where `from_message_id` says where it begins, both cases stay in the thread: what was said from there on is the new
    case's, under that message's words as its title, and each case is answered there. Otherwise, or where nothing was
    asked before, the conversation goes over as it is, with its running clock. Both timelines show all. One transaction.
    Raises NotFound, NotAllowed, CaseMerged, CannotSplit (the only conversation, and no message named).
    """
    agent = acting_agent(actor, Right.ANSWER)
    visible = conversations_visible_to(agent).filter(pk=conversation_id, case__isnull=False, outside=False)
    conversation = visible.select_for_update(of=("self",), no_key=True).select_related("contact").first()
    if conversation is None:
        raise NotFound
    origin = locked_case(agent, conversation.case_id or 0)
    begins = conversation.messages.filter(pk=from_message_id).first() if from_message_id else None
    others = origin.conversations.filter(outside=False).exclude(pk=conversation.pk)
    if begins is None and (from_message_id or not others.exists()):
        raise CannotSplit
    case = _new_case(origin, conversation, begins, actor)
    if begins is not None and _was_asked_before(conversation, begins):
        Again.objects.create(case=case, begins_at=begins.sent_at)
        branch_off(conversation, begins, case)
    else:
        Conversation.objects.filter(pk=conversation.pk).update(case=case)
        _move_clocks(origin, case)
    count_again([origin.pk])
    changed_by_move(origin, "case.split", actor, other=case.key)
    told = {"case": case.key, "by": "split", "other": origin.key}
    record([NewEvent("case.opened", case.key, actor.agent_key, case.inbox_id, data=told)])
    draw(case)
    return Case.objects.get(pk=case.pk)


def _was_asked_before(conversation: Conversation, begins: Message) -> bool:
    """Has the customer written something before this that stays with the case?"""
    asked = conversation.messages.filter(direction=Direction.INBOUND, deleted_at=None)
    return asked.filter(Q(sent_at__lt=begins.sent_at) | Q(sent_at=begins.sent_at, pk__lt=begins.pk)).exists()


def _new_case(origin: Case, conversation: Conversation, begins: Message | None, actor: Author) -> Case:
    named_by = begins.text if begins else conversation.subject
    return Case.objects.create(
        key=public_key("case"),
        title=title_of(named_by) or origin.title,
        contact=conversation.contact,
        inbox=origin.inbox,
        team=origin.team,
        assignee_id=actor.agent_id,
        opened_because=f"split from another case by {actor.name}",
        opened_at=database_now(),
        mood_at_opening=conversation.contact.mood_level,
        last_message_at=origin.last_message_at,
        last_kind=origin.last_kind,
    )


def _both(agent: Agent, survivor_id: int, absorbed_id: int) -> tuple[Case, Case]:
    """Both cases, through the gate; their conversations are locked first, then they, in the order of their ids."""
    if cases_visible_to(agent).filter(pk__in=[survivor_id, absorbed_id]).count() != len({survivor_id, absorbed_id}):
        raise NotFound
    _lock_conversations(survivor_id, absorbed_id)
    locked = {case_id: locked_case(agent, case_id) for case_id in sorted({survivor_id, absorbed_id})}
    survivor, absorbed = locked[survivor_id], locked[absorbed_id]
    if survivor.pk == absorbed.pk or survivor.inbox_id != absorbed.inbox_id:
        raise CannotMerge("they must be two cases of one inbox")
    return survivor, absorbed


def _lock_conversations(*case_ids: int) -> None:
    """Before the cases, as whoever threads a message does."""
    list(Conversation.objects.select_for_update(no_key=True).filter(case__in=case_ids).order_by("pk").values_list("pk"))


def _stood(case: Case) -> dict[str, Any]:
    """How a case stands, as JSON."""
    values = {name: getattr(case, name) for name in STOOD}
    return {name: one.isoformat() if isinstance(one, datetime) else one for name, one in values.items()}


def _stand_again(case: Case, stood: dict[str, Any]) -> None:
    for name, value in stood.items():
        is_instant = value is not None and name in {"resolved_at", "snoozed_until"}
        setattr(case, name, datetime.fromisoformat(value) if is_instant else value)


def _move_conversations(origin: Case, to: Case, ids: list[int] | None = None) -> list[int]:
    """Hang conversations of one case into another, all of them or those of `ids` that are there; gives those."""
    rows = Conversation.objects.filter(case=origin)
    going = list((rows if ids is None else rows.filter(pk__in=ids)).order_by("pk").values_list("pk", flat=True))
    Conversation.objects.filter(pk__in=going).update(case=to)
    return going


def _move_clocks(origin: Case, to: Case) -> list[list[int]]:
    """Running clocks of conversations that are in `to` now go there, as [clock, segment before].

    They are moved, not ended and begun: one promise is never counted twice.
    """
    gone = []
    for clock in Clock.objects.filter(case=origin, stopped_at=None, conversation__case=to).order_by("pk"):
        gone.append([clock.pk, clock.segment])
        _hang(clock, to)
    return gone


def _hang(clock: Clock, to: Case) -> None:
    """Hang a clock into a case, with the next segment that is free there."""
    alike = Clock.objects.filter(case=to, conversation=clock.conversation, kind=clock.kind)
    top = alike.aggregate(top=Max("segment"))["top"] or 0
    clock.case, clock.segment = to, max(clock.segment, top + 1)
    clock.save(update_fields=["case", "segment"])


def _lend_tags(origin: Case, to: Case) -> list[int]:
    """The survivor carries the absorbed case's tags too; gives those that it did not carry before."""
    there = CaseTag.objects.filter(case=to).values("tag")
    new = list(CaseTag.objects.filter(case=origin).exclude(tag__in=there).values_list("tag", flat=True))
    CaseTag.objects.bulk_create([CaseTag(case=to, tag_id=tag) for tag in new])
    return new


def _lend_followers(origin: Case, to: Case) -> list[int]:
    """Whoever follows the absorbed case hears of the survivor too; gives those who did not before."""
    there = Follow.objects.filter(case=to).values("agent")
    new = list(Follow.objects.filter(case=origin).exclude(agent__in=there).values_list("agent", flat=True))
    Follow.objects.bulk_create([Follow(case=to, agent_id=agent, since=database_now()) for agent in new])
    return new


def _close(absorbed: Case, survivor: Case, at: datetime, actor: Author) -> None:
    if absorbed.status != Status.RESOLVED:
        absorbed.resolved_at, absorbed.mood_at_closing = at, absorbed.contact.mood_level
    absorbed.status, absorbed.due_at, absorbed.snoozed_until = Status.RESOLVED, None, None
    absorbed.merged_into = survivor
    changed(absorbed, "case.merged_away", actor, into=survivor.key)


def _undo(row: CaseMerge, survivor: Case, absorbed: Case, actor: Author) -> None:
    moved = row.moved
    back = _move_conversations(survivor, absorbed, moved["conversations"])
    for clock_id, segment in moved["clocks"]:
        Clock.objects.filter(pk=clock_id, case=survivor, conversation__in=back).update(case=absorbed, segment=segment)
    _move_clocks(survivor, absorbed)
    CaseTag.objects.filter(case=survivor, tag__in=moved["tags"]).delete()
    Follow.objects.filter(case=survivor, agent__in=moved.get("followers", ())).delete()
    _stand_again(absorbed, moved["stood"])
    if _was_written_to(absorbed, row.at):
        absorbed.status, absorbed.resolved_at, absorbed.snoozed_until = Status.OPEN, None, None
    stood = moved["survivor_stood"]
    if stood and survivor.status == Status.OPEN and not _was_written_to(survivor, row.at):
        _stand_again(survivor, stood)
    absorbed.merged_into = None
    changed_by_move(absorbed, "case.unmerged", actor, other=survivor.key, merge=row.key)
    changed_by_move(survivor, "case.unmerged", actor, other=absorbed.key, merge=row.key)


def _was_written_to(case: Case, since: datetime) -> bool:
    inbound = Message.objects.filter(conversation__case=case, direction=Direction.INBOUND, received_at__gt=since)
    return inbound.exists()
