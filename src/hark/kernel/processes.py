"""Child processes that end with their parent, and who lives in a folder.

On Linux the kernel sends a child a signal when its parent dies, even by kill -9; elsewhere the next start cleans up.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from hark.kernel.time import monotonic, sleep

LINUX = sys.platform.startswith("linux")
PR_SET_PDEATHSIG = 1

# Runs alone (`python -I -S -c`), because the unprivileged user may not be able to read our own packages, and because
# changing the user clears the wish to die with the parent: the order of these steps matters.
LAUNCH = """
import ctypes, os, sys
sign, parent, user, group, *command = sys.argv[1:]
if user:
    os.setgroups([int(group)]); os.setgid(int(group)); os.setuid(int(user)); os.chdir("/")
os.umask(0o077)
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(1, int(sign), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)
os.execv(command[0], command)
"""


def launch(command: Sequence[str], *, user: str, death_sign: signal.Signals, log: int) -> "subprocess.Popen[bytes]":
    """Run a foreign program as `user` (empty: as we are), in a session of its own; `death_sign` when we die."""
    ids = ["", ""]
    if user:
        import pwd

        entry = pwd.getpwnam(user)
        ids = [str(entry.pw_uid), str(entry.pw_gid)]
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCH, str(int(death_sign)), str(os.getpid()), *ids, *command]
    return subprocess.Popen(launcher, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def die_with_parent(parent: int) -> None:
    """End this process, as by kill -9, as soon as `parent` is gone; at once when it is gone already."""
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        sleep(0.5)
    os._exit(1)


def living_in(folder: Path) -> list[int]:
    """Processes whose working directory is `folder`, as all of PostgreSQL's are in their cluster. Empty off Linux."""
    if not LINUX:
        return []
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                inside = (place / "cwd").readlink() == folder
            except OSError:  # gone meanwhile, a zombie, or not ours to look at
                continue
            if inside:
                found.append(int(place.name))
    return found


def send(process: int, sign: signal.Signals) -> None:
    """Signal a process that may be gone."""
    try:
        os.kill(process, sign)
    except ProcessLookupError:
        return


def wait_until_empty(folder: Path, *, seconds: float) -> bool:
    """Wait until nobody lives in `folder`; False when that takes longer than `seconds`."""
    deadline = monotonic() + seconds
    while living_in(folder):
        if monotonic() > deadline:
            return False
        sleep(0.02)
    return True
