"""What happened between Hark and a real server, line by line with its time, for the venue's page in docs."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from hark.kernel.time import monotonic

DOCS = Path(__file__).resolve().parents[2] / "docs" / "venues"
CARE = "One run; times on a machine that does other things beside are orders of magnitude."
BEGIN, END = "<!-- transcript: made by make venues -->\n", "<!-- end of the transcript -->\n"


@dataclass
class Transcript:
    """Lines of a round trip. `keep` writes them into the document when HARK_WRITE_DOCS=1."""

    begun: float = field(default_factory=monotonic)
    lines: list[tuple[float, str]] = field(default_factory=list)
    last: float = field(default_factory=monotonic)

    def tell(self, words: str) -> None:
        """Something has happened; the time since the line before stands beside it."""
        now = monotonic()
        self.lines.append((now - self.last, words))
        self.last = now

    @property
    def text(self) -> str:
        """As a table."""
        rows = [f"| {seconds * 1000:,.0f} ms | {words} |" for seconds, words in self.lines]
        return "\n".join(["| took | what happened |", "| ---: | --- |", *rows]) + "\n"

    def keep(self, venue: str, about: str) -> None:
        """Put it into docs/venues/VENUE.md, between its marks."""
        if not os.environ.get("HARK_WRITE_DOCS"):
            return
        document = DOCS / f"{venue}.md"
        text = document.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        assert rest, f"{document} has no place for a transcript"
        document.write_text(f"{before}{BEGIN}{about} {CARE}\n\n{self.text}{END}{after}", encoding="utf-8")
