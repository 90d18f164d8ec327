"""What the brands' corrections taught, as each process holds it: asked for before every batch, read when it changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from hark.conversations.queries.learning import InUse, models_in_use, weights_of
from hark.understanding.corrections import BrandWeights
from hark.understanding.trials import unpacked

LINEAR = "+linear"


def base_of(version: str) -> str:
    """The shipped models behind a version: without a brand's number, with or without the encoder."""
    release, plus, rest = version.removesuffix(LINEAR).partition("+")
    return f"{release}{plus}{rest.partition('.')[0]}"


def stamped(version: str, number: int) -> str:
    """The version of a reading in which a brand's own model took part."""
    linear = version.endswith(LINEAR)
    return f"{version.removesuffix(LINEAR)}.{number}{LINEAR if linear else ''}"


@dataclass(frozen=True, slots=True)
class Learnt:
    """What the brands taught, as a process holds it; `numbers` by brand key."""

    rows: Mapping[int, tuple[InUse, BrandWeights]]

    @property
    def numbers(self) -> dict[str, int]:
        """Brand key → number of its model."""
        return {row.brand: row.number for row, _ in self.rows.values()}

    def beside(self, base: str) -> "Learnt":
        """Those that stand on these shipped models: what was learnt beside others says nothing here."""
        return Learnt({number: one for number, one in self.rows.items() if one[0].base == base})

    @property
    def weights(self) -> dict[str, BrandWeights]:
        """Brand key → weights, as the models take them."""
        return {row.brand: weights for row, weights in self.rows.values()}


class InUseHere:
    """The brands' models that this process has read. Safe for threads: the whole is exchanged at once."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._held = Learnt({})
        self._lock = Lock()

    def now(self) -> Learnt:
        """Those in use at this moment. One query; one more where some are new."""
        found = {row.id: row for row in models_in_use()}
        with self._lock:
            held = self._held
        if found.keys() == held.rows.keys():
            return held
        stored = weights_of(found.keys() - held.rows.keys())
        rows = {number: one for number, one in held.rows.items() if number in found}
        rows |= {number: (found[number], unpacked(found[number].brand, given)) for number, given in stored.items()}
        with self._lock:
            self._held = Learnt(rows)
        return Learnt(rows)
