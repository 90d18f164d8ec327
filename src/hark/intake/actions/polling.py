"""Polled channels: one reader each, whose page and cursor are stored together, and what is known when it fails."""

from collections.abc import Collection, Sequence

from django.db import transaction

from hark.intake.actions.storing import accept
from hark.intake.models import Poller
from hark.intake.types import LeaseLost, NewArrival, Polled
from hark.kernel.actions import record
from hark.kernel.db import execute, fetch_all, notify
from hark.kernel.ids import random_fraction
from hark.kernel.types import NewEvent
from hark.organisation.actions.spending import note_reading
from hark.organisation.models import Channel

WAKE = "hark_polling"
CURSOR = "poll"
LEASE_SECONDS = 15  # renewed every two; what a killed process read is read again by another one after that
ALARM_AFTER = 3  # failures in a row
LONGEST_PAUSE_SECONDS = 300.0
PROBLEM_LENGTH = 500

LEASE = f"clock_timestamp() + interval '{LEASE_SECONDS} seconds'"
# What a reader began with: the channel, the words that its brand listens for, and whether it may listen this month.
VERSION = """concat_ws('.', c.xmin, b.xmin, c.ceiling_reached = to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'))"""
BRAND = "JOIN organisation_inbox i ON i.id = c.inbox_id JOIN organisation_brand b ON b.id = i.brand_id"
# One reader a channel, however many workers ask at the same moment: the row decides.
TAKE = f"""
    INSERT INTO intake_poller AS p (channel_id, fence, lease_until)
    SELECT id, nextval('kernel_fence'), {LEASE} FROM organisation_channel WHERE id = %s AND state <> 'paused'
    ON CONFLICT (channel_id) DO UPDATE SET fence = EXCLUDED.fence, lease_until = EXCLUDED.lease_until
    WHERE coalesce(p.lease_until, '-infinity') < clock_timestamp()
        AND coalesce(p.not_before, '-infinity') <= clock_timestamp()
    RETURNING channel_id, fence, (SELECT {VERSION} FROM organisation_channel c {BRAND} WHERE c.id = channel_id)
"""  # noqa: S608 - constants
# A reader goes on only while all is as it was when it began: other settings, and other words, want another line.
RENEW = f"""
    UPDATE intake_poller p SET lease_until = {LEASE}
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS mine (channel_id, fence, version),
        organisation_channel c {BRAND}
    WHERE p.channel_id = mine.channel_id AND p.fence = mine.fence AND c.id = p.channel_id
        AND {VERSION} = mine.version
    RETURNING p.channel_id
"""  # noqa: S608 - constants
HOLD = f"""
    UPDATE intake_poller SET lease_until = {LEASE}, read_at = clock_timestamp(), failures = 0, failing_since = NULL,
        problem = '', not_before = NULL
    WHERE channel_id = %s AND fence = %s
    RETURNING (SELECT failures FROM intake_poller before WHERE before.channel_id = intake_poller.channel_id)
"""  # noqa: S608 - constants
FAIL = """
    UPDATE intake_poller SET lease_until = NULL, failures = least(failures + 1, 1000), problem = %(problem)s,
        failing_since = coalesce(failing_since, clock_timestamp()),
        not_before = clock_timestamp() + least(%(longest)s, 2 ^ least(failures + 1, 12)) * %(jitter)s * interval '1 s'
    WHERE channel_id = %(channel)s AND fence = %(fence)s RETURNING failures
"""


def take_channel(channel_ids: Collection[int]) -> Polled | None:
    """Become the reader of the first of these channels that nobody reads and whose time has come; None otherwise."""
    for number in channel_ids:
        rows = fetch_all(TAKE, [number])
        if rows:
            return Polled(*rows[0])
    return None


def renew(readers: Collection[Polled]) -> set[int]:
    """Hold on to these channels for another 15 s; gives those that are still ours and as they were."""
    if not readers:
        return set()
    columns = zip(*((one.channel_id, one.fence, one.version) for one in readers), strict=True)
    return {number for (number,) in fetch_all(RENEW, [list(column) for column in columns])}


@transaction.atomic
def store_page(
    reader: Polled, *, arrivals: Sequence[NewArrival], cursor: str, cost: tuple[str, str] | None = None
) -> int:
    """Store a page, what it cost and the place where the next one begins, or nothing; returns how many were new.

    Raises LeaseLost when another process reads the channel by now: it will bring this page, too.
    """
    rows = fetch_all(HOLD, [reader.channel_id, reader.fence])
    if not rows:
        raise LeaseLost
    if rows[0][0] >= ALARM_AFTER:
        _tell(reader, "channel.reading_again")
    note_reading(channel_id=reader.channel_id, cost=cost, posts=len(arrivals))
    return accept(channel_id=reader.channel_id, arrivals=arrivals, cursor=(CURSOR, cursor))


def let_go(reader: Polled, *, rest_seconds: float) -> None:
    """Nothing more is there: let whoever is free read it again after a rest."""
    execute(
        "UPDATE intake_poller SET lease_until = NULL, not_before = clock_timestamp() + %s * interval '1 second' "
        "WHERE channel_id = %s AND fence = %s",
        [rest_seconds, reader.channel_id, reader.fence],
    )
    notify(WAKE)


@transaction.atomic
def reading_failed(reader: Polled, *, problem: str) -> None:
    """Say why, and let it be tried again after 2, 4, 8 … 300 s (±25 %). The third in a row is the event of an alarm.

    `problem` is a sentence for administrators; it holds neither secrets nor what customers wrote.
    """
    values = {
        "problem": problem[:PROBLEM_LENGTH],
        "longest": LONGEST_PAUSE_SECONDS,
        "jitter": 0.75 + random_fraction() / 2,
        "channel": reader.channel_id,
        "fence": reader.fence,
    }
    rows = fetch_all(FAIL, values)
    if rows and rows[0][0] == ALARM_AFTER:
        _tell(reader, "channel.reading_failed")


def forget_pause(*, channel_id: int) -> None:
    """Read the channel at once: an administrator has changed something, or asks."""
    Poller.objects.filter(channel=channel_id).update(not_before=None)
    notify(WAKE)


def _tell(reader: Polled, kind: str) -> None:
    channel = Channel.objects.get(pk=reader.channel_id)
    record([NewEvent(kind, channel.key, inbox_id=channel.inbox_id)])
