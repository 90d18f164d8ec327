"""What a batch of new messages does to threads, cases and clocks: pure, over rows that `staging` read and locked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hark.clocks.arithmetic import believable_start, due_at, within
from hark.clocks.types import ClockKind, Targets
from hark.conversations.actions.cases import title_of
from hark.conversations.actions.joining import Joins
from hark.conversations.matter import PAUSE
from hark.conversations.types import FROM_OUTSIDE, IncomingMessage, Status

LINE = 200  # characters of the newest message that a list shows


@dataclass(slots=True)
class ClockState:
    """A running response clock; `id` 0 until it is written."""

    conversation_id: int
    kind: str
    segment: int
    target_seconds: int
    started_at: datetime
    due_at: datetime
    id: int = 0
    moved: bool = False


@dataclass(slots=True)
class CaseState:
    """A case as it is stored, and what this batch does to it; `id` 0 until it is written.

    `returned`: its person may have come once more, which is to be counted; `again` is the mark.
    """

    contact_id: int
    inbox_id: int
    status: str
    last_message_at: datetime
    last_text: str
    last_kind: str
    last_inbound_at: datetime | None = None
    key: str = ""
    assignee_id: int | None = None
    snoozed_until: datetime | None = None
    title: str = ""
    opened_because: str = ""
    id: int = 0
    clocks: list[ClockState] = field(default_factory=list)
    segments: dict[tuple[int, str], int] = field(default_factory=dict)
    opened: bool = False
    changed: bool = False
    woken_from: str = ""
    woken: bool = False
    again: int = 0
    returned: bool = False

    @property
    def due_at(self) -> datetime | None:
        """When the soonest promise is due."""
        return min((clock.due_at for clock in self.clocks), default=None)

    @property
    def oldest_clock(self) -> ClockState | None:
        """The clock that has run longest: how long somebody has waited."""
        return min(self.clocks, key=lambda clock: clock.started_at, default=None)


@dataclass(slots=True)
class ThreadState:
    """A conversation as it is stored, locked. `answered_natively_at`: our newest answer in the venue's own app.

    `branch_of` is the conversation in whose thread it lies; `visitor` then the key that a visitor's page follows.
    """

    id: int
    key: str
    contact_id: int
    case_id: int | None
    first_responded_at: datetime | None
    last_inbound_at: datetime | None
    last_outbound_at: datetime | None
    connected_at: datetime
    outside: bool = False
    branch_of: int | None = None
    answered_natively_at: datetime | None = None
    case: CaseState | None = None
    visitor: str = ""
    changed: bool = False


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that was not there before, as it is now stored."""

    id: int
    key: str
    place: int
    incoming: IncomingMessage
    deleted: bool = False


def line_of(text: str, *, outside: bool = False) -> str:
    """What a list shows of the newest message of a case."""
    return (FROM_OUTSIDE + text if outside else text)[:LINE]


def wakes(message: NewMessage, thread: ThreadState) -> bool:
    """Does it ask something of us now? What a robot wrote, or was written long ago or twice, asks nothing."""
    incoming, case = message.incoming, thread.case
    if case is None or incoming.backfilled or incoming.automatic or incoming.copy or message.deleted or incoming.held:
        return False
    if thread.outside:
        return not incoming.pending
    return bool(incoming.case_reason) or incoming.contact_id == case.contact_id


def fold(
    new: Iterable[tuple[NewMessage, ThreadState]], targets: Mapping[int, Targets], joins: Joins[CaseState]
) -> None:
    """Let each thread, and its case if there is or will be one, take in its new messages; changes the states.

    `joins` are the open cases by what their messages say, and gets those that open here. The order within the batch is
    the venue's time, so that the result does not depend on the order of arrival.
    """
    for message, thread in sorted(new, key=lambda pair: (pair[0].incoming.sent_at, pair[0].place)):
        _take_in(message, thread, joins)
        if thread.case is not None:
            _wake_and_promise(message, thread, thread.case, targets)


def _take_in(message: NewMessage, thread: ThreadState, joins: Joins[CaseState]) -> None:
    incoming = message.incoming
    if thread.last_inbound_at is None:  # a thread that we began: it is about whoever answers
        thread.contact_id = incoming.contact_id
    thread.last_inbound_at = max(thread.last_inbound_at or incoming.sent_at, incoming.sent_at)
    thread.changed = True
    if thread.case is None:
        thread.case = _case_for(message, joins)
    case = thread.case
    if case is None or incoming.automatic:
        return
    case.changed = True
    if not thread.outside:
        case.returned = case.returned or incoming.sent_at - case.last_message_at >= PAUSE
        case.last_inbound_at = max(case.last_inbound_at or incoming.sent_at, incoming.sent_at)
        if case.status != Status.RESOLVED:
            joins.add(incoming, case)
    if incoming.sent_at >= case.last_message_at and not message.deleted:
        case.last_message_at, case.last_kind = incoming.sent_at, incoming.kind
        case.last_text = line_of(incoming.text, outside=thread.outside)


def _case_for(message: NewMessage, joins: Joins[CaseState]) -> CaseState | None:
    """The open case in which the same person says the same, else a new one, else none: it stays in the stream."""
    incoming = message.incoming
    if not incoming.case_reason or incoming.backfilled or incoming.automatic or message.deleted:
        return None
    found = joins.find(incoming)
    if found is not None:
        return found
    return CaseState(
        contact_id=incoming.contact_id,
        inbox_id=incoming.inbox_id,
        status=Status.OPEN,
        last_message_at=incoming.sent_at,
        last_text=incoming.text[:LINE],
        last_kind=incoming.kind,
        title=title_of(incoming.subject) or title_of(incoming.text) or "Without words",
        opened_because=incoming.case_reason,
        opened=True,
    )


def _wake_and_promise(
    message: NewMessage, thread: ThreadState, case: CaseState, targets: Mapping[int, Targets]
) -> None:
    """A message that concerns the case wakes it, opens it again and starts a clock, unless it was answered there.

    Who is asked outside was promised nothing: no clock starts.
    """
    incoming = message.incoming
    if not wakes(message, thread):
        return
    if thread.answered_natively_at is not None and incoming.sent_at <= thread.answered_natively_at:
        if thread.first_responded_at is None:
            thread.first_responded_at = thread.answered_natively_at
            _second_question(thread, case, targets)
        if case.opened and not case.clocks:
            case.status = Status.WAITING
        return
    _open(case)
    if case.snoozed_until is not None:
        case.woken, case.snoozed_until = True, None
    if not thread.outside:
        _promise(incoming, thread, case, targets)


def _open(case: CaseState) -> None:
    """It needs us; whoever writes into what was closed has come back."""
    case.returned = case.returned or case.status == Status.RESOLVED
    if case.status != Status.OPEN:
        case.woken_from, case.status = case.woken_from or case.status, Status.OPEN


def _second_question(thread: ThreadState, case: CaseState, targets: Mapping[int, Targets]) -> None:
    """What was taken for the first question of a thread was not: an earlier one, with its answer, has come late."""
    for clock in case.clocks:
        target = targets[case.inbox_id].of(ClockKind.NEXT_RESPONSE)
        if clock.conversation_id == thread.id and target:
            target = within(clock.started_at, target, _cut(clock, targets[case.inbox_id]))
            clock.kind, clock.target_seconds = ClockKind.NEXT_RESPONSE, target
            clock.due_at, clock.moved = due_at(clock.started_at, target), True


def _promise(incoming: IncomingMessage, thread: ThreadState, case: CaseState, targets: Mapping[int, Targets]) -> None:
    """One response clock runs per conversation, from the earliest message that nobody has answered.

    It is due before the venue stops taking answers to any of them. A later message makes no promise longer.
    """
    started = believable_start(incoming.sent_at, incoming.received_at, thread.connected_at)
    running = next((clock for clock in case.clocks if clock.conversation_id == thread.id), None)
    if running is not None:
        _sooner(running, started, incoming.reply_until, targets[case.inbox_id])
        return
    kind = ClockKind.NEXT_RESPONSE if thread.first_responded_at else ClockKind.FIRST_RESPONSE
    target = targets[case.inbox_id].of(kind)
    if target:
        target = within(started, target, incoming.reply_until)
        segment = case.segments.get((thread.id, kind), 0) + 1
        case.segments[thread.id, kind] = segment
        case.clocks.append(ClockState(thread.id, kind, segment, target, started, due_at(started, target)))


def _sooner(clock: ClockState, started: datetime, ends_at: datetime | None, targets: Targets) -> None:
    """A running clock that began earlier than was known, or must be kept sooner; the order of the two is all one."""
    began, promised = min(started, clock.started_at), targets.of(ClockKind(clock.kind)) or clock.target_seconds
    target = within(began, within(began, promised, _cut(clock, targets)), ends_at)
    if (began, target) != (clock.started_at, clock.target_seconds):
        clock.started_at, clock.target_seconds, clock.due_at, clock.moved = began, target, due_at(began, target), True


def _cut(clock: ClockState, targets: Targets) -> datetime | None:
    """When it is due, where a venue's window or a plan has made it shorter than the inbox promises."""
    return clock.due_at if clock.target_seconds < targets.of(ClockKind(clock.kind)) else None
