"""Clocks that are about to break: said once each, while there is still time."""

from datetime import timedelta

from django.db import transaction

from hark.kernel.actions import record
from hark.kernel.db import fetch_all
from hark.kernel.types import NewEvent

LAST_MINUTES = timedelta(minutes=10)
# As routing sees it: over 70 % of the target is used. With long targets only the last ten minutes count.
WARN = """
    UPDATE conversations_clock c SET warned_at = clock_timestamp()
    FROM conversations_case k
    WHERE k.id = c.case_id AND c.id IN (
        SELECT w.id FROM conversations_clock w JOIN conversations_case o ON o.id = w.case_id
        WHERE w.stopped_at IS NULL AND w.warned_at IS NULL AND o.status = 'open'
            AND w.due_at > clock_timestamp() AND w.due_at <= clock_timestamp() + %s
            AND clock_timestamp() >= w.started_at + make_interval(secs => 0.7 * w.target_seconds)
        FOR UPDATE OF w SKIP LOCKED)
    RETURNING k.key, k.inbox_id, c.kind"""


@transaction.atomic
def warn_of_clocks() -> int:
    """Record `clock.at_risk` for each clock that has come into its last part since; returns how many. Idempotent."""
    rows = fetch_all(WARN, [LAST_MINUTES])
    record(
        [NewEvent("clock.at_risk", key, inbox_id=inbox, data={"case": key, "clock": kind}) for key, inbox, kind in rows]
    )
    return len(rows)
