"""kill -9 of web, workers and PostgreSQL at random moments under load: nothing lost, doubled or sent twice unnoticed.

Ten rounds in the suite; `make drills` runs a hundred. A failed run is repeated with the seed it prints.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.browser.product import free_port
from tests.cluster import copied
from tests.models import linear_models
from tests.paths import WHOLE

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("HARK_DRILL_ROUNDS", "10"))
SEED = int(os.environ.get("HARK_DRILL_SEED", "0")) or int(time.time())
TARGETS = ("web", "worker-0", "worker-1", "postgres")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 + 30 * ROUNDS)]


class Drill:
    """A running world, and what can be done to it."""

    def __init__(self, data: Path) -> None:
        """`data` is a folder with a cluster and nothing else."""
        self.data, self.port = data, free_port()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HARK_")}
        models, rate = ({}, 30) if WHOLE else (linear_models(), 12)  # more posts, read by the large models
        self.environment = {**environment, **models, "HARK_DATA": str(data), "HARK_LOG_LEVEL": "WARNING"}
        self.log = (data / "world.log").open("wb")
        self.world = self.program(
            "tests.faults.world", str(data), str(self.port), str(SEED), str(rate), output=self.log
        )
        self.wait_until_ready(120)
        self.agent = self.program("tests.faults.answering", str(data), output=self.log, talk=True)
        self.wait_until_answered(180)

    def program(self, name: str, *arguments: str, output: object, talk: bool = False) -> "subprocess.Popen[bytes]":
        """Start one of the drill's programs."""
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", name, *arguments],
            cwd=ROOT, env=self.environment, stdout=output, stderr=output, stdin=subprocess.PIPE if talk else None,
        )  # fmt: skip

    def wait_until_ready(self, seconds: float) -> None:
        """Until /readyz says ok."""
        end = time.monotonic() + seconds
        while not self.ready():
            assert time.monotonic() < end, f"not ready after {seconds} s (seed {SEED}): {self.last_words()}"
            assert self.world.poll() is None, self.last_words()
            time.sleep(0.1)

    def wait_until_answered(self, seconds: float) -> None:
        """Until the first replies have reached a venue: killing before that proves little."""
        end = time.monotonic() + seconds
        while not self.received():
            assert time.monotonic() < end, f"nobody was answered in {seconds} s: {self.last_words()}"
            time.sleep(0.2)

    def received(self) -> int:
        """How many replies the venues have had."""
        texts = [(self.data / f"venue-{name}.jsonl").read_text() for name in ("keys", "forgets")]
        return sum(text.count('{"what": "received"') for text in texts)  # the last line may be half written

    def ready(self) -> bool:
        """Does Hark answer and work?"""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self, name: str) -> None:
        """kill -9, with no warning."""
        pids = json.loads((self.data / "processes.json").read_text())
        os.kill(pids[name], signal.SIGKILL)

    def calm_down(self) -> None:
        """Stop answering and writing."""
        if self.agent.stdin:
            self.agent.stdin.close()
        self.agent.wait(30)
        self.world.send_signal(signal.SIGUSR1)

    def ledger(self) -> dict[str, object]:
        """What `hark ledger check` says once everything is worked off; the last answer when it never is."""
        end = time.monotonic() + 240
        while True:
            files = [
                word for name in ("keys", "forgets") for word in ("--stand-in", str(self.data / f"venue-{name}.jsonl"))
            ]
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-m", "hark.site.cli", "ledger", "check", "--settled", "--json",
                 *files],
                cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            said: dict[str, object] = json.loads(done.stdout) if done.stdout.startswith("{") else {"error": done.stderr}
            said["status"] = done.returncode
            if done.returncode == 0 or time.monotonic() > end:
                return said
            time.sleep(4)  # each look is a program of its own, which the workers have to share the machine with

    def end(self) -> None:
        """Stop everything."""
        for process in (self.agent, self.world):
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
        self.log.close()

    def last_words(self) -> str:
        """The end of the world's log."""
        return (self.data / "world.log").read_text(errors="replace")[-1500:]


@pytest.fixture
def drill(tmp_path: Path, tables: Path) -> Iterator[Drill]:
    """A world under load; ended afterwards."""
    copied(tables, tmp_path)
    running = Drill(tmp_path)
    yield running
    running.end()


def test_nothing_is_lost_or_doubled_when_processes_are_killed(drill: Drill) -> None:
    random = Random(SEED)
    for number in range(ROUNDS):
        time.sleep(random.uniform(0.2, 1.5))
        target = random.choice(TARGETS)
        drill.kill(target)
        drill.wait_until_ready(120)
        if ROUNDS > 10:
            print(f"round {number + 1} of {ROUNDS}: {target} killed, ready again (seed {SEED})", flush=True)
    drill.calm_down()
    said = drill.ledger()
    print(json.dumps(said, indent=1)[:3000])
    assert said["status"] == 0, f"seed {SEED}: {json.dumps(said)[:2000]}"
    assert drill.received() > ROUNDS / 2, "the drill answered nobody"
