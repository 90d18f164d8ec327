"""The cascade on a stream of noise: against the linear models alone, and against the full model on everything."""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.understanding.texts import Heard, stream

CORES = 2
BATCH = 256
WAYS = ("linear", "cascade", "everything")


@dataclass(frozen=True, slots=True)
class Ran:
    """How one way went: messages a second by the clock and by processor time, what it read deeply, what it found."""

    by_clock: float
    by_processor: float
    deep: int
    labels: list[str]


def _work(job: tuple[str, dict[str, Any], list[Heard], Any]) -> tuple[float, float, int, list[str]]:
    """One core's share, in a process of its own: begins with the others, after loading."""
    from hark.understanding import Context, load_models
    from hark.understanding import analyse as read
    from hark.understanding.encoder import Encoder

    way, brands, heard, begin = job
    models = load_models(linear=way == "linear")
    if way == "everything":
        import sys

        sys.modules["hark.understanding.analyse"].NOISE_TO = -1.0  # type: ignore[attr-defined]
    deep = 0
    if models.deep:
        encode = Encoder.encode

        def counted(self: Encoder, cleans: Sequence[str]) -> Any:
            nonlocal deep
            deep += len(cleans)
            return encode(self, cleans)

        Encoder.encode = counted  # type: ignore[method-assign]
        models.deep.encoder._threads = 1
    for key, brand in brands.items():  # a profile is encoded once, when its name first occurs
        read([f"Is {brand.name} down?"], [Context(brand=key)], models, brands)
    deep, labels = 0, []
    begin.wait()
    clock, processor = time.perf_counter(), time.process_time()
    for start in range(0, len(heard), BATCH):
        some = heard[start : start + BATCH]
        readings = read([one.text for one in some], [Context(brand=one.brand) for one in some], models, brands)
        labels += [one.relevance.label if one.relevance else "" for one in readings]
    return time.perf_counter() - clock, time.process_time() - processor, deep, labels


def run(way: str, brands: dict[str, Any], heard: list[Heard]) -> Ran:
    """Read the stream one way, on two cores."""
    with multiprocessing.get_context("spawn").Manager() as manager:
        begin = manager.Barrier(CORES)
        shares = [heard[core::CORES] for core in range(CORES)]
        with multiprocessing.get_context("spawn").Pool(CORES) as pool:
            told = pool.map(_work, [(way, brands, share, begin) for share in shares], chunksize=1)
    labels = [""] * len(heard)
    for core, (*_, found) in enumerate(told):
        labels[core::CORES] = found
    slowest, processor = max(one[0] for one in told), sum(one[1] for one in told)
    return Ran(len(heard) / slowest, len(heard) / processor, sum(one[2] for one in told), labels)


def rows(data: Path) -> tuple[str, list[list[str]]]:
    """What the stream is, and a row a way."""
    brands, heard = stream(data)
    ran = {way: run(way, brands, heard) for way in WAYS}
    full = ran["everything"]
    about = [place for place, one in enumerate(heard) if one.relevant]
    named = sum(one.named and not one.relevant for one in heard)
    words = (
        f"{len(heard):,} posts found for {len(brands)} brands, {len(about)} of them about the brand; of the others {named} have "
        "the word in them"
    )
    names = {"linear": "linear alone", "cascade": "the cascade (as shipped)", "everything": "full model on everything"}
    table = []
    for way, one in ran.items():
        found, by_full = _found(one.labels, about), _found(full.labels, about)
        kept = sum(one.labels[place] == "relevant" for place in range(len(heard)) if full.labels[place] == "relevant")
        said = max(sum(label == "relevant" for label in full.labels), 1)
        table.append(
            [
                names[way],
                f"{one.by_clock:,.0f}",
                f"{one.by_processor:,.0f}",
                f"{one.by_processor / full.by_processor:.2f}",
                f"{100 * one.deep / len(heard):.0f} %",
                f"{found / len(about):.3f}",
                f"{found / max(by_full, 1):.3f}",
                f"{kept / said:.3f}",
            ]
        )
    return words, table


def _found(labels: Sequence[str], about: Sequence[int]) -> int:
    return sum(labels[place] == "relevant" for place in about)


HEAD = (
    "read by",
    "messages/s, two cores",
    "messages per CPU-second",
    "ratio to everything",
    "through the encoder",
    "relevant posts found",
    "… of those that the full model finds",
    "… of all that it calls relevant",
)
