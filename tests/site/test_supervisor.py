"""`hark up` with real processes: what is killed comes back, what must end ends, nothing is left behind."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hark.kernel.postgres import EmbeddedServer
from hark.kernel.processes import living_in
from tests.cluster import copied
from tests.site.running import Running, hark, is_running, wait_for

pytestmark = [pytest.mark.xdist_group("hark up"), pytest.mark.slow]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, tables: Path) -> Iterator[Running]:
    """One Hark for the tests that it survives."""
    running = Running(tmp_path_factory.mktemp("up"))
    copied(tables, running.data)
    running.start()
    yield running
    running.stop()


def test_everything_is_ready_when_it_says_so(up: Running) -> None:
    assert up.status("/livez") == 200
    assert up.status("/readyz") == 200
    assert set(up.pids()) == {"supervisor", "postgres", "web", "worker-0"}
    assert all(is_running(pid) for pid in up.pids().values())


def test_killed_web_is_back_and_no_caller_was_refused(up: Running) -> None:
    before = up.kill("web")
    assert up.status("/livez") == 200  # the supervisor holds the socket: this waits, and is then answered
    assert up.pids()["web"] != before


def test_killed_worker_is_back_within_a_second(up: Running) -> None:
    before = up.kill("worker-0")
    assert wait_for(lambda: up.pids()["worker-0"] not in {before, 0}) < 1


def test_killed_database_is_back_and_the_others_live_through_it(up: Running) -> None:
    wait_for(lambda: up.said().count("event=ready process=worker-0") >= 2)
    before = up.pids()
    with psycopg.connect(EmbeddedServer(up.data).url()) as line:
        line.execute("CREATE TABLE kept (word text)")
        line.execute("INSERT INTO kept VALUES ('committed')")
    up.kill("postgres")
    wait_for(lambda: up.pids()["postgres"] != before["postgres"])
    assert wait_for(lambda: up.status("/readyz") == 200) < 15
    after = up.pids()
    assert (after["web"], after["worker-0"]) == (before["web"], before["worker-0"])
    assert is_running(after["web"])
    assert is_running(after["worker-0"])
    with psycopg.connect(EmbeddedServer(up.data).url()) as line:
        assert line.execute("SELECT word FROM kept").fetchall() == [("committed",)]
    wait_for(lambda: "listening again" in up.said(), why=up.said)


def test_live_stays_live_and_ready_turns_and_comes_back_while_the_database_is_frozen(up: Running) -> None:
    wait_for(lambda: up.status("/readyz") == 200)
    frozen = living_in(up.data / "postgres")
    assert frozen
    try:
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        assert wait_for(lambda: up.status("/readyz") == 503) <= 4
        assert up.status("/livez") == 200
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    assert wait_for(lambda: up.status("/readyz") == 200) <= 5


def test_second_owner_of_the_folder_is_refused_in_one_sentence(up: Running) -> None:
    done = hark("up", "--port", "0", "--data", str(up.data))
    assert done.returncode == 2
    assert done.stderr.startswith("hark: Another Hark has this data folder.")
    assert str(up.pids()["supervisor"]) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_doctor_finds_nothing_wrong_while_it_runs_and_speaks_of_the_one_disk(up: Running) -> None:
    wait_for(lambda: up.status("/readyz") == 200)
    done = hark("doctor", "--data", str(up.data))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "if the disk is lost, everything since the last backup is lost with it" in done.stdout


def test_migrate_and_rotate_use_the_running_database(up: Running) -> None:
    assert hark("migrate", "--data", str(up.data)).stdout == "The tables were up to date.\n"
    assert hark("keys", "new", "--data", str(up.data)).returncode == 0
    done = hark("keys", "rotate", "--data", str(up.data))
    assert done.returncode == 0, done.stderr
    assert "everything is now sealed with key k" in done.stdout
    lines = (up.data / "keys").read_text().splitlines()
    (up.data / "keys").write_text(lines[0] + "\n")
    assert hark("doctor", "--data", str(up.data)).returncode == 0


def test_nothing_that_runs_is_open_to_other_users_of_the_machine(up: Running) -> None:
    for name in ("socket", "postgres"):
        assert (up.data / name).stat().st_mode & 0o077 == 0
    for name in ("keys", "postgres.log"):
        assert (up.data / name).stat().st_mode & 0o077 == 0
    assert not any(path.stat().st_mode & 0o077 for path in (up.data / "socket").iterdir() if path.is_socket())


def test_end_is_orderly_and_leaves_nothing_behind(up: Running) -> None:
    pids = up.pids()
    begin = len(up.said())
    caller = socket.create_connection(("127.0.0.1", int(up.address.rpartition(":")[2])))
    assert up.stop() == 0
    caller.close()
    said = up.said()[begin:]
    ended = [line.split("process=")[1].split()[0] for line in said.splitlines() if "event=ended" in line]
    assert ended == ["web", "worker-0", "postgres"]
    assert "event=killed" not in said
    wait_for(lambda: not any(is_running(pid) for pid in pids.values()), seconds=2)
    assert not (up.data / "processes.json").exists()
    assert "Traceback" not in said


def test_children_end_with_a_killed_supervisor_and_the_next_start_finds_the_ground_clear(up: Running) -> None:
    up.start()
    pids = up.pids()
    up.process.kill()
    up.process.wait()
    wait_for(lambda: not any(is_running(pid) for name, pid in pids.items() if name != "postgres"), seconds=3)
    up.start()
    assert up.status("/readyz") == 200
    assert not is_running(pids["postgres"])


def test_second_signal_ends_it_at_once(up: Running) -> None:
    pids = up.pids()
    os.kill(pids["worker-0"], signal.SIGSTOP)  # a worker that cannot drain
    up.process.terminate()
    wait_for(lambda: "event=stopping" in up.said().rpartition("event=up")[2])
    up.process.terminate()
    assert wait_for(lambda: up.process.poll() is not None) < 5
    assert "event=killed process=worker-0" in up.said()
    assert not any(is_running(pid) for pid in pids.values())


def test_stale_lock_file_of_postgresql_does_not_stop_the_start(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.start()
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    with subprocess.Popen(["sleep", "60"]) as stranger:  # who now has the number that stands in the lock file
        lock = tmp_path / "postgres" / "postmaster.pid"
        lines = lock.read_text().splitlines()
        lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        server.make_way()
        server.start()
        assert server.answers()
        server.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    server = EmbeddedServer(tmp_path)
    server.prepare()
    assert (server.cluster / "global" / "pg_control").exists()
    assert not unfinished.exists()
