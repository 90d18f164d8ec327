"""Who wants no more messages at a venue, and who wants them again."""

from collections.abc import Sequence
from datetime import datetime

from hark.kernel.db import execute

# The later of two wishes counts, whichever came here first.
WISHES = """
    UPDATE contacts_identity i
    SET stopped_at = greatest(i.stopped_at, w.stopped_at), started_at = greatest(i.started_at, w.started_at)
    FROM (
        SELECT id, max(at) FILTER (WHERE stops) AS stopped_at, max(at) FILTER (WHERE NOT stops) AS started_at
        FROM unnest(%s::bigint[], %s::timestamptz[], %s::bool[]) AS s (id, at, stops) GROUP BY id) w
    WHERE i.id = w.id
"""


def note_wishes(wishes: Sequence[tuple[int, datetime, bool]]) -> None:
    """Write down (identity, when he said it, whether he wants no more), in the caller's transaction. Idempotent."""
    if wishes:
        execute(WISHES, [list(column) for column in zip(*wishes, strict=True)])
