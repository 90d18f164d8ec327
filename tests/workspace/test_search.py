"""The search page: what it shows, what it escapes, and how it helps when there is nothing."""

import pytest

from hark.conversations.actions.notes import add_note
from hark.conversations.actions.searching import rebuild
from hark.conversations.queries import search as plans
from hark.conversations.types import Author, Visibility
from hark.kernel.ids import new_uuid
from hark.organisation.models import Agent
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World, case_of, known, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(world: World) -> World:
    """A case with a note, and a message of the stream."""
    first = say(world.chat, known("ann", name="Ann <b>Bold</b>"), "Roaming <script>alert(1)</script> never started")
    by = Author(world.tessa.pk, world.tessa.key, world.tessa.name)
    add_note(case_id=case_of(first).pk, text="Her roaming is on.", author=by, idempotency_key=new_uuid())
    loose = {"visibility": Visibility.PUBLIC, "case_reason": "", "kind": "post", "thread_id": "s"}
    say(world.square, known("bob", name="Bob"), "Roaming with Plum, anyone?", **loose)
    list(rebuild())
    return world


def page(signed_in: SignedIn, agent: Agent, query: str, **headers: str) -> str:
    """The page, or its part."""
    answer = signed_in(agent).get("/search/", {"q": query}, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_hits_are_shown_by_case_with_their_words_marked(told: World, signed_in: SignedIn) -> None:
    text = page(signed_in, told.tessa, "roaming")
    assert "3 found" in text
    assert text.count("<mark>Roaming</mark>") == 2
    assert "Her <mark>roaming</mark> is on." in text
    assert "In the stream, no case" in text
    assert "Open a case" in text


def test_what_strangers_wrote_is_never_markup(told: World, signed_in: SignedIn) -> None:
    text = page(signed_in, told.tessa, '"><script>alert(2)</script>roaming')
    assert "<script>alert" not in text
    text = page(signed_in, told.tessa, "roaming")
    assert "&lt;script&gt;alert(1)" in text
    assert "<b>Bold" not in text


def test_part_of_the_page_is_drawn_while_typing(told: World, signed_in: SignedIn) -> None:
    part = page(signed_in, told.tessa, "roam", HX_Request="true")
    assert part.lstrip().startswith('<div class="found" id="found"')
    assert "<mark>Roaming</mark>" in part


def test_people_stand_first(told: World, signed_in: SignedIn) -> None:
    text = page(signed_in, told.tessa, "ann")
    assert text.index('id="people-title"') < text.index('class="found__groups"')


def test_empty_box_says_what_can_be_typed_and_no_hit_says_what_to_do(told: World, signed_in: SignedIn) -> None:
    assert "is:open" in page(signed_in, told.tessa, "")
    text = page(signed_in, told.tessa, "zebra mood:purple ")
    assert "Nothing is found" in text
    assert "“mood:purple” is no filter here" in text


def test_search_that_is_too_slow_says_how_to_narrow_it(
    told: World, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "TIMEOUT", "1ms")
    monkeypatch.setattr("hark.kernel.fulltext.STEMS", "SELECT pg_sleep(1), %s::text[], %s::text[]")
    assert "Make it narrower" in page(signed_in, told.tessa, "roaming")


def test_next_page_follows_the_first(told: World, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hark.workspace.queries.searching.PAGE", 2)
    client = signed_in(told.tessa)
    first = client.get("/search/", {"q": "roaming"})
    after = first.content.decode().split("after=")[1].split('"')[0]
    older = client.get("/search/", {"q": "roaming", "after": after}, headers={"HX-Request": "true"}).content.decode()
    assert older.count("<mark>") == 1
    assert "<html" not in older
