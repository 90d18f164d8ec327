"""Counts of what became of readings: agreement by week, noise by hour. Counted anew as a whole, so twice is as once."""

from datetime import datetime, timedelta

from django.db import transaction

from hark.conversations.models import LeftAside
from hark.kernel.db import execute

FIELDS = ("relevance", "sentiment", "complaint", "urgency", "offensive", "emotion", "intent")  # what the form asks
SETTLED_P = 0.99  # said to us, or by our handle: no judgement of a model
KEPT = timedelta(days=35)  # of the hours
HOURS_BACK = 2  # how far a message's reading can come after its hour began

BASE = r"regexp_replace(r.model_version, '(\+[0-9a-f]+)(\.\d+)?(\+linear)?$', '\1')"
NEWEST = "(SELECT max(n.id) FROM conversations_reading n WHERE n.message_id = r.message_id)"
# Looked at: before an answer of an agent in the same conversation (all that models decided), or judged (that field).
WEEKS = f"""
    INSERT INTO conversations_readingweek (brand_id, week, field, looked_at, changed, bases)
    WITH answered AS (
        SELECT conversation_id, max(sent_at) AS at FROM conversations_message
        WHERE received_at >= %(start)s AND direction = 'out' AND agent_id IS NOT NULL AND NOT automatic
        GROUP BY conversation_id),
    looked AS (
        SELECT m.id AS message_id, f.field FROM answered a
        JOIN conversations_message m ON m.conversation_id = a.conversation_id
        CROSS JOIN unnest(%(fields)s::text[]) AS f (field)
        WHERE m.direction = 'in' AND m.sent_at <= a.at AND m.received_at >= %(start)s AND m.received_at < %(end)s),
    judged AS (
        SELECT k.message_id, k.field, (array_agg(k.old_value ORDER BY k.id))[1] AS old,
               (array_agg(k.new_value ORDER BY k.id DESC))[1] AS new
        FROM conversations_correction k JOIN conversations_message m ON m.id = k.message_id
        WHERE k.field = ANY(%(fields)s) AND m.received_at >= %(start)s AND m.received_at < %(end)s
        GROUP BY k.message_id, k.field),
    facts AS (SELECT message_id, field, j.old, j.new FROM looked FULL JOIN judged j USING (message_id, field))
    SELECT i.brand_id, %(week)s::date, f.field, count(*), count(*) FILTER (WHERE f.new <> f.old),
           to_jsonb(array_agg(DISTINCT {BASE}))
    FROM facts f
    JOIN conversations_reading r ON r.message_id = f.message_id AND r.id = {NEWEST}
    JOIN conversations_message m ON m.id = f.message_id
    JOIN organisation_channel c ON c.id = m.channel_id
    JOIN organisation_inbox i ON i.id = c.inbox_id
    WHERE f.old <> '' OR (f.old IS NULL AND NOT coalesce(r.data -> 'abstain' ? f.field, false)
        AND (f.field <> 'relevance' OR (r.data #>> '{{relevance,p}}')::float8 < %(settled)s))
    GROUP BY i.brand_id, f.field
    ON CONFLICT (brand_id, week, field) DO UPDATE
    SET looked_at = excluded.looked_at, changed = excluded.changed, bases = excluded.bases
"""  # noqa: S608 - nothing in it comes from outside
NOISE = f"""
    INSERT INTO conversations_leftaside (brand_id, hour, why, model_version, number, first, last)
    SELECT i.brand_id, date_trunc('hour', m.received_at, 'UTC'), coalesce((
               SELECT regexp_replace(x ->> 'why', '“[^”]*”', '“…”') FROM jsonb_array_elements(r.data -> 'reasons') x
               WHERE x ->> 'field' = 'relevance' LIMIT 1), ''),
           r.model_version, count(*), min(r.id), max(r.id)
    FROM conversations_message m
    JOIN conversations_reading r ON r.message_id = m.id AND r.relevance = 'irrelevant' AND r.id = {NEWEST}
    JOIN conversations_conversation v ON v.id = m.conversation_id AND v.case_id IS NULL
    JOIN organisation_channel c ON c.id = m.channel_id
    JOIN organisation_inbox i ON i.id = c.inbox_id
    WHERE m.received_at >= %(start)s AND m.received_at < %(end)s AND m.direction = 'in'
    GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - nothing in it comes from outside


def count_weeks(*, at: datetime, weeks: int = 1) -> None:
    """Count the readings of this week, and of so many before it, that agents looked at and changed. One statement each.

    Weeks begin on Monday, UTC. Reads the messages of those weeks.
    """
    monday = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=at.weekday())
    for back in range(weeks + 1):
        start = monday - timedelta(weeks=back)
        execute(
            WEEKS,
            {
                "start": start,
                "end": start + timedelta(weeks=1),
                "week": start.date(),
                "fields": list(FIELDS),
                "settled": SETTLED_P,
            },
        )


@transaction.atomic
def count_left_aside(*, at: datetime, hours: int = HOURS_BACK) -> None:
    """Count by rule and model what was read as noise in this hour and so many before it; old hours are forgotten."""
    end = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    start = end - timedelta(hours=hours + 1)
    LeftAside.objects.filter(hour__gte=start, hour__lt=end).delete()
    LeftAside.objects.filter(hour__lt=at - KEPT).delete()
    execute(NOISE, {"start": start, "end": end})
