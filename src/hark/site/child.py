"""A child's side of `hark up`: it dies with the supervisor and says when it is ready."""

import os

from hark.kernel.processes import die_with_parent

PARENT, READY, NAME = "HARK_SUPERVISOR_PID", "HARK_READY_FD", "HARK_PROCESS"


def follow_the_supervisor() -> None:
    """Die when the supervisor dies; nothing when this process was started by hand."""
    parent = os.environ.get(PARENT, "")
    if parent.isdigit():
        die_with_parent(int(parent))


def say_ready() -> None:
    """Tell the supervisor, once, that this process does its work now."""
    pipe = os.environ.pop(READY, "")
    if pipe.isdigit():
        os.write(int(pipe), f"{os.environ.get(NAME, '')}\n".encode())
        os.close(int(pipe))
