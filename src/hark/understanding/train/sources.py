"""The labelled texts, read in place, decoded, and folded: no text stands in more than one file or split."""

import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hark.kernel.errors import HarkError
from hark.understanding.files import brands_from
from hark.understanding.normalise import canonical, normalise
from hark.understanding.types import FEELINGS, BrandProfile

OWN = Path(__file__).parents[1] / "data" / "own"
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
# English stays out: those tweets are already among SemEval's, and the rest may be in a public test split.
CODES = {
    "arabic": "ar",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "portuguese": "pt",
    "spanish": "es",
}
UMSAB = tuple(CODES)


class DataMissing(HarkError):
    """The training data are missing or not in the form that their README describes."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and their labels, side by side."""

    texts: list[str]
    labels: list[int]

    def without(self, keys: set[str]) -> "Labelled":
        """Without the texts whose folding key is among `keys`, and each key only once."""
        seen = set(keys)
        kept = []
        for text, label in zip(self.texts, self.labels, strict=True):
            key = fold_key(text)
            if key not in seen:
                seen.add(key)
                kept.append((text, label))
        return Labelled([text for text, _ in kept], [label for _, label in kept])

    def every(self, step: int, start: int) -> "Labelled":
        """Every `step`-th text from `start` on."""
        return Labelled(self.texts[start::step], self.labels[start::step])

    def of(self, label: int) -> list[str]:
        """The texts with this label."""
        return [text for text, given in zip(self.texts, self.labels, strict=True) if given == label]


def fold_key(text: str) -> str:
    """Two texts with one key are the same text for a split."""
    return canonical(normalise(text)).replace(" ", "")


def keys_of(labelled: Labelled) -> set[str]:
    """Folding keys of all texts."""
    return {fold_key(text) for text in labelled.texts}


def semeval(folder: Path) -> Labelled:
    """SemEval 2013-2016: `id, label, text` by tabs, with escapes and doubled quotes in the older files."""
    found = Labelled([], [])
    for path in _files(folder, "twitter-*-A.txt"):
        if "sarcasm" in path.name:
            continue
        for line in path.read_text(encoding="utf-8").split("\n"):
            parts = line.split("\t", 2)
            if len(parts) == 3 and parts[1] in FEELINGS:
                found.texts.append(_unescaped(parts[2]))
                found.labels.append(FEELINGS.index(parts[1]))
    return found


def _unescaped(text: str) -> str:
    text = ESCAPE.sub(lambda match: chr(int(match[1], 16)), text).strip()
    text = text.replace('\\""', '"').replace('\\"', '"').replace('""', '"')
    return html.unescape(text).strip('" \t')


def paired(folder: Path, split: str) -> Labelled:
    """`<split>_text.txt` and `<split>_labels.txt`, line by line."""
    try:
        texts = (folder / f"{split}_text.txt").read_text(encoding="utf-8").split("\n")
        labels = (folder / f"{split}_labels.txt").read_text(encoding="utf-8").split()
    except OSError as error:
        raise DataMissing(f"{folder.name}/{split}") from error
    texts = texts[: len(labels)]
    if len(texts) != len(labels):
        raise DataMissing(f"{folder.name}/{split}: texts and labels differ in number")
    return Labelled(texts, [int(label) for label in labels])


def ratings(folder: Path) -> tuple[list[str], list[float]]:
    """VADER's rated snippets, −1 to 1."""
    texts, values = [], []
    for path in _files(folder, "*_GroundTruth.txt"):
        for line in path.read_text(encoding="utf-8").split("\n"):
            parts = line.split("\t", 2)
            if len(parts) == 3:
                texts.append(parts[2])
                values.append(float(parts[1]) / 4.0)
    return texts, values


def requests(folder: Path) -> list[str]:
    """CLINC150's questions and requests, training split: people who ask, none of whom complains."""
    try:
        content = json.loads((folder / "data_full.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataMissing(f"{folder.name}/data_full.json") from error
    return [text for text, _ in content["train"]]


def own_messages(name: str = "messages") -> list[dict[str, Any]]:
    """Hark's written messages (`messages`), or those of sectors never trained on (`held_out`)."""
    return list(_lines(OWN / f"{name}.jsonl"))


def own_posts() -> list[tuple[BrandProfile, str, int]]:
    """Hark's written posts about brands with ordinary-word names."""
    brands = {brand.key: brand for brand in profiles((OWN / "brands.json").read_text(encoding="utf-8"))}
    return [(brands[post["brand"]], post["text"], int(post["relevant"])) for post in _lines(OWN / "relevance.jsonl")]


def own_intents() -> list[tuple[str, str]]:
    """Hark's written examples of the built-in intents: text and intent."""
    return [(example["text"], example["intent"]) for example in _lines(OWN / "intents.jsonl")]


def profiles(text: str) -> list[BrandProfile]:
    """The profiles of a brands file, see `files.brands_from`."""
    return list(brands_from(json.loads(text)).values())


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 (16 hex digits) of every file that training reads."""
    used = [
        *_files(folder / "semeval2017", "twitter-*-A.txt"),
        *_files(folder / "vader", "*_GroundTruth.txt"),
        folder / "clinc150" / "data_full.json",
        *(folder / "tweeteval" / "sentiment").glob("val_*.txt"),
        *(folder / "tweeteval" / "offensive").glob("*_*.txt"),
        *(folder / "tweeteval" / "emotion").glob("*_*.txt"),
        *(path for language in UMSAB for path in (folder / "umsab" / language).glob("*_*.txt")),
    ]
    found = {str(path.relative_to(folder)): _digest(path) for path in sorted(used)}
    return found | {f"own/{path.name}": _digest(path) for path in sorted(OWN.iterdir()) if path.suffix != ".md"}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _files(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(pattern))
    if not found:
        raise DataMissing(f"{folder.name}/{pattern}")
    return found


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def joined(parts: Iterable[Labelled]) -> Labelled:
    """One after another."""
    whole = Labelled([], [])
    for part in parts:
        whole.texts.extend(part.texts)
        whole.labels.extend(part.labels)
    return whole
