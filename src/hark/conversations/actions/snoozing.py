"""A case rests until a time, or until the customer writes; then it is open again and needs somebody."""

from datetime import datetime, timedelta

from django.db import transaction

from hark.conversations.actions.cases import changed
from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.errors import CannotSnooze
from hark.conversations.models import Case
from hark.conversations.types import Author, Status
from hark.kernel.actions import record
from hark.kernel.db import fetch_all
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.types import Right

LONGEST = timedelta(days=366)
BATCH = 500
WAKE_DUE = f"""
    WITH due AS MATERIALIZED (SELECT id FROM conversations_case WHERE snoozed_until <= clock_timestamp()
        ORDER BY snoozed_until LIMIT {BATCH} FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE conversations_case c SET snoozed_until = NULL, status = 'open', version = c.version + 1
    FROM due WHERE c.id = due.id RETURNING c.key, c.inbox_id
"""  # noqa: S608 - a constant


@transaction.atomic
def snooze(*, case_id: int, until: datetime, actor: Author, version: int | None = None) -> Case:
    """Let a case rest: it leaves the lists and routing until `until`, or until the customer writes. Its clocks go on.

    One transaction; the same time again changes nothing. Raises NotFound, NotAllowed, ChangedMeanwhile, CannotSnooze.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    now = database_now()
    if case.status == Status.RESOLVED or not now < until <= now + LONGEST:
        raise CannotSnooze
    if case.snoozed_until == until:
        return case
    case.snoozed_until = until
    return changed(case, "case.snoozed", actor, until=until.isoformat())


@transaction.atomic
def wake(*, case_id: int, actor: Author, version: int | None = None) -> Case:
    """End the rest of a case by hand; how it stands is not changed. Repeating changes nothing.

    One transaction. Raises NotFound, NotAllowed, ChangedMeanwhile.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    if case.snoozed_until is None:
        return case
    case.snoozed_until = None
    return changed(case, "case.woken", actor, why="hand")


@transaction.atomic
def wake_due() -> int:
    """Wake the cases whose time has come; they are open now, whoever was waited for. Returns how many, at most 500.

    One transaction; any number of workers may do it, cases that are locked wait for the next time.
    """
    woken = fetch_all(WAKE_DUE)
    record([NewEvent("case.woken", key, inbox_id=inbox, data={"case": key, "why": "time"}) for key, inbox in woken])
    return len(woken)
