"""Arrivals of all venues in one stream beside the same number of mails alone, in the same run; none is lost.

    python -m benchmarks.ingest.mixed [--messages 10000] [--rounds 2]

The arrivals are those that the venues' own suites make (`tests/journey/mixed.py`), each a message of its own. One
worker carries them through all stages, with the reading. Afterwards the ledger is checked.
"""

import argparse
import sys
from datetime import timedelta
from typing import Any

from benchmarks.ingest.drain import drain, empty
from benchmarks.ingest.ground import empty_house, table

HEAD = ("round", "venues", "messages", "messages/s", "processor, µs each: Python + server", "ledger", "ratio to mail")


def measured(channels: Any, made: Any) -> tuple[float, list[str]]:
    """Messages a second, and the cells of the row."""
    from tests.journey.mixed import stored

    from hark.conversations.models import Message
    from hark.journey.ledger import check
    from hark.kernel.db import execute

    execute("TRUNCATE intake_arrival CASCADE")
    empty()
    stored(channels, made)
    spent = drain(1, models=True)
    there, findings = Message.objects.count(), check().findings
    assert there == len(made), f"{there} of {len(made)} messages"
    carried = len(made) - 500  # the worker's first batch is its warm-up
    each = f"{spent.ours / carried * 1e6:.0f} + {spent.servers / carried * 1e6:.0f}"
    rate = carried / spent.seconds
    return rate, [f"{len(made):,}", f"{rate:,.0f}", each, f"{len(findings)} findings"]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2)
    wanted = parser.parse_args()
    with empty_house({"max_wal_size": "4GB"}):
        from tests.journey.mixed import a_channel, arrivals, played

        from hark.kernel.time import now

        channels = {key: a_channel(key, bench) for key, bench in played().items()}
        each, at = -(-wanted.messages // len(channels)), now() - timedelta(days=1)
        streams = {
            f"all {len(channels)}": arrivals(each, at=at),
            "e-mail": arrivals(wanted.messages, at=at, only="email"),
        }
        rows: list[list[object]] = []
        for number in range(wanted.rounds):
            found = {name: measured(channels, made) for name, made in streams.items()}
            for name, (rate, cells) in found.items():
                rows.append([number + 1, name, *cells, f"{rate / found['e-mail'][0]:.2f}"])
                print(*rows[-1], file=sys.stderr, flush=True)
    print(table(HEAD, rows))


if __name__ == "__main__":
    main()
