"""Faults made on purpose at named points, for the drills. Without HARK_TEST_FAULTS nothing happens."""

import os
import signal

from django.conf import settings

from hark.delivery.errors import FaultMade


def reach(point: str) -> None:
    """Do what `HARK_FAULT=<point>:<kill|stop|raise>` says: `after_send:kill` dies between a send and its commit."""
    if not settings.HARK_TEST_FAULTS:
        return
    where, _, what = settings.HARK_FAULT.partition(":")
    if where != point:
        return
    if what == "raise":
        raise FaultMade(point)
    os.kill(os.getpid(), signal.SIGSTOP if what == "stop" else signal.SIGKILL)
