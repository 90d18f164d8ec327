"""docs/venues.md tells the truth of the day; HARK_WRITE_DOCS=1 with these tests renews its tables."""

import os
from pathlib import Path

from hark.channels.registry import BUILT_IN, venues
from hark.channels.testing.table import venues_table
from tests.channels.benches import benches

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENT = DOCS / "venues.md"
BEGIN, END = "<!-- table: made by the suite -->\n", "<!-- end of the table -->\n"


def test_table_of_venues_and_cases_is_up_to_date() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    pages = [page.stem for page in (DOCS / "venues").glob("*.md")]
    fresh = f"{before}{BEGIN}{venues_table(list(benches().values()), pages)}{END}{after}"
    if os.environ.get("HARK_WRITE_DOCS"):
        DOCUMENT.write_text(fresh, encoding="utf-8")
    assert text == fresh or os.environ.get("HARK_WRITE_DOCS")


def test_every_built_in_venue_is_described() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    ours = [venue for key, venue in venues().items() if key in BUILT_IN]
    untold = [one.name for one in ours if f"## {one.name}" not in text and not _page(one.key).exists()]
    assert untold == []
    assert [page.stem for page in (DOCS / "venues").glob("*.md") if page.stem not in BUILT_IN] == []


def _page(key: str) -> Path:
    return DOCS / "venues" / f"{key}.md"
