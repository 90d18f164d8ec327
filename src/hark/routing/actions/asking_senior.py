"""A senior for whom comes again: asked for, taken back, and done without before anybody waits too long."""

from django.db import transaction

from hark.kernel.actions import record
from hark.kernel.db import execute, fetch_all, notify
from hark.kernel.types import NewEvent
from hark.routing.queries import inboxes_with_senior
from hark.routing.types import SENIOR, SENIOR_UNTIL, WAKE

ASK = """
    UPDATE routing_workitem w SET skills = (
        SELECT jsonb_agg(DISTINCT skill) FROM jsonb_array_elements(w.skills || to_jsonb(%(skill)s::text)) AS skill)
    WHERE w.case_id = %(case)s AND w.state = 'queued' AND NOT w.skills ? %(skill)s AND w.inbox_id = ANY(%(inboxes)s)"""
LEAVE = """
    UPDATE routing_workitem w SET skills = w.skills - %(skill)s
    WHERE w.case_id = %(case)s AND w.state = 'queued' AND w.skills ? %(skill)s"""
LATE = """
    SELECT q.id FROM routing_workitem q WHERE q.state = 'queued' AND q.skills ? %(skill)s AND (
        q.arrived_at + make_interval(secs => q.target_seconds * %(share)s) <= clock_timestamp()
        OR NOT EXISTS (
            SELECT FROM routing_agentskill k JOIN routing_skill s ON s.id = k.skill_id AND s.key = %(skill)s
            JOIN organisation_agent a ON a.id = k.agent_id AND a.is_active
            JOIN organisation_agent_teams t ON t.agent_id = a.id
            JOIN organisation_inbox_teams i ON i.team_id = t.team_id AND i.inbox_id = q.inbox_id))"""
GIVE_UP = """
    UPDATE routing_workitem w SET skills = w.skills - %(skill)s
    FROM conversations_case c
    WHERE c.id = w.case_id AND w.id IN (
        SELECT id FROM routing_workitem WHERE id = ANY(%(items)s) AND state = 'queued' AND skills ? %(skill)s
        FOR UPDATE SKIP LOCKED)
    RETURNING c.key, w.inbox_id"""


def ask_for_senior(*, case_id: int, inbox_id: int, wanted: bool) -> None:
    """Let the waiting work of a case ask for a senior, or no more. What somebody has in hand stays. Idempotent."""
    if wanted:
        inboxes = sorted(inboxes_with_senior({inbox_id}))
        execute(ASK, {"skill": SENIOR, "case": case_id, "inboxes": inboxes})
    else:
        execute(LEAVE, {"skill": SENIOR, "case": case_id})
    notify(WAKE)


def do_without_senior() -> int:
    """Let anybody take what has waited for a senior for half its promise, or for one who is not there any more.

    Gives how many; the journal hears of each. One statement where nothing is due; skips locked rows.
    """
    late = [number for (number,) in fetch_all(LATE, {"skill": SENIOR, "share": SENIOR_UNTIL})]
    if not late:
        return 0
    with transaction.atomic():
        given_up = fetch_all(GIVE_UP, {"skill": SENIOR, "items": late})
        record([NewEvent("case.no_senior", key, "routing", inbox, data={"case": key}) for key, inbox in given_up])
    return len(given_up)
