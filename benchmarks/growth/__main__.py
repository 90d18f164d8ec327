"""How pages grow with the number of messages (engine reference, what must hold 5).

    python -m benchmarks.growth [--messages 1000000 5000000] [--folder DIR] [--samples 120]

Prints one table: p95 in the database and of the whole page at each size, and the last as a multiple of the first.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.growth.measure import SAMPLES, measure
from benchmarks.ingest.ground import table


def one_size(messages: int, folder: Path, samples: int) -> None:
    """Fill if need be, measure; print p50 and p95 in the database and of the page, and how many statements at most."""
    from benchmarks.growth.house import house_of

    with house_of(messages, folder):
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["*"]
        found = measure(messages, samples)
        print(f"{messages:,} messages: load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        print(json.dumps({name: one.told() for name, one in found.items()}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--folder", type=Path, help="Keep the data here, for another time.")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        return one_size(wanted.messages[0], wanted.folder, wanted.samples)
    with tempfile.TemporaryDirectory(prefix="hark-growth-") as made:
        folder = wanted.folder or Path(made)
        print(table(*drawn({size: in_a_process(size, folder, wanted.samples) for size in wanted.messages})))
    return None


def in_a_process(size: int, folder: Path, samples: int) -> dict[str, Any]:
    """A process for each house: settings are read once."""
    options = ["--messages", str(size), "--folder", str(folder), "--samples", str(samples), "--one"]
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.growth", *options]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def drawn(found: dict[int, dict[str, dict[str, float]]]) -> tuple[list[str], list[list[str]]]:
    """Head and rows: milliseconds of processor time, by the wall's clock in brackets."""
    head = ["page", *(f"{size:,}: database, p50 / p95" for size in found), *(f"{size:,}: page, p95" for size in found)]
    rows = []
    for name in next(iter(found.values())):
        cells = [at_size[name] for at_size in found.values()]
        row = [name]
        row += [f"{c['busy database p50']:.1f} / {c['busy database p95']:.1f} ({c['database p95']:.0f})" for c in cells]
        row += [f"{c['busy page p95']:.0f} ({c['page p95']:.0f})" for c in cells]
        ratio = cells[-1]["busy database p95"] / cells[0]["busy database p95"]
        rows.append([*row, f"{cells[-1]['queries']:.0f}", f"{ratio:.2f}"])
    return [*head, "statements", "database p95, last : first"], rows


if __name__ == "__main__":
    main()
