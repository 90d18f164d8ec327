"""Accepts a second against pgbench's inserts of the same row, in the same run (engine reference, what must hold 1).

python -m benchmarks.ingest.accept [--seconds 3] [--rounds 5]
"""

import argparse
import json
import statistics
import subprocess
import sys
from typing import Any

from benchmarks.ingest.ground import empty_house, percentile, pgbench, pgbench_paced, table, web_process

CLIENTS = 64
INSERT = """
INSERT INTO intake_arrival
    (channel_id, dedupe_key, lane, headers, body, received_at, state, fence, attempts, error, outcome)
VALUES ({channel}, gen_random_uuid()::text, 7, '{{}}', decode(repeat('61', 1024), 'hex'), clock_timestamp(),
    'received', 0, 0, '', '') ON CONFLICT DO NOTHING;
"""


def call(**job: Any) -> dict[str, float]:
    """One measurement by the calling process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest.caller", json.dumps(job)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def connect() -> tuple[int, str]:
    """A channel of the simulated venue; its id and its address."""
    from hark.organisation.actions.channels import connect_channel
    from hark.organisation.actions.people import add_brand, add_inbox
    from hark.organisation.types import NewBrand, NewInbox

    inbox = add_inbox(inbox=NewInbox(name="Care"), brand=add_brand(brand=NewBrand(name="Plum")))
    channel = connect_channel(
        actor="system",
        venue="simulated",
        external_id="bench",
        name="Bench",
        inbox=inbox,
        settings={},
        secrets={"webhook": "bench"},
    )
    return channel.pk, f"/in/{channel.key}"


def main() -> None:
    """Measure, alternating, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    with empty_house({"max_wal_size": "4GB", "max_connections": "100"}) as server:
        channel, path = connect()
        from hark.intake.models import Arrival
        from hark.kernel.db import execute

        script = INSERT.format(channel=channel)
        single = pgbench(server, script, clients=1, seconds=3)
        rows = []
        with web_process() as (port, _):
            common = {"port": port, "path": path, "secret": "bench", "clients": CLIENTS, "seconds": wanted.seconds}
            call(**{**common, "seconds": 1})
            for number in range(1, wanted.rounds + 1):
                execute("TRUNCATE intake_arrival CASCADE")
                inserts = pgbench(server, script, clients=CLIENTS, seconds=wanted.seconds)
                execute("TRUNCATE intake_arrival CASCADE")
                full = call(**common, prepared=30_000 * wanted.seconds)
                assert Arrival.objects.count() >= full["calls"], "acknowledged and not stored"
                pace = full["rate"] / 2
                half = call(**common, rate=pace, prepared=int(pace * wanted.seconds))
                assert not full["other"] + half["other"]
                paced = pgbench_paced(server, script, clients=CLIENTS, seconds=wanted.seconds, rate=pace)
                rows.append((number, inserts, full, half, paced))
    print(f"\nOne client of pgbench: {single:,.0f} inserts/s.\n")
    head = [
        "round",
        f"pgbench, {CLIENTS} clients",
        f"accepts/s, {CLIENTS} connections",
        "ratio",
        "at full rate, p50 / p99",
        "at half that rate, p50 / p99 / worst",
        "pgbench at that rate",
    ]
    print(
        table(
            head,
            [
                (
                    n,
                    f"{inserts:,.0f}",
                    f"{full['rate']:,.0f}",
                    f"{full['rate'] / inserts:.2f}",
                    f"{full['p50']:.1f} / {full['p99']:.1f} ms",
                    f"{half['p50']:.1f} / {half['p99']:.1f} / {half['worst']:.0f} ms",
                    f"{percentile(paced, 0.5):.1f} / {percentile(paced, 0.99):.1f} / {max(paced):.0f} ms",
                )
                for n, inserts, full, half, paced in rows
            ],
        )
    )
    ratios = [full["rate"] / inserts for _, inserts, full, *_ in rows]
    slowest = [half["p99"] for *_, half, _ in rows]
    print(
        f"\nMedian ratio {statistics.median(ratios):.2f}; median p99 at half rate {statistics.median(slowest):.1f} ms."
    )


if __name__ == "__main__":
    main()
