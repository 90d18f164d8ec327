"""What a proof against a real server did, step by step; HARK_WRITE_DOCS=1 writes it into the venue's page."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hark.kernel.time import monotonic, now

DOCS = Path(__file__).resolve().parents[2] / "docs" / "venues"
BEGIN, END = "<!-- transcript: made by {test} -->\n", "<!-- end of the transcript -->\n"


class Transcript:
    """Steps of one proof, in order."""

    def __init__(self, venue: str, test: str) -> None:
        """`venue`: whose page; `test`: where the proof stands."""
        self.venue, self.test = venue, test
        self.rows: list[tuple[str, str, float]] = []

    @contextmanager
    def step(self, who: str, what: str) -> Iterator[None]:
        """Somebody does something; it is written down with its time when it has worked."""
        begun = monotonic()
        yield
        self.rows.append((who, what, monotonic() - begun))

    def write(self, server: str) -> None:
        """Into the page, between its marks."""
        print("\n" + self.table(server))
        if not os.environ.get("HARK_WRITE_DOCS"):
            return
        page = DOCS / f"{self.venue}.md"
        text = page.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN.format(test=self.test))
        _, _, after = rest.partition(END)
        fresh = f"{before}{BEGIN.format(test=self.test)}{self.table(server)}{END}{after}"
        page.write_text(fresh, encoding="utf-8")

    def table(self, server: str) -> str:
        """As Markdown."""
        lines = [
            f"{server}. {now():%d %B %Y}, one run on a busy machine with two cores: times are orders of magnitude.",
            "",
        ]
        lines += ["| who | what | took |", "|---|---|---|"]
        lines += [f"| {who} | {what} | {_span(seconds)} |" for who, what, seconds in self.rows]
        return "\n".join([*lines, ""])


def _span(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
