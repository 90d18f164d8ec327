"""What each word adds to each head, worked out once and kept: the linear companion at reading speed."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from hark.understanding.ngrams import BOUNDARY, SLOTS, character_slots, checksum, folded, pair_slots

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
PAGE = 1 << 16  # words a page holds, more only for a batch of more; a full page is thrown away and begun anew


@dataclass(frozen=True, slots=True)
class Weights:
    """Dense weights, slots by columns: one table for words and their pairs, one for characters."""

    words: Floats
    characters: Floats


@dataclass(frozen=True, slots=True)
class Spread:
    """What every word of a batch added. Row i of message m is `starts[m] + i`; a message begins with its boundary."""

    starts: Ints
    lengths: Ints
    by_word: Floats
    by_pair: Floats
    triggers: NDArray[np.bool_]

    def calling(self) -> list[list[int]]:
        """For each message the places of the words that call for rules."""
        called: list[list[int]] = [[] for _ in self.starts]
        rows = np.flatnonzero(self.triggers)
        messages = np.searchsorted(self.starts, rows, side="right") - 1
        for message, place in zip(messages.tolist(), (rows - self.starts[messages] - 1).tolist(), strict=True):
            called[message].append(place)
        return called

    def ends(self) -> Ints:
        """Where each message's rows end."""
        return self.starts + self.lengths

    def contributions(self) -> Floats:
        """Each word's own share in the logits, half of each pair it stands in."""
        halves = self.by_pair / 2
        shares = self.by_word + halves
        shares[1:] += halves[:-1]
        return np.asarray(shares, np.float32)


class _Page:
    """Rows for words met so far; a row is complete before its word can be found."""

    def __init__(self, size: int, columns: int) -> None:
        self.rows: dict[str, int] = {}
        self.size = size
        self.used = 0
        self.words = np.zeros((size, columns), np.float32)
        self.characters = np.zeros((size, columns), np.float32)
        self.grams = np.zeros(size, np.float32)
        self.checksums = np.zeros(size, np.uint32)
        self.triggers = np.zeros(size, np.bool_)


class Wordbook:
    """Safe for threads: rows are added under a lock and never change. The kept rows alter speed, never results."""

    def __init__(self, weights: Weights, trigger: Callable[[str], bool]) -> None:
        """`trigger` tells whether a word may call for a rule."""
        self._weights = weights
        self._trigger = trigger
        self._lock = Lock()
        self._page = self._new_page()

    def spread(self, messages: Sequence[Sequence[str]]) -> Spread:
        """What each word and pair adds to each column, already divided by the root of the message's counts."""
        page, flat = self._rows(messages)
        counts = np.fromiter((len(words) for words in messages), np.int64, len(messages))
        lengths = counts + 1
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)
        rows = np.asarray(flat, np.int64)
        pairs = pair_slots(page.checksums[rows])
        rows = rows[:-1]
        grams = np.add.reduceat(page.grams[rows], starts)
        return Spread(
            starts=starts,
            lengths=lengths,
            by_word=page.words[rows] * _per_root(counts, lengths) + page.characters[rows] * _per_root(grams, lengths),
            by_pair=self._weights.words[pairs] * _per_root(lengths, lengths),
            triggers=page.triggers[rows],
        )

    def _rows(self, messages: Sequence[Sequence[str]]) -> tuple[_Page, list[int]]:
        """The page in use and the rows of all words: a boundary before each message and one at the very end."""
        page = self._page
        unmet = {word for words in messages for word in words if word not in page.rows}
        while unmet and not self._add(page, unmet):
            page = self._next_page(page, len({folded(word) for words in messages for word in words}))
            unmet = {word for words in messages for word in words if word not in page.rows}
        known, flat = page.rows, [0]
        for words in messages:
            flat.extend([known[word] if word in known else known[folded(word)] for word in words])
            flat.append(0)
        return page, flat

    def _add(self, page: _Page, unmet: Collection[str]) -> bool:
        """Write rows for these words; false when the page has no room for them all."""
        with self._lock:
            by_token = {token: folded(token) for token in unmet}
            fresh = [word for word in dict.fromkeys(by_token.values()) if word not in page.rows]
            if page.used + len(fresh) > page.size:
                return False
            self._write(page, fresh)
            if len(page.rows) < 2 * page.size:
                kept = (token for token in unmet if not token.startswith(("@", "http", "www.")))
                page.rows.update((token, page.rows[by_token[token]]) for token in kept)
        return True

    def _write(self, page: _Page, words: Sequence[str]) -> None:
        """The rows of words not met before, all at once; each is the sum over its own slots, whatever stands beside."""
        if not words:
            return
        slots = [character_slots(word) or [0] for word in words]
        grams = np.array([len(own) for own in slots])
        rows = slice(page.used, page.used + len(words))
        sums = np.array([checksum(word) for word in words], np.uint32)
        whole = self._weights.characters[[slot for own in slots for slot in own]].astype(np.float64)
        page.checksums[rows] = sums
        page.words[rows] = self._weights.words[sums & np.uint32(SLOTS - 1)]
        page.characters[rows] = np.add.reduceat(whole, np.concatenate(([0], np.cumsum(grams)[:-1])), axis=0)
        page.grams[rows] = grams
        page.triggers[rows] = [self._trigger(word) for word in words]
        page.used += len(words)
        page.rows.update(zip(words, range(rows.start, rows.stop), strict=True))

    def _new_page(self, distinct: int = 0) -> _Page:
        page = _Page(max(PAGE, distinct + 1), self._weights.words.shape[1])
        page.rows[BOUNDARY] = 0  # row 0 stays zero: the boundary says nothing by itself, only in pairs
        page.checksums[0] = checksum(BOUNDARY)
        page.used = 1
        return page

    def _next_page(self, full: _Page, distinct: int) -> _Page:
        """A fresh page with room for all words of a batch."""
        with self._lock:
            if self._page is full:
                self._page = self._new_page(distinct)
            return self._page


def _per_root(counts: NDArray[np.generic], lengths: Ints) -> Floats:
    """1/√count of each message, repeated for each of its rows."""
    scale = 1.0 / np.sqrt(np.maximum(counts.astype(np.float64), 1.0))
    return np.repeat(scale, lengths).astype(np.float32)[:, None]
