"""Time: the only place in Hark that reads a clock. What is compared between machines comes from the database."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """This machine's time, aware, UTC: for display and logs. Leases and clocks use `database_now`."""
    return datetime.now(UTC)


def database_now() -> datetime:
    """The database's `clock_timestamp()`, aware, UTC: for leases, clocks, offers and order. One query."""
    from django.db import connection  # here, so that commands that compute on files need no Django

    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)


def monotonic() -> float:
    """Seconds on a clock that never goes back, for durations inside one process."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Rest this thread."""
    time.sleep(seconds)
