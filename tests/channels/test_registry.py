"""Which venues there are."""

from importlib.metadata import EntryPoint
from typing import ClassVar

import pytest

from hark.channels import registry
from hark.channels.base import Venue
from hark.channels.types import Account, Caps, Inbound, Raw


class Pigeon(Venue):
    """A venue that somebody else brought."""

    key: ClassVar[str] = "pigeon"
    name: ClassVar[str] = "Pigeon post"
    proof: ClassVar[str] = "simulated"
    caps: ClassVar[Caps] = Caps()

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        return []


def test_own_venues_are_there_and_say_how_they_are_proved() -> None:
    found = registry.venues()
    assert {"webchat", "form", "simulated"} <= set(found)
    assert [key for key, venue in found.items() if venue.key != key] == []
    assert found["simulated"].name == "Simulated"
    assert {venue.proof for venue in found.values()} <= {"real server", "recorded data", "specification", "simulated"}


def test_unknown_venue_is_named_with_those_there_are() -> None:
    with pytest.raises(registry.UnknownVenue, match=r"'pigeon'; known: api, .*simulated, .*webchat"):
        registry.venue("pigeon")


def test_venue_for_tests_is_there_only_while_it_is_needed() -> None:
    with registry.register_for_tests(Pigeon()):
        assert registry.venue("pigeon").name == "Pigeon post"
        assert "pigeon" in registry.venues()
    assert "pigeon" not in registry.venues()


def test_venue_of_an_installed_package_is_found_and_a_broken_one_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("pigeon", "tests.channels.test_registry:Pigeon", registry.GROUP),
        EntryPoint("broken", "no.such.module:Venue", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    registry._installed.cache_clear()
    try:
        assert registry.venue("pigeon").key == "pigeon"
        assert "broken" not in registry.venues()
    finally:
        monkeypatch.undo()
        registry._installed.cache_clear()


def test_venue_that_promises_nothing_refuses_by_itself() -> None:
    venue, account = Pigeon(), Account("c")
    assert venue.caps_for(account) == Caps()
    assert venue.poll(account, "7").next_cursor == "7"
    assert venue.check(account).problems == ()
