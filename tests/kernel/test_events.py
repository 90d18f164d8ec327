"""The journal is read in commit order and skips nothing."""

import re
import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hark.kernel.actions import move_reader, record
from hark.kernel.db import execute, fetch_all
from hark.kernel.queries import events_after, newest_position, reader_position
from hark.kernel.types import NewEvent, Position

pytestmark = pytest.mark.django_db(transaction=True)


def test_reader_sees_an_event_that_committed_late_with_a_lower_id() -> None:
    start = newest_position()
    first_written, second_done = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            record([NewEvent("test.slow", "x_1")])
            first_written.set()
            second_done.wait(10)
        connection.close()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    first_written.wait(10)
    with transaction.atomic():
        record([NewEvent("test.quick", "x_2")])
    assert events_after(start) == []  # the quick one waits for the slow one, which has the lower id
    second_done.set()
    thread.join()
    assert [event.kind for event in events_after(start)] == ["test.slow", "test.quick"]


def test_concurrent_writers_are_all_read_exactly_once_by_a_follower() -> None:
    start = newest_position()
    writers, each = 6, 40

    def write(number: int) -> None:
        for place in range(each):
            with transaction.atomic():
                record([NewEvent("test.many", f"w{number}_{place}")])
        connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    seen: list[str] = []
    position = start
    while any(thread.is_alive() for thread in threads) or events_after(position, limit=1):
        for event in events_after(position, limit=7):
            seen.append(event.subject)
            position = event.position
    assert sorted(seen) == sorted(f"w{number}_{place}" for number in range(writers) for place in range(each))


def test_journal_cannot_be_changed() -> None:
    record([NewEvent("test.fixed", "x")])
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_event SET kind = 'other'")


def test_reader_place_survives() -> None:
    assert reader_position("nobody") == Position()
    move_reader(name="somebody", position=Position(7, 9))
    move_reader(name="somebody", position=Position(8, 1))
    assert reader_position("somebody") == Position(8, 1)


@pytest.mark.parametrize("text", ["", "7", "7-", "-7", "a-b", "7-8-9", "1" * 30 + "-1", "٣-٤"])
def test_position_that_is_none_is_refused(text: str) -> None:
    assert Position.parse(text) is None


def test_position_reads_what_it_writes() -> None:
    assert Position.parse(str(Position(12, 34))) == Position(12, 34)


def test_journal_is_read_by_its_index_however_long_it_is() -> None:
    with CaptureQueriesContext(connection) as asked:
        events_after(Position(), limit=10)
        newest_position()
    with transaction.atomic():
        execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        plans = ["\n".join(row[0] for row in fetch_all("EXPLAIN " + one["sql"])) for one in asked.captured_queries]
    assert len(plans) == 2
    assert [plan for plan in plans if "_xid_id_idx" not in plan or re.search(r"\bSort\s+\(", plan)] == []
