"""The drain against raw COPY of the same final rows, in the same run (engine reference, what must hold 2).

    python -m benchmarks.ingest.drain [--messages 20000] [--rounds 2] [--profile]

Arrivals are stored; one or two worker processes take them through the stages, with and without the reading. After each
drain its rows are emptied out and loaded again by one binary COPY a table, with the same indexes and foreign keys, in
the same server.
"""

import argparse
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.ingest.ground import empty_house, table
from benchmarks.ingest.posts import calls

RESULTS = (
    "contacts_contact", "contacts_identity", "conversations_case", "conversations_conversation",
    "conversations_message", "conversations_reading", "conversations_clock", "routing_workitem", "kernel_event",
)  # fmt: skip
CHANNELS = 4
HEAD = (
    "round", "reading", "workers", "messages/s", "raw COPY", "ratio", "processor, µs each: Python + server",
    "raw COPY, µs", "ratio by processor time", "load",
)  # fmt: skip


class Spent(NamedTuple):
    """Seconds by the wall's clock; of processor time in our processes and in the server's."""

    seconds: float
    ours: float
    servers: float

    @property
    def processor(self) -> float:
        """Both together: what hardly depends on who else is at work."""
        return self.ours + self.servers


def set_up() -> list[Any]:
    """Four channels of the simulated venue."""
    from hark.organisation.actions.channels import connect_channel
    from hark.organisation.actions.people import add_brand, add_inbox
    from hark.organisation.types import NewBrand, NewInbox

    inbox = add_inbox(inbox=NewInbox(name="Care"), brand=add_brand(brand=NewBrand(name="Plum", handles=("@plum",))))
    return [
        connect_channel(
            actor="system", venue="simulated", external_id=f"bench{number}", name="Bench", inbox=inbox, settings={},
            secrets={"token": "made-up"},
        )
        for number in range(CHANNELS)
    ]  # fmt: skip


def store(channels: list[Any], messages: int, seed: int) -> None:
    """The arrivals of one round."""
    from hark.intake.actions import accept
    from hark.intake.types import NewArrival
    from hark.kernel.time import now

    waiting = calls(messages, CHANNELS, salt=f"{seed}-")
    while chunk := list(islice(waiting, 1_000)):
        for place, channel in enumerate(channels):
            mine = [
                NewArrival(one.external_id, one.thread, {}, one.body, now()) for one in chunk if one.channel == place
            ]
            accept(channel_id=channel.pk, arrivals=mine)


def work(number: int, workers: int, *, models: bool, profile: bool) -> None:
    """A worker process: says it is ready, waits for a line, drains until nothing is left."""
    import cProfile

    from hark.site import boot

    boot.enter()
    from hark.journey import jobs, reading, stages

    if models:
        assert reading._models() is not None, "there are no models to read with"
    else:
        vars(stages)["read"] = lambda passengers, **_: list(passengers)  # the stage that is left out
    jobs.drain_step(number, workers)
    print("ready", flush=True)
    sys.stdin.readline()
    watch = cProfile.Profile() if profile else None
    if watch:
        watch.enable()
    busy = time.process_time()
    while jobs.drain_step(number, workers):
        pass
    print(time.process_time() - busy, flush=True)
    if watch:
        watch.disable()
        watch.dump_stats(f"/tmp/drain-{number}.prof")  # noqa: S108 - asked for by --profile


def drain(workers: int, *, models: bool, profile: bool = False) -> Spent:
    """What it takes `workers` processes to carry everything that waits."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.ingest.drain", "--worker"]
    options = [*(["--models"] if models else []), *(["--profile"] if profile else [])]
    processes = [
        subprocess.Popen(
            [*command, str(number), str(workers), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(workers)
    ]
    return _timed(processes)


def _timed(processes: list["subprocess.Popen[str]"]) -> Spent:
    """From the word to the last one's end. What the warm-up has left has statistics, as after autovacuum."""
    from hark.kernel.db import execute

    assert all(word == "ready" for word in _hear(processes))
    execute("ANALYZE")
    execute("CHECKPOINT")
    began, served = time.perf_counter(), server_seconds()
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    ours = sum(map(float, _hear(processes)))
    spent = Spent(time.perf_counter() - began, ours, server_seconds() - served)
    assert not any(process.wait() for process in processes)
    return spent


def _hear(processes: list["subprocess.Popen[str]"]) -> list[str]:
    return [process.stdout.readline().strip() for process in processes if process.stdout]


def server_seconds() -> float:
    """Processor time of the database server and all its processes so far, those that have ended included."""
    from hark.kernel.db import fetch_all

    [[folder]] = fetch_all("SELECT current_setting('data_directory')")
    first = int((Path(folder) / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return (_ticks(first, 13, 17) + sum(_ticks(int(one), 13, 15) for one in children)) / os.sysconf("SC_CLK_TCK")


def _ticks(process: int, start: int, end: int) -> int:
    """Fields of /proc/…/stat; one that ends meanwhile is found with its parent the next time."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1].split()
    except FileNotFoundError:
        return 0
    return sum(map(int, words[start - 2 : end - 2]))


def empty() -> None:
    """Take away what earlier rounds have made."""
    from hark.kernel.db import execute

    execute(f"TRUNCATE {', '.join(RESULTS)}, routing_offer, conversations_messageversion CASCADE")
    execute("CHECKPOINT")


def kept() -> dict[str, bytes]:
    """All rows that the drain has made, as COPY writes them."""
    from django.db import connection

    rows: dict[str, bytes] = {}
    with connection.cursor() as cursor:
        for name in RESULTS:
            source = f"(SELECT * FROM {name})" if name == "kernel_event" else name  # noqa: S608
            with cursor.copy(f"COPY {source} TO STDOUT BINARY") as copy:
                rows[name] = b"".join(bytes(block) for block in copy)
    return rows


def copied(rows: dict[str, bytes]) -> Spent:
    """What a binary COPY of the very same rows takes, in one transaction over one connection."""
    from django.db import connection, transaction

    empty()
    began, busy, served = time.perf_counter(), time.process_time(), server_seconds()
    with transaction.atomic(), connection.cursor() as cursor:
        for name in RESULTS:
            with cursor.copy(f"COPY {name} FROM STDIN BINARY") as copy:
                copy.write(rows[name])
    return Spent(time.perf_counter() - began, time.process_time() - busy, server_seconds() - served)


def measured(channels: list[Any], messages: int, seed: int, workers: int, **how: bool) -> list[str]:
    """So many workers, and then COPY (the best of three): the cells of a row."""
    from hark.conversations.models import Message
    from hark.kernel.db import execute

    execute("TRUNCATE intake_arrival CASCADE")
    empty()
    everything = messages + 500 * workers  # each worker's first batch is its warm-up
    store(channels, everything, seed)
    spent = drain(workers, **how)
    assert Message.objects.count() == everything, Message.objects.count()
    rows = kept()
    raw = min(copied(rows) for _ in range(3))
    rate, floor = messages / spent.seconds, everything / raw.seconds
    each, least = spent.processor / messages, raw.processor / everything
    return [
        f"{rate:,.0f}", f"{floor:,.0f}", f"{rate / floor:.3f}",
        f"{spent.ours / messages * 1e6:.0f} + {spent.servers / messages * 1e6:.0f}", f"{least * 1e6:.0f}",
        f"{workers * least / each:.3f}", f"{os.getloadavg()[0]:.1f}",
    ]  # fmt: skip


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--without-models", action="store_true", help="Leave out the rounds with the reading.")
    parser.add_argument("--worker", nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--models", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.worker:
        return work(*wanted.worker, models=wanted.models, profile=wanted.profile)
    with empty_house({"max_wal_size": "4GB"}):
        rows = measure(wanted)
    print(table(HEAD, rows))
    return None


def measure(wanted: argparse.Namespace) -> list[list[object]]:
    """The table, row by row."""
    channels = set_up()
    rows: list[list[object]] = []
    for number in range(wanted.rounds):
        for models in (False,) if wanted.without_models else (False, True):
            for workers in (1, 2):
                seed = 100 * number + workers
                cells = measured(channels, wanted.messages, seed, workers, models=models, profile=wanted.profile)
                rows.append([number + 1, "with" if models else "without", workers, *cells])
                print(*rows[-1], file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    main()
