"""Placing work: one live item a case, however many messages ask for it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hark.kernel.db import execute, notify
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.routing.models import Skill
from hark.routing.queries import inboxes_with_senior
from hark.routing.types import POINTS, SENIOR, SENIOR_UNTIL, WAKE, NewWork

# A refresh keeps the earliest arrival, whoever comes last, and of its promise the shortest: a mood may have risen. What
# the item asks for follows the newest message only while nobody has it in hand: points are reserved from the offer on.
PLACE = """
    INSERT INTO routing_workitem AS w (key, case_id, inbox_id, kind, points, skills, state, arrived_at, target_seconds,
        excluded, placed_at)
    SELECT r.key, r.case_id, r.inbox_id, r.kind, r.points, r.skills, 'queued', r.arrived_at, r.target_seconds, '[]',
        clock_timestamp()
    FROM jsonb_to_recordset(%s::jsonb) AS r (key text, case_id bigint, inbox_id bigint, kind text, points smallint,
        skills jsonb, arrived_at timestamptz, target_seconds int)
    ORDER BY r.case_id
    ON CONFLICT (case_id) WHERE state IN ('queued', 'offered', 'accepted') DO UPDATE SET
        placed_at = EXCLUDED.placed_at,
        arrived_at = least(w.arrived_at, EXCLUDED.arrived_at),
        target_seconds = CASE WHEN EXCLUDED.arrived_at < w.arrived_at THEN EXCLUDED.target_seconds
            WHEN EXCLUDED.arrived_at = w.arrived_at THEN least(w.target_seconds, EXCLUDED.target_seconds)
            ELSE w.target_seconds END,
        inbox_id = CASE WHEN w.state = 'queued' THEN EXCLUDED.inbox_id ELSE w.inbox_id END,
        skills = CASE WHEN w.state <> 'queued' OR EXCLUDED.skills = '[]' THEN w.skills
            WHEN EXCLUDED.skills <> '["senior"]' THEN EXCLUDED.skills
            ELSE (SELECT jsonb_agg(DISTINCT skill) FROM jsonb_array_elements(w.skills || EXCLUDED.skills) AS skill) END,
        kind = CASE WHEN w.state = 'queued' AND EXCLUDED.kind = 'chat' THEN 'chat' ELSE w.kind END,
        points = CASE WHEN w.state = 'queued' AND EXCLUDED.kind = 'chat' THEN EXCLUDED.points ELSE w.points END"""


def place(works: Sequence[NewWork]) -> int:
    """Create or refresh the work items of these cases and wake the router. Returns how many cases were placed.

    In the caller's transaction, two statements and one NOTIFY however many. Idempotent: one live item a case, its
    arrival never later than before. A skill that nobody has defined is not asked for, so that nothing waits for it.
    A holder who is here with points free gets the case back in the router's next pass, which follows the commit: no
    load row is locked for as long as the caller's transaction lasts. A senior is asked for only where there is one.
    """
    if not works:
        return 0
    known = set(
        Skill.objects.filter(key__in={skill for work in works for skill in work.skills}).values_list("key", flat=True)
    )
    senior = _for_senior(works)
    rows = [_row(work, known, senior=work.case_id in senior) for work in folded(works)]
    execute(PLACE, [json.dumps(rows)])
    notify(WAKE)
    return len(rows)


def folded(works: Iterable[NewWork]) -> list[NewWork]:
    """One piece of work a case: the earliest arrival with its target, the newest skills, a chat if one is live."""
    cases: dict[int, NewWork] = {}
    for work in works:
        first = cases.get(work.case_id, work)
        earlier = min(first, work, key=lambda one: one.arrived_at)
        cases[work.case_id] = replace(
            earlier,
            inbox_id=work.inbox_id,
            kind="chat" if "chat" in (first.kind, work.kind) else work.kind,
            skills=work.skills or first.skills,
            senior=first.senior or work.senior,
        )
    return list(cases.values())


def _for_senior(works: Iterable[NewWork]) -> set[int]:
    """The cases that ask for a senior where there is one, while time is left of their promise. No query for none."""
    asking = [work for work in works if work.senior]
    if not asking:
        return set()
    inboxes, at = inboxes_with_senior({work.inbox_id for work in asking}), database_now()
    return {
        work.case_id
        for work in asking
        if work.inbox_id in inboxes and (at - work.arrived_at).total_seconds() < SENIOR_UNTIL * work.target_seconds
    }


def _row(work: NewWork, known: set[str], *, senior: bool) -> dict[str, object]:
    """A work item as the INSERT reads it. Skills are sorted, so that equal demands are one shape."""
    asked = known & set(work.skills)
    return {
        "key": public_key("work"),
        "case_id": work.case_id,
        "inbox_id": work.inbox_id,
        "kind": work.kind,
        "points": POINTS[work.kind],
        "skills": sorted({*asked, SENIOR} if senior else asked),
        "arrived_at": work.arrived_at.isoformat(),
        "target_seconds": work.target_seconds,
    }
