"""Response clocks of one conversation: started, stopped by an answer, closed with the case. Batches: see `folding`."""

from datetime import datetime

from django.db.models import Max, Min, QuerySet

from hark.clocks.arithmetic import believable_start, due_at, within
from hark.clocks.queries import targets_of
from hark.clocks.types import ClockKind
from hark.conversations.models import Case, Clock, Conversation, Message
from hark.conversations.types import Direction

RESPONSES = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE)


def start_by_hand(*, case: Case, message: Message) -> None:
    """Start the response clock of a message, in the caller's transaction; idempotent. `message.channel` is at hand.

    `message.conversation` is in `case` already. Nothing starts where a clock runs, where the message has been answered,
    or where the inbox has no target. It is due before the venue stops taking answers. Writes `due_at` on the case.
    """
    answered_at = message.conversation.last_outbound_at
    if answered_at is None or answered_at < message.sent_at:
        _start(case, message)


def _start(case: Case, message: Message) -> None:
    conversation = message.conversation
    running = Clock.objects.filter(case=case, conversation=conversation, stopped_at=None, kind__in=RESPONSES)
    if message.backfilled or running.exists():
        return
    kind = ClockKind.NEXT_RESPONSE if conversation.first_responded_at else ClockKind.FIRST_RESPONSE
    target = targets_of([case.inbox_id])[case.inbox_id].of(kind)
    if target:
        earlier = Clock.objects.filter(case=case, conversation=conversation, kind=kind).aggregate(top=Max("segment"))
        started = believable_start(message.sent_at, message.received_at, message.channel.connected_at)
        target = within(started, target, message.reply_until)
        Clock.objects.create(
            case=case,
            conversation=conversation,
            kind=kind,
            segment=(earlier["top"] or 0) + 1,
            target_seconds=target,
            started_at=started,
            due_at=due_at(started, target),
        )
    write_soonest(case_id=case.pk)


def answered(*, conversation: Conversation, at: datetime, still_asked: QuerySet[Message]) -> None:
    """The customer has an answer since `at`: response clocks that began before it stop then. Idempotent.

    `still_asked` are the messages that this answer could not take in: the next clock starts with the earliest of them.
    In the caller's transaction, with the conversation locked. An answer before anybody has asked is no first response.
    """
    if conversation.messages.filter(direction=Direction.INBOUND, sent_at__lte=at).exists():
        conversation.first_responded_at = min(conversation.first_responded_at or at, at)
    conversation.last_outbound_at = max(conversation.last_outbound_at or at, at)
    conversation.save(update_fields=["first_responded_at", "last_outbound_at"])
    _lock(conversation.case_id)
    running = Clock.objects.filter(conversation=conversation, stopped_at=None, kind__in=RESPONSES, started_at__lte=at)
    stopped, case = running.update(stopped_at=at), conversation.case
    if stopped and case is not None:
        waiting = still_asked.select_related("channel", "conversation").order_by("sent_at", "id").first()
        if waiting is not None:
            _start(case, waiting)  # posted before the venue accepted the answer perhaps, but not seen by who wrote it
        write_soonest(case_id=case.pk)


def close(*, case_id: int, at: datetime) -> None:
    """Stop every running clock of a case that is resolved, and take its due time away, in the caller's transaction."""
    Clock.objects.filter(case_id=case_id, stopped_at=None).update(stopped_at=at)
    Case.objects.filter(pk=case_id).exclude(due_at=None).update(due_at=None)


def run_on(*, case_id: int, stopped_at: datetime) -> None:
    """Let the clocks that closing the case has stopped at that instant run on, in the caller's transaction."""
    Clock.objects.filter(case_id=case_id, stopped_at=stopped_at).update(stopped_at=None)


def cancel_unasked(*, conversation: Conversation, at: datetime) -> None:
    """Stop the response clock of a conversation in which nothing unanswered is left: what asked was deleted."""
    _lock(conversation.case_id)
    running = Clock.objects.filter(conversation=conversation, stopped_at=None, kind__in=RESPONSES)
    for clock in running:
        asked = Message.objects.filter(conversation=conversation, direction=Direction.INBOUND, deleted_at=None)
        if not asked.filter(received_at__gte=clock.started_at).exists():
            Clock.objects.filter(pk=clock.pk).update(stopped_at=at)
    if conversation.case_id is not None:
        write_soonest(case_id=conversation.case_id)


def _lock(case_id: int | None) -> None:
    """The case comes before its clocks, as where an agent resolves it: else the two would wait for each other."""
    list(Case.objects.select_for_update(of=("self",), no_key=True).filter(pk=case_id or 0).values_list("pk"))


def soonest(*, case_id: int) -> datetime | None:
    """When the soonest running clock of a case is due."""
    due: datetime | None = Clock.objects.filter(case_id=case_id, stopped_at=None).aggregate(due=Min("due_at"))["due"]
    return due


def write_soonest(*, case_id: int) -> None:
    """Make `due_at` of a case that of its soonest running clock, in the caller's transaction."""
    Case.objects.filter(pk=case_id).update(due_at=soonest(case_id=case_id))
