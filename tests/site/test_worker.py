"""What a worker process knows."""

import threading

from django.utils.module_loading import autodiscover_modules

from hark.intake.pollers import Pollers
from hark.kernel.loops import LONGEST_POLL_SECONDS
from hark.kernel.tasks import TASKS
from hark.site.worker import wired


def test_every_loop_has_a_name_of_its_own_a_bell_and_a_short_interval() -> None:
    loops = wired(0, 2, Pollers(threading.Event()))
    assert len({loop.name for loop in loops}) == len(loops)
    assert {"journey", "reactions", "routing", "polling"} <= {loop.name for loop in loops}
    assert all(loop.wake.startswith("hark_") for loop in loops)
    assert all(loop.interval_seconds <= LONGEST_POLL_SECONDS for loop in loops)


def test_tasks_of_all_rooms_are_known() -> None:
    autodiscover_modules("jobs")
    assert {
        "kernel.rescue_stalled_jobs",
        "kernel.make_journal_months",
        "kernel.clear_expired",
        "routing.recount",
    } <= set(TASKS)
