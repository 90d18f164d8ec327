"""Background work: say what can be done later (`task`, `periodic`), and that it shall be done (`defer`).

A thin interface over the job library, so that it can be exchanged in one place. For scheduled and occasional work,
never one job per message (the journey drains in batches). A task may run twice: a worker may die in its middle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import transaction

from hark.kernel.types import Json

F = TypeVar("F", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Task:
    """A function that a worker can run by its name. `cron` (five fields, or six with seconds last): by itself, too."""

    name: str
    function: Callable[..., None]
    tries: int
    cron: str = ""
    priority: int = 0


TASKS: dict[str, Task] = {}


def task(name: str, *, tries: int = 5) -> Callable[[F], F]:
    """Register a function as `name`. After an error it is tried again after 3, 9, 27, 81 … seconds, `tries` in all."""
    return _registered(name, tries=tries)


def periodic(name: str, cron: str, *, tries: int = 1, priority: int = 0) -> Callable[[F], F]:
    """Register a function without arguments that some worker runs at each `cron` instant (UTC); one at a time."""
    return _registered(name, tries=tries, cron=cron, priority=priority)


def _registered(name: str, *, tries: int, cron: str = "", priority: int = 0) -> Callable[[F], F]:
    def register(function: F) -> F:
        TASKS[name] = Task(name, function, tries, cron, priority)
        return function

    return register


def defer(
    name: str,
    *,
    once: str | None = None,
    in_order: str | None = None,
    not_before: datetime | None = None,
    **arguments: Json,
) -> bool:
    """Have the task `name` run with `arguments` (JSON; ids, never what people wrote) once the transaction commits.

    `once`: not if a job with the same word is waiting already (False then). `in_order`: jobs with the same word run one
    after the other. `not_before`: no sooner.
    """
    from procrastinate.contrib.django import app
    from procrastinate.exceptions import AlreadyEnqueued

    job = app.configure_task(name, queueing_lock=once, lock=in_order, schedule_at=not_before)
    try:
        with transaction.atomic():  # a savepoint: the refusal must not spoil the caller's transaction
            job.defer(**arguments)
    except AlreadyEnqueued:
        return False
    return True
