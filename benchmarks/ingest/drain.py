"""The drain against raw COPY of the same final rows, and arrival to visible (engine reference, what must hold 2 and 3).

    python -m benchmarks.ingest.drain [--messages 20000] [--seconds 30] [--rounds 2] [--profile]

One round: arrivals are stored, one or two worker processes take them through the stages, with and without the reading;
then the rows that came of it are emptied out and loaded again by one binary COPY a table, with the same indexes and
foreign keys, in the same server.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.ingest.ground import empty_house, percentile, table

RESULTS = (
    "contacts_contact", "contacts_identity", "conversations_case", "conversations_conversation", "conversations_message",
    "conversations_reading", "conversations_clock", "routing_workitem", "kernel_event",
)  # fmt: skip
WORDS = (
    "My invoice shows a plan I cancelled in August, please take it back.", "No signal since Monday, is anybody there?",
    "Thanks, that was quick and friendly!", "This is the third time I ask. You are thieves and I will leave.",
    "How do I move my number to another operator, and how long does it take?", "The eSIM cannot be added to my phone.",
)  # fmt: skip


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
        for number in range(4)
    ]  # fmt: skip


def call(number: int, random: Random, at: str) -> tuple[str, bytes]:
    """One webhook call of about 1 KB: three messages a thread, five an author."""
    thread, who = f"t{number // 3}", f"u{random.randrange(1 + number // 5)}"
    event = {
        "type": "direct", "id": f"p{number}", "thread": thread, "at": at,
        "author": {"id": who, "name": f"Name of {who}", "handle": f"@{who}", "followers": 120},
        "text": f"{random.choice(WORDS)} Case number {number}.", "permalink": f"https://square.example/posts/{number}",
        "padding": "x" * 500,
    }  # fmt: skip
    return thread, json.dumps({"events": [event]}).encode()


def store(channels: list[Any], messages: int, seed: int) -> None:
    """The arrivals of one round."""
    from hark.intake.actions import accept
    from hark.intake.types import NewArrival
    from hark.kernel.time import now

    random = Random(seed)
    for start in range(0, messages, 1000):
        calls = [call(number, random, now().isoformat()) for number in range(start, min(start + 1000, messages))]
        arrivals = [NewArrival(f"{seed}-{start + n}", lane, {}, body, now()) for n, (lane, body) in enumerate(calls)]
        accept(channel_id=channels[(start // 1000) % len(channels)].pk, arrivals=arrivals)


def work(number: int, workers: int, *, models: bool, profile: bool) -> None:
    """A worker process: says it is ready, waits for a line, drains until nothing is left."""
    import cProfile

    from hark.site import boot

    boot.enter()
    from hark.journey import jobs, reading, stages

    if models:
        reading._models()
    else:
        stages.read = list  # type: ignore[assignment] - the stage that is left out
    jobs.drain_step(number, workers)
    print("ready", flush=True)
    sys.stdin.readline()
    watch = cProfile.Profile() if profile else None
    if watch:
        watch.enable()
    while jobs.drain_step(number, workers):
        pass
    if watch:
        watch.disable()
        watch.dump_stats(f"/tmp/drain-{number}.prof")  # noqa: S108 - asked for by --profile


def drain(workers: int, *, models: bool, profile: bool = False) -> float:
    """Seconds until `workers` processes have carried everything that waits."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.ingest.drain", "--worker"]
    options = [*(["--models"] if models else []), *(["--profile"] if profile else [])]
    processes = [
        subprocess.Popen(
            [*command, str(number), str(workers), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(workers)
    ]
    return _timed(processes)


def _timed(processes: list["subprocess.Popen[str]"]) -> float:
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        assert process.wait() == 0
    return time.perf_counter() - began


def empty() -> None:
    """Take away what earlier rounds have made."""
    from hark.kernel.db import execute

    execute(f"TRUNCATE {', '.join(RESULTS)}, routing_offer, conversations_messageversion CASCADE")
    execute("CHECKPOINT")


def copied() -> float:
    """Seconds that a binary COPY of the very same rows takes, in one transaction."""
    from django.db import connection, transaction

    rows: dict[str, bytes] = {}
    with connection.cursor() as cursor:
        for name in RESULTS:
            source = f"(SELECT * FROM {name})" if name == "kernel_event" else name  # noqa: S608 - a partitioned table
            with cursor.copy(f"COPY {source} TO STDOUT BINARY") as copy:
                rows[name] = b"".join(bytes(block) for block in copy)
    empty()
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for name in RESULTS:
            with cursor.copy(f"COPY {name} FROM STDIN BINARY") as copy:
                copy.write(rows[name])
    return time.perf_counter() - began


def round_of(channels: list[Any], messages: int, seed: int, *, models: bool, profile: bool) -> dict[str, float]:
    """Messages a second of one and two workers, and of COPY."""
    from hark.conversations.models import Message
    from hark.kernel.db import execute

    rates = {}
    for workers in (1, 2):
        execute("TRUNCATE intake_arrival CASCADE")
        empty()
        store(channels, messages + 500 * workers, seed + workers)
        before = 500 * workers  # each worker's first batch is its warm-up
        seconds = drain(workers, models=models, profile=profile)
        assert Message.objects.count() == messages + before, Message.objects.count()
        rates[f"{workers} worker"] = messages / seconds
    rates["copy"] = Message.objects.count() / copied()
    return rates


@contextmanager
def working(number_of: int = 2) -> Iterator[None]:
    """`hark worker`, as it runs in production."""
    program = str(Path(sys.executable).with_name("hark"))
    processes = [
        subprocess.Popen([program, "worker", "--number", str(n), "--of", str(number_of)]) for n in range(number_of)
    ]
    try:
        time.sleep(6)
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def latency(channels: list[Any], seconds: int, rate: int) -> list[float]:
    """Milliseconds from before the accept until a reader of the journal sees the event, at `rate` messages a second."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.ingest.drain", "--offer", str(rate), str(seconds)]
    channel = str(channels[0].pk)
    with working():
        offering = subprocess.Popen([*command, channel])
        seen = read_journal(until=rate * seconds, patience=seconds + 30)
        offering.wait()
    return seen[rate:]  # the first second warms up


def offer(rate: int, seconds: int, channel_id: int) -> None:
    """Accept `rate` messages a second, one transaction each, at fixed instants whatever happens."""
    from hark.site import boot

    boot.enter()
    from hark.intake.actions import accept
    from hark.intake.types import NewArrival
    from hark.kernel.time import now

    random, began = Random(3), time.monotonic()
    for number in range(rate * seconds):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        lane, body = call(number, random, now().isoformat())
        accept(channel_id=channel_id, arrivals=[NewArrival(f"offer-{number}", lane, {}, body, now())])


def read_journal(until: int, patience: float) -> list[float]:
    """Follow the journal in commit order, woken by NOTIFY; the age of each message when it was seen."""
    import psycopg
    from hark.kernel.loops import listening_parameters
    from hark.kernel.queries import events_after, newest_position
    from hark.kernel.time import now

    place, seen, end = newest_position(), [], time.monotonic() + patience
    with psycopg.connect(**listening_parameters(), autocommit=True) as line:
        line.execute("LISTEN hark_live")
        while len(seen) < until and time.monotonic() < end:
            events = events_after(place)
            at = now()
            for event in events:
                place = event.position
                if event.kind == "message.received":
                    seen.append((at - datetime.fromisoformat(event.data["posted"])).total_seconds() * 1000)
            if not events:
                for _ in line.notifies(timeout=0.5, stop_after=1):
                    pass
    return seen


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--only", choices=["drain", "latency"])
    parser.add_argument("--worker", nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--models", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--offer", nargs=3, type=int, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.worker:
        return work(*wanted.worker, models=wanted.models, profile=wanted.profile)
    if wanted.offer:
        return offer(*wanted.offer)
    with empty_house({"max_wal_size": "4GB"}):
        measure(wanted)
    return None


def measure(wanted: argparse.Namespace) -> None:
    """Both tables."""
    channels = set_up()
    rows = []
    for number in range(wanted.rounds if wanted.only != "latency" else 0):
        for models in (False, True):
            rates = round_of(channels, wanted.messages, 100 * number, models=models, profile=wanted.profile)
            one, two, copy = rates["1 worker"], rates["2 worker"], rates["copy"]
            cells = [f"{one:,.0f}", f"{two:,.0f}", f"{copy:,.0f}", f"{one / copy:.2f}", f"{two / copy:.2f}"]
            rows.append([number + 1, "with" if models else "without", *cells])
            print(rows[-1], flush=True)
    head = ["round", "reading", "1 worker, messages/s", "2 workers", "raw COPY", "ratio, 1", "ratio, 2"]
    print(table(head, rows))
    if wanted.only != "drain":
        times = latency(channels, wanted.seconds, wanted.rate)
        cells = [f"{percentile(times, share):.0f} ms" for share in (0.5, 0.9, 0.99, 1.0)]
        print(table(["messages/s", "seen", "p50", "p90", "p99", "worst"], [[wanted.rate, len(times), *cells]]))


if __name__ == "__main__":
    main()
