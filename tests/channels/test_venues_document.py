"""docs/venues.md tells the truth of the day; HARK_WRITE_DOCS=1 with these tests renews its tables."""

import os
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from hark.channels.registry import BUILT_IN, venues
from hark.channels.testing.conformance import Bench, ChannelConformance
from hark.channels.testing.table import venues_table
from tests.channels import test_api_channel, test_conformance
from tests.channels import venues as folder

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENT = DOCS / "venues.md"
BEGIN, END = "<!-- table: made by the suite -->\n", "<!-- end of the table -->\n"


def _benches() -> list[Bench]:
    """Every suite of a venue, in the order of the registry."""
    names = (one.name for one in iter_modules(folder.__path__) if one.name.startswith("test_"))
    modules = [test_conformance, test_api_channel, *(import_module(f"{folder.__name__}.{name}") for name in names)]
    found = {
        suite.venue.key: suite()
        for module in modules
        for suite in vars(module).values()
        if isinstance(suite, type) and issubclass(suite, ChannelConformance) and suite is not ChannelConformance
    }
    assert set(found) == set(BUILT_IN), "every venue of ours passes the suite"
    return [found[key] for key in BUILT_IN]


def test_table_of_venues_and_cases_is_up_to_date() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = f"{before}{BEGIN}{venues_table(_benches())}{END}{after}"
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
