"""One worker process: the same loops in every one of them, each safe beside its twins."""

import os
import signal
import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from hark.kernel import loops
from hark.kernel.loops import Loop
from hark.site import boot
from hark.site.child import say_ready

if TYPE_CHECKING:
    from hark.intake.pollers import Pollers

STUCK = 3  # exit status when a step did not finish in time; its lease ends by itself


def wired(worker: int, workers: int, pollers: "Pollers") -> Sequence[Loop]:
    """The loops of worker number `worker` of `workers`."""
    from hark.conversations.jobs import follow_journal, follow_repeats
    from hark.delivery.jobs import SENDERS, send_due
    from hark.journey.jobs import drain_step, notice_step, react_step
    from hark.routing.actions import route

    return (
        Loop("journey", partial(drain_step, worker, workers), wake="hark_arrivals", interval_seconds=1),
        Loop("reactions", react_step, wake="hark_live", interval_seconds=1),
        Loop("notices", notice_step, wake="hark_live", interval_seconds=2),
        *(Loop(f"delivery-{n}", send_due, wake="hark_outbox", interval_seconds=1) for n in range(SENDERS)),
        Loop("search", follow_journal, wake="hark_live", interval_seconds=1),
        Loop("same-words", follow_repeats, wake="hark_live", interval_seconds=1),
        Loop("routing", route, wake="hark_routing", interval_seconds=1),
        Loop("polling", pollers.step, wake="hark_polling"),
    )


def work(worker: int, workers: int) -> None:
    """Work until SIGTERM or SIGINT; then let running steps and jobs finish, at most 10 s."""
    from django.utils.module_loading import autodiscover_modules

    from hark.intake.pollers import Pollers
    from hark.kernel.jobs import JobsThread

    boot.wait_for_database(seconds=float("inf"))
    boot.open_the_key()
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    autodiscover_modules("jobs")  # every room's background tasks are known from here on
    pollers = Pollers(stop)
    ours = wired(worker, workers, pollers)
    jobs = JobsThread(name=f"hark-{worker}", stop=stop)
    jobs.start()
    say_ready()
    left = loops.run(ours, stop)
    jobs.join(1.0)  # it has been draining at the same time
    if not pollers.join(3.0) or left or jobs.is_alive():
        os._exit(STUCK)
