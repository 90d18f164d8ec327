"""Background tasks with real worker processes, killed where it hurts."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from hark.kernel import jobs
from hark.kernel.db import execute, fetch_all
from hark.kernel.tasks import TASKS, defer, task
from hark.kernel.time import database_now, monotonic, sleep

WORKER = """
import sys, threading, time
from pathlib import Path
import django
django.setup()
from hark.kernel import jobs, tasks
jobs.HEARTBEAT_SECONDS, jobs.STALLED_SECONDS = 0.2, 1.0
object.__setattr__(tasks.TASKS["kernel.rescue_stalled_jobs"], "cron", "* * * * * */1")

@tasks.task("tests.slow")
def slow(folder):
    place = Path(folder)
    (place / "begun").open("a").write("x")
    if (place / "hold").exists():
        time.sleep(60)
    (place / "done").open("a").write("x")

stop = threading.Event()
thread = jobs.JobsThread("test", stop)
thread.start()
sys.stdin.read()
stop.set()
thread.join()
"""


@pytest.fixture(autouse=True)
def no_jobs_from_before(request: pytest.FixtureRequest) -> None:
    """Django does not empty the job library's tables between tests."""
    request.getfixturevalue(
        "transactional_db" if "transaction" in str(request.node.get_closest_marker("django_db")) else "db"
    )
    execute("TRUNCATE procrastinate_jobs, procrastinate_periodic_defers, procrastinate_workers CASCADE")


@pytest.fixture
def worker(no_jobs_from_before: None) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts worker processes on the test database."""
    place = connection.get_connection_params()
    url = f"postgresql://hark@localhost:{place.get('port', 5432)}/{place['dbname']}?host={place['host']}"
    environment = {**os.environ, "HARK_DATABASE_URL": url, "HARK_KEYS": settings.HARK_KEYS}
    environment["DJANGO_SETTINGS_MODULE"] = "hark.site.settings"
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stdin=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool], *, seconds: float = 15) -> None:
    """Wait until it holds."""
    begun = monotonic()
    while not condition():
        assert monotonic() - begun < seconds, "it did not happen"
        sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_job_whose_worker_is_killed_in_the_middle_is_done_by_another(
    worker: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    (tmp_path / "hold").touch()
    defer("tests.slow", folder=str(tmp_path))
    first = worker()
    begun = tmp_path / "begun"
    wait_for(lambda: begun.exists() and begun.read_text() == "x")
    first.send_signal(signal.SIGKILL)
    first.wait()
    (tmp_path / "hold").unlink()
    worker()
    wait_for((tmp_path / "done").exists)
    assert (tmp_path / "begun").read_text() == "xx"
    assert (tmp_path / "done").read_text() == "x"
    wait_for(lambda: fetch_all("SELECT 1 FROM procrastinate_jobs WHERE task_name = 'tests.slow'") == [])


@pytest.mark.django_db(transaction=True)
def test_worker_goes_on_after_all_its_connections_were_cut(
    worker: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    worker()
    defer("tests.slow", folder=str(tmp_path))
    wait_for((tmp_path / "done").exists)
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    defer("tests.slow", folder=str(tmp_path))
    wait_for(lambda: (tmp_path / "done").read_text() == "xx")


@pytest.mark.django_db(transaction=True)
def test_job_is_there_only_if_the_transaction_commits() -> None:
    with transaction.atomic():
        defer("tests.never", folder="x")
        transaction.set_rollback(True)
    assert fetch_all("SELECT 1 FROM procrastinate_jobs") == []


@pytest.mark.django_db
def test_job_deferred_once_waits_once_and_the_transaction_stays_whole() -> None:
    assert defer("tests.once", once="inbox 1")
    assert not defer("tests.once", once="inbox 1")
    assert defer("tests.once", once="inbox 2", not_before=database_now() + timedelta(hours=1), in_order="inbox")
    assert fetch_all("SELECT count(*) FROM procrastinate_jobs") == [(2,)]


@pytest.mark.django_db(transaction=True)
def test_failing_job_is_tried_again_and_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    @task("tests.fails", tries=3)
    def fails() -> None:
        raise ValueError("what Ann wrote to us")

    defer("tests.fails")
    stop = threading.Event()
    thread = jobs.JobsThread("test", stop)
    thread.start()
    try:
        wait_for(lambda: fetch_all("SELECT attempts FROM procrastinate_jobs WHERE scheduled_at IS NOT NULL") == [(1,)])
    finally:
        stop.set()
        thread.join(10)
        del TASKS["tests.fails"]
    assert "job tests.fails failed: ValueError" in caplog.text
    assert "Ann" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_job_that_kills_every_worker_is_given_up_at_last() -> None:
    defer("tests.poison")
    execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = %s", [jobs.RESCUES - 1])
    jobs.rescue_stalled_jobs()
    assert fetch_all("SELECT status::text, attempts FROM procrastinate_jobs") == [("todo", jobs.RESCUES)]
    execute("UPDATE procrastinate_jobs SET status = 'doing'")
    jobs.rescue_stalled_jobs()
    assert fetch_all("SELECT status::text FROM procrastinate_jobs") == [("failed",)]


@pytest.mark.django_db
def test_partitions_of_the_journal_are_made_ahead_even_when_one_cannot_be() -> None:
    wanted = "SELECT 'kernel_event_' || to_char(current_date + make_interval(months => %s), 'YYYYMM')"
    execute(f"DROP TABLE IF EXISTS {fetch_all(wanted, [2])[0][0]}")  # whoever migrated before has made it
    execute("INSERT INTO kernel_event (at, kind, subject, actor) VALUES (now() + interval '2 months', 'k', 's', 'a')")
    jobs.make_journal_months()
    jobs.make_journal_months()
    made = {name for (name,) in fetch_all("SELECT relname FROM pg_class WHERE relname LIKE 'kernel_event_2%%'")}
    assert {fetch_all(wanted, [month])[0][0] for month in (0, 1, 3)} <= made
    assert fetch_all(wanted, [2])[0][0] not in made


@pytest.mark.django_db
def test_what_has_run_out_is_cleared_and_the_rest_stays() -> None:
    execute(
        "INSERT INTO django_session SELECT n::text, '', now() + make_interval(hours => n) "
        "FROM generate_series(-1500, 10) n WHERE n <> 0"
    )
    execute(
        "INSERT INTO kernel_cache SELECT n::text, '', now() + make_interval(hours => n) FROM unnest(ARRAY[-1, 1]) n"
    )
    execute(
        "INSERT INTO kernel_ratelimit SELECT n::text, 1, now() - make_interval(hours => n) FROM unnest(ARRAY[1, 30]) n"
    )
    jobs.clear_expired()
    assert fetch_all("SELECT count(*) FROM django_session") == [(10,)]
    assert fetch_all("SELECT cache_key FROM kernel_cache") == [("1",)]
    assert fetch_all("SELECT key FROM kernel_ratelimit") == [("1",)]
