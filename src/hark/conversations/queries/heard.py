"""When channels were heard: what the silence alarm learns from and looks at."""

from datetime import datetime

from hark.conversations.silence import HeardHour
from hark.kernel.db import fetch_all


def last_words() -> dict[int, datetime]:
    """When each active channel was last heard, by its id; one that never was is not in it. One query, by index."""
    rows = fetch_all(
        "SELECT c.id, m.received_at FROM organisation_channel c CROSS JOIN LATERAL ("
        "SELECT received_at FROM conversations_message m WHERE m.channel_id = c.id AND m.direction = 'in' "
        "AND NOT m.backfilled ORDER BY m.id DESC LIMIT 1) m WHERE c.state = 'active'"
    )
    return {row[0]: row[1] for row in rows}


def heard_hours(channel_id: int, *, since: datetime) -> list[HeardHour]:
    """The hours since then in which a channel was heard, in order. Reads the channel's messages: for nightly work."""
    rows = fetch_all(
        "SELECT min(received_at), max(received_at), coalesce(max(extract(epoch FROM gap)), 0)::float8 FROM ("
        "SELECT received_at, received_at - lag(received_at) OVER (ORDER BY received_at) AS gap "
        "FROM conversations_message WHERE channel_id = %s AND direction = 'in' AND NOT backfilled "
        "AND received_at >= %s) said GROUP BY date_trunc('hour', received_at, 'UTC') ORDER BY 1",
        [channel_id, since],
    )
    return [HeardHour(*row) for row in rows]
