"""Token buckets in the database."""

import threading

import pytest
from django.db import connections

from hark.kernel import limits
from hark.kernel.db import execute, fetch_all
from hark.kernel.errors import TooManyRequests


@pytest.mark.django_db
def test_burst_passes_and_then_says_when_to_come_again() -> None:
    for _ in range(5):
        limits.take("form|1.2.3.4", burst=5, per_minute=6)
    with pytest.raises(TooManyRequests) as caught:
        limits.take("form|1.2.3.4", burst=5, per_minute=6)
    assert caught.value.retry_after_seconds == 10
    limits.take("form|1.2.3.5", burst=5, per_minute=6)


@pytest.mark.django_db
def test_bucket_fills_again_with_time_but_never_above_its_burst() -> None:
    for _ in range(3):
        limits.take("key", burst=3, per_minute=60)
    execute("UPDATE kernel_ratelimit SET refilled_at = refilled_at - interval '2 seconds'")
    limits.take("key", burst=3, per_minute=60)
    limits.take("key", burst=3, per_minute=60)
    with pytest.raises(TooManyRequests):
        limits.take("key", burst=3, per_minute=60)
    execute("UPDATE kernel_ratelimit SET refilled_at = refilled_at - interval '1 day'")
    for _ in range(3):
        limits.take("key", burst=3, per_minute=60)
    with pytest.raises(TooManyRequests):
        limits.take("key", burst=3, per_minute=60)


@pytest.mark.django_db
def test_refusals_do_not_lengthen_the_wait() -> None:
    limits.take("key", burst=1, per_minute=30)
    for _ in range(20):
        with pytest.raises(TooManyRequests) as caught:
            limits.take("key", burst=1, per_minute=30)
    assert caught.value.retry_after_seconds <= 2
    assert fetch_all("SELECT tokens FROM kernel_ratelimit") == [(0.0,)]


@pytest.mark.django_db
def test_clock_that_jumped_back_neither_gives_nor_takes_tokens() -> None:
    limits.take("key", burst=2, per_minute=60)
    execute("UPDATE kernel_ratelimit SET refilled_at = refilled_at + interval '1 hour'")
    limits.take("key", burst=2, per_minute=60)
    with pytest.raises(TooManyRequests):
        limits.take("key", burst=2, per_minute=60)


@pytest.mark.django_db(transaction=True)
def test_exactly_the_burst_passes_when_many_come_at_one_moment() -> None:
    passed, start = [], threading.Barrier(20)

    def come() -> None:
        start.wait()
        try:
            limits.take("storm", burst=7, per_minute=0.1)
        except TooManyRequests:
            pass
        else:
            passed.append(1)
        finally:
            connections.close_all()

    callers = [threading.Thread(target=come) for _ in range(20)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(passed) == 7
