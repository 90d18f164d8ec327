"""Stage 5: the encoder graph. Text in, a general and a tuned vector out, whatever else is read beside it.

The scales of the int8 products were measured when the graph was made, so a message reads the same alone and in company
(scales taken from each run would move it by up to .046 in cosine). A few messages of about one length share a run, on
one thread of the graph; runs are spread over Hark's own threads.
The graph holds MiniLM (Wang et al. 2020, arXiv 2002.10957) twice: shared lower layers, an unchanged upper part whose
mean is the general vector (Reimers and Gurevych 2019, arXiv 1908.10084), and one tuned to the heads.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hark.understanding.normalise import ADDRESS

WIDTH = 384  # numbers of a vector
MOST_PIECES = 64  # word-pieces of a run, its two marks counted
MORE_WINDOWS = 3  # read of a longer text beside its beginning
LONGEST = 6_000  # code points of a text that are cut into pieces
MOST_THREADS = 4
TOGETHER, LONGER = 8, 1.15  # windows of a run at most, and the longest of them beside the shortest
SAME_SIGN = 2  # of one emoji in a row are read
MARKS = (("[CLS]", "<s>"), ("[SEP]", "</s>"))  # that begin and end a run, in the vocabularies there are
HANDLE = re.compile(r"(?<!\w)@\w+")

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One message: `general` of length 1 and width 384; `windows` (n, 768), general beside tuned, a row a window."""

    general: Vector
    windows: Vector


class _Signs(dict[int, str]):
    """What each code point is for the word-pieces: emoji are their names, for the vocabulary has none of them."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        spoken = code > 0x2000 and unicodedata.category(sign) == "So"
        self[code] = f" {unicodedata.name(sign, '').lower()} " if spoken else sign
        return self[code]


_SIGNS = _Signs()


def worded(clean: str) -> str:
    """The text that is cut into pieces: handles and links as the tuned branch learnt them, emoji by their names."""
    text = clean[:LONGEST]
    if "@" in text or "http" in text or "www." in text:
        text = ADDRESS.sub(lambda found: "@user" if HANDLE.match(found[0]) else "http", text)
    if text.isascii():
        return text
    return (
        "".join("".join(run[:SAME_SIGN]) for run in ([_SIGNS[ord(sign)] for sign in same] for _, same in groupby(text)))
        if any(len(_SIGNS[ord(sign)]) > 1 for sign in set(text))
        else text
    )


class Encoder:
    """The graph and its tokenizer. Safe for threads; the same text gives the same bytes whatever else is read."""

    def __init__(self, graph: bytes, pieces: bytes, threads: int | None = None) -> None:
        """`graph`: ONNX; `pieces`: tokenizer file. Raises whatever the two libraries raise on damaged bytes."""
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # The graph is fused by hand. The library's own fusing of sum and norm takes twice the time of both apart.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._session: Any = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._pieces: Any = Tokenizer.from_str(pieces.decode("utf-8"))
        self._pieces.no_padding()
        self._pieces.no_truncation()
        self._start, self._end = (next(filter(None, map(self._pieces.token_to_id, names))) for names in MARKS)
        self._threads = threads or min(MOST_THREADS, os.cpu_count() or 1)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="hark-encoder")

    def encode(self, cleans: Sequence[str]) -> list[Encoded]:
        """One result a normalised text, in order."""
        cut = [self.windows(clean) for clean in cleans]
        flat = [window for windows in cut for window in windows]
        runs = _runs([len(window) for window in flat])
        given = [[flat[place] for place in run] for run in runs]
        several = len(runs) > 1 and self._threads > 1
        found = np.zeros((len(flat), 2 * WIDTH), np.float32)
        for run, rows in zip(runs, self._pool.map(self._run, given) if several else map(self._run, given), strict=True):
            found[run] = rows
        ends = np.cumsum([len(windows) for windows in cut]).tolist()
        return [_encoded(found[end - len(windows) : end]) for windows, end in zip(cut, ends, strict=True)]

    def _run(self, windows: list[list[int]]) -> Vector:
        """(n, 768) of these windows, the shorter ones filled up to the longest."""
        lengths = np.array([len(window) for window in windows], np.int32)
        pieces = np.zeros((len(windows), int(lengths.max())), np.int64)
        for row, window in zip(pieces, windows, strict=True):
            row[: len(window)] = window
        general, tuned = self._session.run(["general", "tuned"], {"pieces": pieces, "lengths": lengths})
        return np.concatenate([_of_length_one(general), tuned], axis=1).astype(np.float32)

    def windows(self, clean: str) -> list[list[int]]:
        """The pieces of each run: the beginning, and of a longer text the windows that ask or exclaim most."""
        found: Any = self._pieces.encode(worded(clean), add_special_tokens=False)
        pieces: list[int] = found.ids
        room = MOST_PIECES - 2
        cuts = [pieces[start : start + room] for start in range(0, len(pieces), room)] or [[]]
        chosen = cuts[:1]
        if len(cuts) > 1:
            marks = {self._pieces.token_to_id(mark) for mark in ("?", "!", "not", "no", "never")}
            order = sorted(range(1, len(cuts)), key=lambda place: -sum(piece in marks for piece in cuts[place]))
            chosen += [cuts[place] for place in sorted(order[:MORE_WINDOWS])]
        return [[self._start, *cut, self._end] for cut in chosen]


def _runs(lengths: Sequence[int]) -> list[list[int]]:
    """The places of the windows of each run: of about one length, so that little is filled up."""
    runs: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not runs or len(runs[-1]) == TOGETHER or lengths[place] > LONGER * lengths[runs[-1][0]]:
            runs.append([])
        runs[-1].append(place)
    return runs


def _encoded(windows: Vector) -> Encoded:
    """A message from its windows (n, 768)."""
    return Encoded(_of_length_one(windows[:, :WIDTH].mean(axis=0, keepdims=True))[0], windows)


def _of_length_one(rows: Vector) -> Vector:
    lengths = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)
