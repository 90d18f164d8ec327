"""Due instants."""

from datetime import UTC, datetime, timedelta

import pytest

from hark.clocks.arithmetic import believable_start, due_at
from hark.clocks.types import ClockKind, Targets

NOON = datetime(2026, 10, 1, 12, 0, 45, tzinfo=UTC)


def test_due_keeps_the_seconds() -> None:
    assert due_at(NOON, 900) == datetime(2026, 10, 1, 12, 15, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("posted", "starts"),
    [(timedelta(), timedelta()), (timedelta(minutes=-12), timedelta(minutes=-12)), (timedelta(hours=1), timedelta()),
     (timedelta(days=-31), timedelta())],
    ids=["at once", "fetched late", "in the future", "before the channel was connected"],
)  # fmt: skip
def test_clock_starts_when_it_was_posted_unless_that_cannot_be_true(posted: timedelta, starts: timedelta) -> None:
    assert believable_start(NOON + posted, NOON, NOON - timedelta(days=30)) == NOON + starts


def test_each_kind_of_reply_has_its_own_target() -> None:
    targets = Targets(first_response_seconds=900, next_response_seconds=1800)
    assert targets.of(ClockKind.FIRST_RESPONSE) == 900
    assert targets.of(ClockKind.NEXT_RESPONSE) == 1800
