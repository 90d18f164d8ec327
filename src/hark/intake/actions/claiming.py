"""Workers take arrivals for a time: leases by the database's clock, fencing numbers, lanes."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from hark.intake.actions.parking import park
from hark.intake.types import LANES, LEASE_SECONDS, TRIES, ClaimedArrival, LeaseLost
from hark.kernel.db import execute, fetch_all
from hark.kernel.ids import random_fraction

STEAL_AFTER_SECONDS = 2
LEFT_BEHIND_SECONDS = 30
FREE = """state = 'received' AND (lease_until IS NULL OR lease_until < clock_timestamp())
    AND (not_before IS NULL OR not_before <= clock_timestamp())"""
HEAD = 200  # how far from the oldest a suspect is looked for

# A suspect was claimed twice without an outcome, or has failed alone. Who failed alone is read alone, so that it takes
# no neighbours with it. Of those whose reader ended most are innocent: they are read in ever smaller groups.
SUSPECT = "(attempts >= 2 OR error <> '')"
GROUPS = {2: 50, 3: 7}  # by claims so far; alone after that
MINE = "lane = ANY(%(lanes)s)"
OTHERS = "lane <> ALL(%(lanes)s) AND received_at < clock_timestamp() - %(age)s * interval '1 second'"
# Materialised: as a subquery a plan may ask it again for every row, and each time it would take others.
TAKE = """
    WITH next AS MATERIALIZED ({chosen} LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    UPDATE intake_arrival taken
    SET lease_until = clock_timestamp() + %(lease)s * interval '1 second', attempts = taken.attempts + 1,
        fence = (SELECT nextval('kernel_fence'))
    FROM next WHERE taken.id = next.id
    RETURNING taken.id, taken.channel_id, taken.dedupe_key, taken.lane, taken.headers, taken.body, taken.received_at,
        taken.attempts, taken.fence
"""
IN_ORDER = f"SELECT id FROM intake_arrival WHERE {FREE} AND NOT {SUSPECT} AND {{whose}} ORDER BY id"  # noqa: S608
OLDEST = f"(SELECT id, attempts, error FROM intake_arrival WHERE {FREE} ORDER BY id LIMIT {HEAD}) head"  # noqa: S608
OLDEST_SUSPECT = f"SELECT id, attempts, error FROM {OLDEST} WHERE {SUSPECT} ORDER BY id LIMIT 1"  # noqa: S608
THIS_ONE = f"SELECT id FROM intake_arrival WHERE {FREE} AND id = %(first)s"  # noqa: S608
ITS_LIKE = f"""SELECT id FROM intake_arrival WHERE {FREE} AND id IN (
    SELECT id FROM {OLDEST} WHERE attempts = %(attempts)s AND error = '') ORDER BY id"""  # noqa: S608


def claim(*, worker: int, workers: int, limit: int) -> list[ClaimedArrival]:
    """Up to `limit` waiting arrivals, oldest first, leased to this worker for 30 s; its own lanes before the others'.

    Others' lanes are helped out with what has waited 2 s when there is room, and now and then even when there is none,
    so that a frozen worker's lanes do not starve. Two workers never hold one arrival. One transaction of its own.
    """
    with transaction.atomic():
        # Only the index of those that wait walks them oldest first; statistics of a quieter hour would sort them all.
        execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
        if random_fraction() < 0.5 and (suspects := _take_suspects()):
            return _without_the_hopeless(suspects)
        whose = {"lanes": [lane for lane in range(LANES) if lane % workers == worker]}
        taken = _take(IN_ORDER.format(whose=MINE), limit=limit, **whose)
        room = limit - len(taken)
        if room:
            taken += _take(IN_ORDER.format(whose=OTHERS), limit=room, age=STEAL_AFTER_SECONDS, **whose)
        elif random_fraction() < 1 / 16:
            taken += _take(IN_ORDER.format(whose=OTHERS), limit=1 + limit // 4, age=LEFT_BEHIND_SECONDS, **whose)
        return taken or _without_the_hopeless(_take_suspects())


def _take_suspects() -> list[ClaimedArrival]:
    """The oldest suspect, with others that went through the same."""
    for first, attempts, error in fetch_all(OLDEST_SUSPECT):
        if error or attempts not in GROUPS:
            return _take(THIS_ONE, limit=1, first=first)
        return _take(ITS_LIKE, limit=GROUPS[attempts], attempts=attempts)
    return []


def _take(chosen: str, *, limit: int, **parameters: object) -> list[ClaimedArrival]:
    values: dict[str, object] = {"lease": LEASE_SECONDS, "limit": limit, **parameters}
    rows = fetch_all(TAKE.format(chosen=chosen), values)
    return sorted((_claimed(row) for row in rows), key=lambda one: one.id)


def _claimed(row: tuple[Any, ...]) -> ClaimedArrival:
    number, channel, key, lane, headers, body, received_at, attempts, fence = row
    return ClaimedArrival(
        id=number,
        channel_id=channel,
        dedupe_key=key,
        lane=lane,
        headers=json.loads(headers),
        body=bytes(body),
        received_at=received_at,
        attempts=attempts,
        fence=fence,
    )


def _without_the_hopeless(suspects: Sequence[ClaimedArrival]) -> list[ClaimedArrival]:
    """Park what has ended its reader each time; nobody lived to say what was wrong with it."""
    for one in suspects:
        if one.attempts > TRIES:
            park(claimed=one, error=f"its reader ended {TRIES} times without a word")
    return [one for one in suspects if one.attempts <= TRIES]


def finish(*, claimed: Sequence[ClaimedArrival], outcomes: Sequence[str]) -> None:
    """Mark `claimed` as read, `outcomes` (one word each) in the same order; in the transaction that did the work.

    Raises LeaseLost when another worker has taken over any of them: roll back, the other one does the work.
    """
    done = execute(
        "UPDATE intake_arrival a SET state = 'done', outcome = new.outcome, done_at = clock_timestamp(), "
        "lease_until = NULL, error = '' "
        "FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS new (id, fence, outcome) "
        "WHERE a.id = new.id AND a.fence = new.fence AND a.state = 'received'",
        [*_keys(claimed), list(outcomes)],
    )
    if done != len(claimed):
        raise LeaseLost(f"{len(claimed) - done} of {len(claimed)}")


def renew(*, claimed: Sequence[ClaimedArrival]) -> None:
    """Hold on to `claimed` for another 30 s from now; call it every 10 s. Raises LeaseLost when it is too late."""
    _touch(claimed, f"lease_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'", strict=True)


def give_back(*, claimed: Sequence[ClaimedArrival]) -> None:
    """Let others have `claimed` at once, as if never taken, when a worker must stop. Those lost are left alone."""
    _touch(claimed, "lease_until = NULL, attempts = attempts - 1", strict=False)


def _touch(claimed: Sequence[ClaimedArrival], change: str, *, strict: bool) -> None:
    done = execute(
        f"UPDATE intake_arrival a SET {change} FROM unnest(%s::bigint[], %s::bigint[]) AS mine (id, fence) "  # noqa: S608
        "WHERE a.id = mine.id AND a.fence = mine.fence AND a.state = 'received'",
        _keys(claimed),
    )
    if strict and done != len(claimed):
        raise LeaseLost(f"{len(claimed) - done} of {len(claimed)}")


def _keys(claimed: Sequence[ClaimedArrival]) -> list[list[int]]:
    return [[one.id for one in claimed], [one.fence for one in claimed]]
