"""What reading and sending cost, kept where it happened, and the ceiling at which a channel stops listening."""

import logging

from django.db import transaction

from hark.kernel.actions import record
from hark.kernel.db import execute, fetch_all
from hark.kernel.errors import HarkError
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.actions.channels import locked_channel
from hark.organisation.listening import month_of
from hark.organisation.queries import most_spent
from hark.organisation.spending import MICROS, spent

MOST_CEILING = 1_000_000
logger = logging.getLogger(__name__)

ADD = """
    INSERT INTO organisation_channelcost AS c (channel_id, day, currency, reading_micros, sending_micros, reads)
    VALUES (%(channel)s, (now() AT TIME ZONE 'UTC')::date, %(currency)s, %(reading)s, %(sending)s, %(reads)s)
    ON CONFLICT (channel_id, day, currency) DO UPDATE SET reading_micros = c.reading_micros + EXCLUDED.reading_micros,
        sending_micros = c.sending_micros + EXCLUDED.sending_micros, reads = c.reads + EXCLUDED.reads
"""
REACHED = """
    UPDATE organisation_channel c SET ceiling_reached = to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')
    WHERE id = %s AND ceiling_micros IS NOT NULL
        AND ceiling_reached <> to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')
        AND ceiling_micros <= (SELECT max(total) FROM (
            SELECT sum(reading_micros + sending_micros) AS total FROM organisation_channelcost
            WHERE channel_id = c.id AND day >= date_trunc('month', now() AT TIME ZONE 'UTC') GROUP BY currency) s)
    RETURNING key, inbox_id
"""


class CeilingTooHigh(HarkError):
    """A ceiling is between 0 and 1,000,000 a month."""


def note_reading(*, channel_id: int, cost: tuple[str, str] | None, posts: int) -> None:
    """What a page of so many posts cost to read, in the running transaction: that in which the page is stored."""
    _note(channel_id, cost, sending=False, posts=posts)


def note_sending(*, channel_id: int, cost: tuple[str, str] | None) -> None:
    """What an attempt cost that the venue took, in the running transaction: that in which its receipt is kept."""
    _note(channel_id, cost, sending=True)


@transaction.atomic
def set_ceiling(*, channel_id: int, whole: int | None, actor: str) -> None:
    """What the channel may cost in a month, in whole units of what its venue charges in; None: no ceiling.

    Whether it is reached this month is found anew. One transaction, the row is locked. Raises NotFound, CeilingTooHigh.
    """
    if whole is not None and not 0 <= whole <= MOST_CEILING:
        raise CeilingTooHigh
    channel, at = locked_channel(channel_id), database_now()
    before = channel.ceiling_micros
    channel.ceiling_micros = None if whole is None else whole * MICROS
    over = channel.ceiling_micros is not None and most_spent(channel.pk, at=at) >= channel.ceiling_micros
    channel.ceiling_reached = month_of(at) if over else ""
    channel.save(update_fields=["ceiling_micros", "ceiling_reached"])
    told = {"fields": ["ceiling"]}
    record([NewEvent("channel.changed", channel.key, actor=actor, inbox_id=channel.inbox_id, data=told)])
    audit("channel.ceiling_changed", channel.key, actor=actor, before=before, after=channel.ceiling_micros)


def _note(channel_id: int, cost: tuple[str, str] | None, *, sending: bool, posts: int = 0) -> None:
    paid = spent(cost)
    if paid is None:
        if cost is not None and not _is_nothing(cost):
            logger.error("channel %s: its venue named a price that is none", channel_id)
        return
    values = {
        "channel": channel_id,
        "currency": paid.currency,
        "reading": 0 if sending else paid.micros,
        "sending": paid.micros if sending else 0,
        "reads": posts,
    }
    execute(ADD, values)
    for key, inbox_id in fetch_all(REACHED, [channel_id]):
        record([NewEvent("channel.ceiling_reached", key, inbox_id=inbox_id)])


def _is_nothing(cost: tuple[str, str]) -> bool:
    """A page that cost nothing is no mistake."""
    return str(cost[0]).strip(" 0.+-") == ""
