"""The worker that runs background tasks, and the ground's own: rescue of stalled jobs, partitions ahead, clearing."""

import asyncio
import logging
import threading
from collections.abc import Callable

import psycopg
from asgiref.sync import async_to_sync
from django.db import IntegrityError, connections, transaction
from procrastinate import App, RetryStrategy
from procrastinate.contrib.django import app as django_app
from procrastinate.contrib.django.db_cleanup import DjangoApp
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.psycopg_connector import PsycopgConnector

from hark.kernel.db import execute, fetch_all
from hark.kernel.errors import HarkError
from hark.kernel.loops import Backoff, describe, listening_parameters, place_of
from hark.kernel.tasks import TASKS, Task, periodic

logger = logging.getLogger(__name__)
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # `JobsThread` says once that the database is away

CONCURRENCY = 3
HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 15.0  # with a rescue every 10 s, a job of a killed worker runs again within 25 s
RESCUES = 5  # a job that takes its worker down with it each time is given up
DRAIN_SECONDS = 8.0
RESCUE_LOCK = 7_368_116
MONTHS_AHEAD = 3
BATCH = 1_000


class JobFailed(HarkError):
    """A background job failed."""


def worker_app() -> App:
    """The job library's application with every registered task, on connections of its own."""
    connector = PsycopgConnector(kwargs=listening_parameters(), min_size=1, max_size=CONCURRENCY + 2)
    app = DjangoApp(connector=connector)
    for each in TASKS.values():
        strategy = RetryStrategy(max_attempts=each.tries - 1, exponential_wait=3) if each.tries > 1 else False
        declared = app.task(name=each.name, retry=strategy, priority=each.priority)(_guarded(each))
        if each.cron:
            app.periodic(cron=each.cron, queueing_lock=each.name)(declared)
    return app


def _guarded(task: Task) -> Callable[..., None]:
    """The function, whose error is told by type and place only: the library logs messages, and they may quote a row."""

    def run(*, timestamp: int = 0, **arguments: object) -> None:
        try:
            task.function(**arguments)
        except Exception as problem:  # noqa: BLE001 - nothing is swallowed: the library retries or fails the job
            logger.warning("job %s failed: %s at %s", task.name, describe(problem), place_of(problem))
            raise JobFailed(f"{task.name}: {describe(problem)}") from None
        finally:
            connections.close_all()  # the library's threads come and go

    return run


class JobsThread(threading.Thread):
    """Runs background tasks until `stop` is set; then lets running ones finish, at most 8 s."""

    def __init__(self, name: str, stop: threading.Event) -> None:
        """`name` shows in the job library's tables."""
        super().__init__(name="jobs", daemon=True)
        self.worker_name, self.stop_event = name, stop

    def run(self) -> None:
        """Work; after a lost database begin anew, with growing pauses."""
        backoff = Backoff(first=0.2, longest=2.0)
        while not self.stop_event.is_set():
            try:
                asyncio.run(self._work())
            except (ConnectorException, psycopg.Error, TimeoutError) as problem:
                if not backoff.failures:
                    logger.warning("jobs stopped: %s; trying again", describe(problem))
            else:
                backoff.reset()
            self.stop_event.wait(backoff.next_pause())

    async def _work(self) -> None:
        app = worker_app()
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    name=self.worker_name,
                    concurrency=CONCURRENCY,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=2.0,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_SECONDS,
                    shutdown_graceful_timeout=DRAIN_SECONDS,
                    delete_jobs=DeleteJobCondition.SUCCESSFUL,
                )
            )
            while not self.stop_event.is_set() and not worker.done():
                await asyncio.sleep(0.1)
            worker.cancel()
            await asyncio.wait([worker], timeout=DRAIN_SECONDS + 2)
            if worker.done() and not worker.cancelled() and (problem := worker.exception()):
                raise problem


@periodic("kernel.rescue_stalled_jobs", "* * * * * */10", priority=100)
def rescue_stalled_jobs() -> None:
    """Have jobs run again whose worker has given no sign of life for 15 s; give up one that has fallen five times."""
    with transaction.atomic():
        if not fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [RESCUE_LOCK])[0][0]:
            return
        manager = django_app.job_manager
        for job in async_to_sync(manager.get_stalled_jobs)(seconds_since_heartbeat=STALLED_SECONDS):
            if job.attempts >= RESCUES:
                logger.error("job %s of %s given up: its worker died %s times", job.id, job.task_name, RESCUES)
                async_to_sync(manager.finish_job)(job, Status.FAILED, delete_job=False)
            else:
                logger.warning("job %s of %s runs again: its worker died", job.id, job.task_name)
                async_to_sync(manager.retry_job)(job)


@periodic("kernel.make_journal_months", "10 3 * * *", tries=3)
def make_journal_months() -> None:
    """Make the journal's partitions for this month and the next three. Doing it again changes nothing."""
    for month in range(MONTHS_AHEAD + 1):
        try:
            with transaction.atomic():
                execute("SELECT kernel_event_month((current_date + make_interval(months => %s))::date)", [month])
        except IntegrityError:  # events of that month are in the rest already, where they are found as well
            logger.warning("the journal's month %s ahead stays in the rest partition", month)


@periodic("kernel.clear_expired", "40 * * * *", tries=3)
def clear_expired() -> None:
    """Delete what has run out: sessions, cache entries, full rate-limit buckets, failed jobs of a month ago."""
    _delete("django_session", "expire_date < clock_timestamp()")
    _delete("kernel_cache", "expires < clock_timestamp()")
    _delete("kernel_ratelimit", "refilled_at < clock_timestamp() - interval '1 day'")
    async_to_sync(django_app.job_manager.delete_old_jobs)(
        nb_hours=30 * 24, include_failed=True, include_cancelled=True, include_aborted=True
    )


def _delete(table: str, condition: str) -> None:
    """In batches, each its own transaction, so that nobody waits long for a lock."""
    statement = f"DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} WHERE {condition} LIMIT {BATCH})"  # noqa: S608
    while execute(statement) == BATCH:
        pass
