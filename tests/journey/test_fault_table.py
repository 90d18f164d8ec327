"""Every venue with its counterpart failing in every way: nothing lost, nothing doubled, what is in doubt is shown."""

import os
from pathlib import Path

import pytest

from hark.channels.testing.conformance.bench import Bench
from tests.channels.benches import benches
from tests.journey.failing_arrivals import IN, bring_badly, tells_time
from tests.journey.failing_sends import OUT, UNSURE, send_badly
from tests.journey.fault_rows import HELD, SHOWN, UNTIMED, Row, channel_at, fault_table

pytestmark = pytest.mark.django_db(transaction=True)
BENCHES = {key: bench for key, bench in benches().items() if type(bench).counterpart is not Bench.counterpart}
TIMED = ("backwards", "three days late")
ROWS: dict[str, Row] = {}
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "venues.md"
BEGIN, END = "<!-- faults: made by the suite -->\n", "<!-- end of the faults -->\n"


@pytest.mark.parametrize("key", BENCHES)
def test_nothing_is_lost_or_doubled_whatever_fails(key: str) -> None:
    bench = BENCHES[key]
    caps, row = bench.venue.caps, Row(bench.venue.name)
    answers, place = caps.public or caps.private, bench.counterpart()
    assert place is not None
    with place as there:
        channel = channel_at(bench, there)
        bring_badly(bench, channel, row)
        if answers:
            send_badly(bench, channel, there, row)
    came = dict.fromkeys(IN, HELD)
    if not tells_time(bench):
        came |= dict.fromkeys(TIMED, UNTIMED)
    remembers = caps.idempotent_send != "none"
    sent = {name: SHOWN if name in UNSURE and not remembers else HELD for name in OUT if answers}
    assert row.cells == {**sent, **came}
    assert (row.lost, row.doubled, row.shown) == (0, 0, len(UNSURE) if answers and not remembers else 0), row
    ROWS[key] = row


def test_fault_table_is_up_to_date() -> None:
    if set(ROWS) != set(BENCHES):
        pytest.skip("made of all venues of one run of this file")
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = f"{before}{BEGIN}{fault_table(list(ROWS.values()), [*OUT, *IN])}{END}{after}"
    if os.environ.get("HARK_WRITE_DOCS"):
        DOCUMENT.write_text(fresh, encoding="utf-8")
    assert text == fresh or os.environ.get("HARK_WRITE_DOCS")
