"""A rest for a channel that fails: opens after five failures within a minute, then one trial every 30 s."""

from datetime import timedelta

from django.db import transaction

from hark.delivery.models import Breaker
from hark.kernel.db import execute
from hark.kernel.time import database_now

FAILURES = 5
WITHIN = timedelta(minutes=1)
TRIAL_SECONDS = 30


@transaction.atomic
def count_failure(channel_id: int) -> None:
    """One more failure. From the fifth within a minute on, every further one opens the breaker anew."""
    now = database_now()
    Breaker.objects.get_or_create(channel_id=channel_id, defaults={"failing_since": now})
    row = Breaker.objects.select_for_update().get(channel_id=channel_id)
    if row.failures < FAILURES and now - row.failing_since > WITHIN:
        row.failures, row.failing_since = 0, now
    row.failures = min(row.failures + 1, FAILURES)
    if row.failures == FAILURES:
        row.open_until = max(row.open_until or now, now + timedelta(seconds=TRIAL_SECONDS))
    row.save(update_fields=["failures", "failing_since", "open_until"])


def hold_back(channel_id: int, seconds: float) -> None:
    """The venue asked for patience: nothing of this channel leaves for `seconds`."""
    execute(
        "INSERT INTO delivery_breaker AS b (channel_id, failures, failing_since, open_until) "
        "VALUES (%(channel)s, 0, clock_timestamp(), clock_timestamp() + make_interval(secs => %(seconds)s)) "
        "ON CONFLICT (channel_id) DO UPDATE SET open_until = greatest(b.open_until, EXCLUDED.open_until)",
        {"channel": channel_id, "seconds": seconds},
    )


def take_trial(channel_id: int) -> bool:
    """May a reply leave now? True without an open breaker, and once every 30 s with one: that reply is the trial."""
    taken = execute(
        "UPDATE delivery_breaker SET open_until = clock_timestamp() + make_interval(secs => %s) "
        "WHERE channel_id = %s AND failures >= %s AND open_until <= clock_timestamp()",
        [TRIAL_SECONDS, channel_id, FAILURES],
    )
    if taken:
        return True
    return not Breaker.objects.filter(channel_id=channel_id, open_until__gt=database_now()).exists()


def close(channel_id: int) -> None:
    """It works again. A pause that the venue asked for is kept."""
    execute(
        "UPDATE delivery_breaker SET failures = 0, open_until = CASE WHEN failures >= %s THEN NULL ELSE open_until END "
        "WHERE channel_id = %s AND failures > 0",
        [FAILURES, channel_id],
    )
