"""Side by side in one run: accuracy, messages per processor second, memory and load time; then the cascade.

    python -m benchmarks.understanding [--data ../shared/data/understanding] [--only TABLE]

Every reader has a process of its own: memory is the most it had, texts and Python with it. Processor time is that of all
its threads. About two minutes on two quiet cores, one of which trains the tf-idf model.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.ingest.ground import table
from benchmarks.understanding import cascade
from benchmarks.understanding.readers import READERS, NotInstalled, train_tfidf
from benchmarks.understanding.texts import held_out_messages, measured_tweets, written_messages
from hark.understanding.train import figures
from hark.understanding.train.sources import Labelled

DATA = Path(os.environ.get("HARK_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "data" / "understanding"
HEAD = (
    "read by", "tweets: macro-recall", "macro-F1", "held-out sectors: macro-recall", "macro-F1", "own messages: macro-recall",
    "macro-F1", "messages per CPU-second", "ratio to VADER", "memory, MB", "loaded in, s",
)  # fmt: skip


def one_reader(name: str, data: Path, folder: Path) -> dict[str, Any]:
    """Load it, let it read, in this process."""
    clock = time.perf_counter()
    try:
        read = READERS[name](folder)
    except NotInstalled:
        return {}
    loaded = time.perf_counter() - clock
    tweets = measured_tweets(data)
    read(tweets.texts[:20])  # what is compiled or looked up at the first text is not speed
    processor = time.process_time()
    found = read(tweets.texts)
    spent = time.process_time() - processor
    return {
        "sets": [
            _right(tweets, found),
            *(_right(some, read(some.texts)) for some in (held_out_messages(), written_messages())),
        ],
        "rate": len(tweets.texts) / spent,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "loaded": loaded,
    }


def _right(given: Labelled, found: list[int]) -> tuple[float, float]:
    return figures.macro_recall(given.labels, found), figures.macro_f1(given.labels, found)


def side_by_side(data: Path) -> str:
    """A row a reader."""
    with tempfile.TemporaryDirectory(prefix="hark-readers-") as folder:
        _apart("--train", "tfidf", data, folder)
        told = {name: json.loads(_apart("--one", name, data, folder).splitlines()[-1]) for name in READERS}
    yard = told["VADER"].get("rate")
    return table(HEAD, [_row(name, one, yard) for name, one in told.items()])


def _row(name: str, one: dict[str, Any], yard: float | None) -> list[str]:
    if not one:
        return [name, "not installed", *["–"] * (len(HEAD) - 2)]
    shares = [f"{value:.3f}" for pair in one["sets"] for value in pair]
    ratio = f"{one['rate'] / yard:.3f}" if yard else "–"
    return [name, *shares, f"{one['rate']:,.0f}", ratio, f"{one['memory']:.0f}", f"{one['loaded']:.2f}"]


def _apart(task: str, name: str, data: Path, folder: str) -> str:
    """A process for it alone, without other threads of arithmetic."""
    calm = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.understanding", task, name, "--data", str(data), "--folder", folder]
    return subprocess.run(command, env=calm, stdout=subprocess.PIPE, text=True, check=True).stdout


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--only", choices=("readers", "cascade"))
    for hidden in ("--one", "--train", "--folder"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.train:
        train_tfidf(asked.data, Path(asked.folder))
    elif asked.one:
        print(json.dumps(one_reader(asked.one, asked.data, Path(asked.folder))))
    else:
        if asked.only != "cascade":
            print(side_by_side(asked.data), "\n")
        if asked.only != "readers":
            words, rows = cascade.rows(asked.data)
            print(f"{words}:\n\n{table(cascade.HEAD, rows)}\n")
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
