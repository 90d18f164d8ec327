"""Branch B: the upper layers tuned on sentiment, offence and emotion together, on processors, by torch.

The recipe is the reference's: frozen embeddings and lower layers (whose output is worked out once and kept), AdamW,
weights of classes by the root of their rarity, batches of like length, warm-up and linear decay. The decay follows
whichever is further on, the rounds or the minutes, so that it always reaches its end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from hark.kernel.time import monotonic
from hark.understanding.encoder import WIDTH
from hark.understanding.train.graph import ATTENTION_HEADS, EPSILON, LAYERS, SHARED, Arrays, Floats

CPU_FLAGS = Path("/proc/cpuinfo")
BATCH = 32
RATE, HEAD_RATE, DECAY, DROPOUT, WARM = 1e-4, 1e-3, 0.01, 0.1, 0.05
CHUNK = 50 * BATCH  # examples sorted by length together
TOLD_EVERY = 50


@dataclass(frozen=True)
class Task:
    """One head's texts as word-pieces, with their labels; `repeats` a round."""

    pieces: Sequence[Sequence[int]]
    labels: Sequence[int]
    classes: int
    repeats: int = 1


@dataclass(frozen=True)
class Tuned:
    """The upper layers' arrays under their BERT names, and each head's weight (classes, 384) and bias."""

    arrays: dict[str, Floats]
    heads: dict[str, tuple[Floats, Floats]]
    examples: int


class Layer:
    """One BERT layer (Devlin et al. 2019), post-norm; its parameters bear BERT's names below `encoder.layer.N.`."""

    def __init__(self, arrays: Arrays, number: int) -> None:
        """Weights from `arrays`."""
        self.inside = f"encoder.layer.{number}."
        names = [name for name in arrays if name.startswith(self.inside)]
        values = {name.removeprefix(self.inside): nn.Parameter(torch.tensor(arrays[name])) for name in names}
        self.own = nn.ParameterDict({name.replace(".", "/"): value for name, value in values.items()})

    def part(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias."""
        key = name.replace(".", "/")
        return self.own[f"{key}/weight"], self.own[f"{key}/bias"]

    def read(self, hidden: torch.Tensor, mask: torch.Tensor, rate: float = 0.0) -> torch.Tensor:
        """`hidden` (batch, pieces, 384), `mask` true where a piece is, `rate` of dropout."""
        batch, count, _ = hidden.shape
        split = [
            functional.linear(hidden, *self.part(f"attention.self.{name}"))
            .view(batch, count, ATTENTION_HEADS, -1)
            .transpose(1, 2)
            for name in ("query", "key", "value")
        ]
        seen = functional.scaled_dot_product_attention(*split, attn_mask=mask[:, None, None, :])
        seen = seen.transpose(1, 2).reshape(batch, count, WIDTH)
        seen = functional.dropout(functional.linear(seen, *self.part("attention.output.dense")), rate)
        middle = functional.layer_norm(hidden + seen, (WIDTH,), *self.part("attention.output.LayerNorm"), eps=EPSILON)
        wide = functional.gelu(functional.linear(middle, *self.part("intermediate.dense")))
        narrow = functional.dropout(functional.linear(wide, *self.part("output.dense")), rate)
        return functional.layer_norm(middle + narrow, (WIDTH,), *self.part("output.LayerNorm"), eps=EPSILON)


def _batch(rows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Padded with zeros, and where pieces are."""
    padded = nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return padded, torch.arange(padded.shape[1])[None, :] < lengths[:, None]


def half_is_faster() -> bool:
    """Are products in bfloat16 the faster ones here? With AMX by far, on older processors not at all."""
    return CPU_FLAGS.exists() and "amx_bf16" in CPU_FLAGS.read_text()


class Lower:
    """The frozen part: what it makes of each text is worked out when first asked for, and kept in half precision."""

    def __init__(self, arrays: Arrays, pieces: Sequence[Sequence[int]]) -> None:
        """`pieces`: the word-pieces of every text that will be asked for by its place."""
        self._pieces = pieces
        self._words = torch.tensor(arrays["embeddings.word_embeddings.weight"])
        places = arrays["embeddings.position_embeddings.weight"]
        self._places = torch.tensor(places + arrays["embeddings.token_type_embeddings.weight"][0])
        self._norm = [torch.tensor(arrays[f"embeddings.LayerNorm.{part}"]) for part in ("weight", "bias")]
        self._layers = [Layer(arrays, number) for number in range(SHARED)]
        self._kept: dict[int, torch.Tensor] = {}

    def states(self, chosen: Sequence[int]) -> list[torch.Tensor]:
        """(n, 384) of each of these texts."""
        fresh = [place for place in dict.fromkeys(chosen) if place not in self._kept]
        if fresh:
            with torch.no_grad():
                ids, mask = _batch([torch.tensor(self._pieces[place]) for place in fresh])
                there = self._words[ids] + self._places[: ids.shape[1]]
                hidden = functional.layer_norm(there, (WIDTH,), *self._norm, eps=EPSILON)
                for layer in self._layers:
                    hidden = layer.read(hidden, mask)
            for row, place in enumerate(fresh):
                self._kept[place] = hidden[row, : len(self._pieces[place])].half().clone()
        return [self._kept[place].float() for place in chosen]


def _order(lengths: NDArray[np.int64], random: np.random.Generator, repeats: NDArray[np.int64]) -> Iterator[list[int]]:
    """One round in batches: by lot, then by length within a chunk, then the batches by lot."""
    places = random.permutation(np.repeat(np.arange(len(lengths)), repeats))
    batches = []
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
        batches += [chunk[at : at + BATCH].tolist() for at in range(0, len(chunk), BATCH)]
    for place in random.permutation(len(batches)):
        yield batches[place]


class _Pace:
    """How far on training is, 0 to 1, by rounds or by minutes, whichever is further."""

    def __init__(self, steps: int, minutes: float) -> None:
        self.steps, self.seconds, self.started, self.done = steps, minutes * 60.0, monotonic(), 0

    def share(self) -> float:
        return max(self.done / self.steps, (monotonic() - self.started) / self.seconds)

    def rate(self) -> float:
        share = self.share()
        return min(share / WARM, 1.0) * max(1.0 - share, 0.0)


def tune(
    arrays: Arrays,
    tasks: Mapping[str, Task],
    *,
    seed: int,
    minutes: float,
    rounds: int,
    tell: Callable[[str], None],
) -> Tuned:
    """Train the upper layers and a head for each task. Figures, not bits, are the same on another machine."""
    torch.manual_seed(seed)
    pieces = [row for task in tasks.values() for row in task.pieces]
    half = half_is_faster()
    tell(f"tuning on {len(pieces)} texts{', bfloat16' if half else ''}")
    layers = [Layer(arrays, number) for number in range(SHARED, LAYERS)]
    parameters = [value for layer in layers for value in layer.own.values()]
    heads = nn.ModuleDict({name: nn.Linear(WIDTH, task.classes) for name, task in tasks.items()})
    optimiser = torch.optim.AdamW(
        [{"params": parameters, "lr": RATE}, {"params": heads.parameters(), "lr": HEAD_RATE}],
        weight_decay=DECAY,
        fused=True,
    )
    examples = _rounds(layers, heads, optimiser, Lower(arrays, pieces), tasks, _Plan(seed, minutes, rounds, half, tell))
    named = {
        layer.inside + name.replace("/", "."): value.detach().numpy().copy()
        for layer in layers
        for name, value in layer.own.items()
    }
    ends = {
        name: (head.weight.detach().numpy().copy(), head.bias.detach().numpy().copy()) for name, head in heads.items()
    }
    return Tuned(dict(arrays) | named, ends, examples)


@dataclass(frozen=True)
class _Plan:
    seed: int
    minutes: float
    rounds: int
    half: bool
    tell: Callable[[str], None]


def _rounds(
    layers: Sequence[Layer],
    heads: nn.ModuleDict,
    optimiser: torch.optim.Optimizer,
    lower: Lower,
    tasks: Mapping[str, Task],
    plan: _Plan,
) -> int:
    """The loop itself; how many examples it saw."""
    names = list(tasks)
    of_task = np.repeat(np.arange(len(names)), [len(task.pieces) for task in tasks.values()])
    labels = torch.tensor([label for task in tasks.values() for label in task.labels])
    repeats = np.array([tasks[name].repeats for name in names])[of_task]
    weights = {name: _class_weights(task) for name, task in tasks.items()}
    lengths = np.array([len(row) for task in tasks.values() for row in task.pieces])
    random = np.random.default_rng(plan.seed)
    pace = _Pace(plan.rounds * (int(repeats.sum()) // BATCH + 1), plan.minutes)
    first_rates = [group["lr"] for group in optimiser.param_groups]
    seen, told = 0, 0.0
    for _ in range(plan.rounds):
        for chosen in _order(lengths, random, repeats):
            if pace.share() >= 1.0:
                return seen
            for group, rate in zip(optimiser.param_groups, first_rates, strict=True):
                group["lr"] = rate * pace.rate()
            with torch.autocast("cpu", torch.bfloat16, enabled=plan.half):
                pooled = functional.dropout(_pooled(layers, *_batch(lower.states(chosen))), DROPOUT)
            loss = torch.zeros(())
            for task, name in enumerate(names):
                rows = np.flatnonzero(of_task[chosen] == task)
                if len(rows):
                    own = labels[np.array(chosen)[rows]]
                    said = heads[name](pooled[rows].float())
                    loss = loss + (functional.cross_entropy(said, own, reduction="none") * weights[name][own]).sum()
            optimiser.zero_grad()
            (loss / len(chosen)).backward()
            nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], 1.0)
            optimiser.step()
            seen, pace.done = seen + len(chosen), pace.done + 1
            told = 0.98 * told + 0.02 * float(loss.detach()) / len(chosen)
            if pace.done % TOLD_EVERY == 0:
                plan.tell(f"tuning: {seen} examples, {pace.share():.0%}, loss {told:.3f}")
    return seen


def _pooled(layers: Sequence[Layer], hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the last layer over the pieces that are there."""
    for layer in layers:
        hidden = layer.read(hidden, mask, DROPOUT)
    there = mask[:, :, None].float()
    return (hidden * there).sum(1) / there.sum(1)


def _class_weights(task: Task) -> torch.Tensor:
    """Root of inverse frequency."""
    counts = np.bincount(np.asarray(task.labels), minlength=task.classes).astype(np.float64)
    return torch.tensor(np.sqrt(len(task.labels) / task.classes / np.maximum(counts, 1.0)), dtype=torch.float32)
