"""The inbox and a case, as pages."""

from collections.abc import Callable

from django.test import Client

from hark.organisation.models import Agent
from tests.workspace.makers import World, case_of, crowd, heard, maud

SignedIn = Callable[[Agent], Client]


def test_list_shows_who_clock_words_mood_and_why(world: World, signed_in: SignedIn) -> None:
    _, said = maud(world)
    page = signed_in(world.tessa).get("/?view=all").content.decode()
    assert "Maud Terlinden" in page
    assert "you took the money twice" in page or "Third time I ask" in page
    assert "left" in page or "Breached" in page
    assert f'href="/case/{case_of(said[-1]).key}/?view=all"' in page


def test_case_shows_ledger_with_evidence_and_readers(world: World, signed_in: SignedIn) -> None:
    _, said = maud(world)
    page = signed_in(world.tessa).get(f"/case/{case_of(said[0]).key}/").content.decode()
    assert '<mark class="evidence">took the money twice</mark>' in page
    assert "Private" in page


def test_stream_shows_verdicts_with_why(world: World, signed_in: SignedIn) -> None:
    heard(world)
    crowd(world)
    page = signed_in(world.tessa).get("/stream/").content.decode()
    assert "the fruit: cake, cinnamon" in page
    assert "Not sure" in page
