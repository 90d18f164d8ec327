"""docs/venues.md tells the truth of the day; HARK_WRITE_DOCS=1 with these tests renews its table."""

import os
from pathlib import Path

from hark.channels.registry import BUILT_IN, venues
from hark.channels.testing.table import venues_table
from tests.channels import test_api_channel as api_suite
from tests.channels import test_conformance as suites

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "venues.md"
BEGIN, END = "<!-- table: made by the suite -->\n", "<!-- end of the table -->\n"
BENCHES = (
    suites.TestWebChat(),
    suites.TestContactForm(),
    suites.TestEmail(),
    api_suite.TestApiChannel(),
    suites.TestEncounters(),
    suites.TestSimulated(),
)


def test_table_of_venues_and_cases_is_up_to_date() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = f"{before}{BEGIN}{venues_table(BENCHES)}{END}{after}"
    if os.environ.get("HARK_WRITE_DOCS"):
        DOCUMENT.write_text(fresh, encoding="utf-8")
    assert text == fresh or os.environ.get("HARK_WRITE_DOCS")


def test_every_built_in_venue_is_proved_and_described() -> None:
    assert {bench.venue.key for bench in BENCHES} == set(BUILT_IN)
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [venue.name for key, venue in venues().items() if key in BUILT_IN and f"## {venue.name}" not in text] == []
