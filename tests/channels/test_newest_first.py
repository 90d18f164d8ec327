"""Lists that change in place: whatever happens between two readings, each change is given once, and no other."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from hark.channels.kit.newest_first import GONE, Entry, Seen, Source, as_value, cursor_in, news, raw_of, seen_in
from hark.channels.types import Raw

START = datetime(2026, 10, 1, tzinfo=UTC)


class Listed:
    """A venue's list: those changed last first, ten a page."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[int, datetime]] = {}  # version, when it was changed
        self.moment = START
        self.asked: list[str] = []

    def touch(self, number: str) -> None:
        """It is written, or changed."""
        self.moment += timedelta(minutes=1)
        self.rows[number] = self.rows.get(number, (0, START))[0] + 1, self.moment

    def pages(self) -> Iterator[list[Entry]]:
        """As it stands now."""
        order = sorted(self.rows, key=lambda number: self.rows[number][1], reverse=True)
        for start in range(0, max(1, len(order)), 10):
            yield [Entry(one, str(self.rows[one][0]), one.encode()) for one in order[start : start + 10]]

    def is_gone(self, number: str) -> bool:
        """Asked by name."""
        self.asked.append(number)
        return number not in self.rows

    def read(self, seen: Seen | None) -> tuple[list[Raw], Seen]:
        """One reading."""
        return news(seen, Source(self.pages(), 25, START, self.is_gone, "place/"))


@pytest.mark.parametrize("lot", range(25))
def test_every_change_is_given_once_and_what_is_only_out_of_sight_is_not_gone(lot: int) -> None:
    chance, listed, dead, given = Random(lot), Listed(), set[str](), list[str]()
    _, seen = listed.read(None)
    for _ in range(60):
        for _ in range(chance.choice([0, 1, 1, 2, 5, 14])):
            known = sorted(listed.rows)
            listed.touch(chance.choice(known) if known and chance.random() < 0.3 else f"n{listed.moment:%d%H%M}")
        if listed.rows and chance.random() < 0.3:
            dead.add(chance.choice(sorted(listed.rows)))
            listed.rows = {number: row for number, row in listed.rows.items() if number not in dead}
        raws, seen = listed.read(seen_in(as_value(seen)))
        gone = {json.loads(raw.body)["gone"] for raw in raws if raw.headers.get("news") == GONE}
        assert gone <= {f"place/{number}" for number in dead}
        given += [raw.id for raw in raws]
        assert listed.read(seen) == ([], seen)
    assert len(given) == len(set(given)), "nothing twice"
    wanted = {raw_of(one, {}).id for page in listed.pages() for one in page}
    assert wanted <= set(given), "each as it stands there now"


def test_list_that_shrinks_to_nothing_is_asked_about_by_name() -> None:
    listed = Listed()
    for number in range(30):
        listed.touch(f"n{number}")
    _, seen = listed.read(None)
    listed.rows.clear()
    raws, seen = listed.read(seen)
    assert len(raws) == 20, "no more at once"
    raws, seen = listed.read(seen)
    assert len(raws) == 5, "the rest of what was remembered"
    assert listed.read(seen) == ([], seen)


def test_cursor_that_cannot_be_read_begins_anew() -> None:
    assert cursor_in("") == cursor_in("{") == cursor_in("[]") == {}
    for bad in (None, [], {"seen": 1}):
        assert seen_in(bad) is None
    assert seen_in({"seen": [["a", "1"], ["b"], 3], "until": "never"}) == Seen((("a", "1"),))
