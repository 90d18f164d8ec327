"""Who is waiting, since when: what routing needs to know of a case."""

from dataclasses import dataclass
from datetime import datetime

from hark.clocks.types import ClockKind
from hark.conversations.models import Case, Clock
from hark.conversations.types import Status


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case as somebody who must be found for it sees it. `waiting_since` is None where no response is owed.

    `is_open`: it is open and not snoozed; `again` is its mark.
    """

    case_id: int
    inbox_id: int
    kind: str
    is_open: bool
    opened_at: datetime
    holder_id: int | None = None
    waiting_since: datetime | None = None
    target_seconds: int = 0
    again: int = 0


def waiting_case(key: str) -> Waiting | None:
    """How the case with this public key waits, or None. Sees everything: for the house, not for agents."""
    case = Case.objects.select_related("inbox").filter(key=key).first()
    if case is None:
        return None
    responses = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE)
    clock = Clock.objects.filter(case=case, stopped_at=None, kind__in=responses).order_by("started_at").first()
    return Waiting(
        case_id=case.pk,
        inbox_id=case.inbox_id,
        kind=case.last_kind,
        is_open=case.status == Status.OPEN and case.snoozed_until is None,
        opened_at=case.opened_at,
        holder_id=case.assignee_id,
        waiting_since=clock.started_at if clock else None,
        target_seconds=clock.target_seconds if clock else case.inbox.next_response_seconds,
        again=case.again,
    )
