"""Children that read what strangers sent: what they give, what they may not do, and how they end."""

import logging
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.site.running import is_running

from hark.kernel.hostile import Outcome, read_in_child
from hark.kernel.hostile.pool import MOST_CHILDREN, MOST_ITEMS

DO = "tests.hostile_functions:"


def test_child_gives_values_and_bytes() -> None:
    assert read_in_child(f"{DO}echo", "grüße".encode(), "a", "b").value[:3] == ["grüße", "a", "b"]
    assert read_in_child(f"{DO}raw", b"\x00\xff" * 100_000) == Outcome(b"\x00\xff" * 100_000)


def test_same_child_serves_many_and_is_then_replaced() -> None:
    served = [read_in_child(f"{DO}echo", b"").value[-1] for _ in range(MOST_ITEMS + 5)]
    assert 2 <= len(set(served)) <= 3
    assert os.getpid() not in served


def test_result_before_the_time_is_over_is_kept() -> None:
    begun = time.monotonic()
    assert read_in_child(f"{DO}first_then_work", b"kept", seconds=0.3) == Outcome("kept", "timeout")
    assert time.monotonic() - begun < 20


def test_child_that_neither_works_nor_answers_is_ended() -> None:
    assert read_in_child(f"{DO}sleep", b"", seconds=0.1) == Outcome(None, "timeout")


def test_result_before_the_memory_is_over_is_kept() -> None:
    assert read_in_child(f"{DO}first_then_memory", b"kept", seconds=20) == Outcome("kept", "memory")


def test_error_is_told_without_the_words_that_were_read(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert read_in_child(f"{DO}fail", b"a secret of somebody") == Outcome(None, "crashed")
    assert "ValueError hostile_functions.py" in caplog.text
    assert "secret" not in caplog.text


def test_child_that_is_gone_is_a_crash_and_the_next_is_served() -> None:
    assert read_in_child(f"{DO}end", b"") == Outcome(None, "crashed")
    child = read_in_child(f"{DO}echo", b"").value[-1]
    os.kill(child, signal.SIGKILL)
    wait_until_gone(child)
    assert read_in_child(f"{DO}echo", b"well").value[0] == "well"


def test_child_knows_no_secret_and_reaches_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARK_DATABASE_URL", "postgresql://secret")
    monkeypatch.chdir(tmp_path)
    read_in_child(f"{DO}end", b"")  # the next one is born in this folder, with this environment around it
    for _ in range(MOST_CHILDREN + 1):
        assert not [name for name in read_in_child(f"{DO}environment", b"").value if name.startswith("HARK")]
    assert read_in_child(f"{DO}tried", b"") == Outcome([])
    assert list(tmp_path.iterdir()) == []


def test_many_threads_share_few_children() -> None:
    with ThreadPoolExecutor(12) as threads:
        served = list(threads.map(lambda n: read_in_child(f"{DO}echo", str(n).encode()).value, range(200)))
    assert [words for words, _ in served] == [str(n) for n in range(200)]
    assert len({child for _, child in served}) <= 2 * MOST_CHILDREN


def test_forked_process_has_children_of_its_own() -> None:
    """Run alone: a suite has threads that must not be forked."""
    script = f"""
import os
from hark.kernel.hostile import read_in_child
mine = read_in_child("{DO}echo", b"").value[-1]
if os.fork() == 0:
    other = read_in_child("{DO}echo", b"").value[-1]
    os._exit(0 if other != mine else 1)
assert os.wait()[1] == 0
assert read_in_child("{DO}echo", b"").value[-1] == mine
print(mine)
"""
    wait_until_gone(int(python(script)))


def test_children_end_with_a_parent_that_is_killed() -> None:
    script = f"""
import os, signal
from hark.kernel.hostile import read_in_child
print(read_in_child("{DO}echo", b"").value[-1], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    wait_until_gone(int(python(script)))


def python(script: str) -> str:
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, check=False
    )
    assert done.returncode in (0, -signal.SIGKILL)
    return done.stdout.decode()


def wait_until_gone(process: int) -> None:
    deadline = time.monotonic() + 20
    while is_running(process):
        assert time.monotonic() < deadline, "a child outlived its parent"
        time.sleep(0.02)
