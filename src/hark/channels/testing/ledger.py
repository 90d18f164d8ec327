"""What a venue knows, whatever others believe: one JSON line for each thing offered, acknowledged and received."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hark.kernel.time import now


class VenueLedger:
    """An append-only file. Safe to share between threads; each line is flushed before `write` returns."""

    def __init__(self, path: Path) -> None:
        """`path` is made with its folder when it is not there, and continued when it is."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, what: str, **about: Any) -> None:
        """Add one line: `what` happened, when, and what is known about it."""
        line = json.dumps({"what": what, "at": now().isoformat(), **about}, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_ledger(path: Path, what: str = "") -> Iterator[dict[str, Any]]:
    """The lines of a ledger, oldest first; only those of one kind where it is named."""
    with path.open(encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            if what in ("", line["what"]):
                yield line
