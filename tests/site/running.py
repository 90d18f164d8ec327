"""A real `hark up` in a folder of its own, for tests that hurt it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hark.kernel.time import monotonic, sleep
from tests.models import linear_models

HARK = [sys.executable, "-m", "hark.site.cli"]


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would lead `hark` to another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("HARK_", "DJANGO_"))} | more


def hark(*arguments: str, timeout: float = 60, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*HARK, *arguments], env=environment(**more), capture_output=True, text=True, timeout=timeout, check=False
    )


def wait_for(condition: Callable[[], object], *, seconds: float = 30, why: Callable[[], str] = str) -> float:
    """Wait until it holds; returns how long that took."""
    begun = monotonic()
    while not condition():
        assert monotonic() - begun < seconds, f"it did not happen: {why()}"
        sleep(0.02)
    return monotonic() - begun


def is_running(pid: int) -> bool:
    """Is it there, and not a zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@dataclass
class Running:
    """One `hark up`."""

    data: Path
    workers: int = 1
    process: "subprocess.Popen[bytes]" = field(init=False)
    address: str = ""

    def start(self) -> "Running":
        """Start it and wait until it is up."""
        command = [*HARK, "up", "--port", "0", "--workers", str(self.workers), "--data", str(self.data)]
        with (self.data / "stderr.log").open("ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(
                command, env=environment(**linear_models()), stderr=log, stdout=subprocess.DEVNULL
            )
        try:
            wait_for(lambda: "event=up " in self.said()[begin:] or self.process.poll() is not None, seconds=90)
        except AssertionError:
            self.process.kill()  # nobody else would: a fixture that failed has nothing to end
            self.process.wait()
        found = re.findall(r"event=up url=(\S+)", self.said()[begin:])
        assert found, self.said()
        self.address = found[-1]
        return self

    def said(self) -> str:
        """All of its stderr."""
        return (self.data / "stderr.log").read_text()

    def pids(self) -> dict[str, int]:
        """name → pid, as it publishes them."""
        pids: dict[str, int] = json.loads((self.data / "processes.json").read_text())
        return pids

    def kill(self, name: str, sign: signal.Signals = signal.SIGKILL) -> int:
        """Kill one of its processes; returns its old number."""
        pid = self.pids()[name]
        os.kill(pid, sign)
        return pid

    def status(self, path: str, timeout: float = 15) -> int:
        """What the web process answers; 0 when nobody does."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as problem:
            return problem.code
        except OSError:
            return 0

    def stop(self) -> int:
        """SIGTERM, as a service manager does it."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(40)
