"""Every venue with its counterpart failing in every way: nothing lost, nothing doubled, what is in doubt is shown."""

import pytest

from tests.channels.benches import benches
from tests.journey.faults import HELD, IN, OUT, SHOWN, Row, bring_badly, channel_at, send_badly

pytestmark = pytest.mark.django_db(transaction=True)
BENCHES = {key: bench for key, bench in benches().items() if bench.counterpart() is not None}
ROWS: dict[str, Row] = {}


@pytest.mark.parametrize("key", BENCHES)
def test_nothing_is_lost_or_doubled_whatever_fails(key: str) -> None:
    bench = BENCHES[key]
    caps, row = bench.venue.caps, Row(bench.venue.name)
    place = bench.counterpart()
    assert place is not None
    with place as there:
        channel = channel_at(bench, there)
        bring_badly(bench, channel, row)
        if caps.public or caps.private:
            send_badly(bench, channel, there, row)
    print(row)
    assert (row.lost, row.doubled) == (0, 0), row
