"""The settings page of readings and the unsure lane in a real browser: by keyboard, under axe, narrow and in dark."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from hark.conversations.actions.figures import count_left_aside
from hark.conversations.actions.learning import keep_model
from hark.conversations.models import BrandModel, Correction, ReadingWeek
from hark.conversations.types import Visibility
from hark.kernel.time import database_now
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World, known, say

POST: dict[str, Any] = {"visibility": Visibility.PUBLIC, "kind": "post", "case_reason": ""}
DOUBTS = (("my plum line again", 0.55), ("plum with the kids", 0.5), ("all plum here", 0.42))


@pytest.fixture(scope="module")
def weeks(running: Product, plum: World) -> World:
    """Eight weeks of figures, two models, noise and doubts."""
    with running.data():
        at = database_now()
        monday = at.date() - timedelta(days=at.weekday())
        for back in range(8):
            for field, changed in (("relevance", 3 + back), ("sentiment", 9), ("complaint", 2 * back)):
                ReadingWeek.objects.update_or_create(  # the running product counts this week too
                    brand=plum.brand, week=monday - timedelta(weeks=back), field=field,
                    defaults={
                        "looked_at": 90, "changed": changed,
                        "bases": ["2026.2+bbbbbbbb" if back < 3 else "2026.1+aaaaaaaa"],
                    },
                )  # fmt: skip
        weights = {"examples": 8, "bias": 0.1, "prior_gain": 0.2, "words": {}, "near": []}
        for tested, right in ((0, 0), (5, 4)):
            keep_model(
                brand=plum.brand, at=at, take=True, base="none", weights=weights, probe=None, newest_correction=1,
                examples=25, relevant=11, cancelled=2, agents=3, tested=tested, right=right,
                right_before=3 if tested else 0,
            )  # fmt: skip
        for number in range(6):
            reads = {"label": "irrelevant", "p": 0.02, "about": ("“plum” is how the ordinary word is used",)}
            say(plum.square, known(f"cake{number}"), f"plum cake {number}", thread_id=f"c{number}", reads=reads, **POST)
        for text, p in DOUBTS:
            reads = {"label": "unsure", "p": p, "about": ("little around “plum” speaks of the brand",)}
            say(plum.square, known(text), text, thread_id=text, reads=reads, **POST)
        count_left_aside(at=database_now())
    return plum


@pytest.mark.parametrize(("scheme", "size"), [("light", (1440, 900)), ("dark", (360, 740)), ("light", (360, 740))])
@pytest.mark.parametrize("path", ["/settings/readings/", "/stream/?judged=unsure"])
def test_pages_are_read_by_everybody(
    weeks: World, opened: Opened, path: str, scheme: str, size: tuple[int, int]
) -> None:
    page = opened(path, as_=weeks.owner, color_scheme=scheme, width=size[0], height=size[1])
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight + 1"), "only the panes scroll"


def test_second_look_is_taken_and_a_model_gone_back_to_by_keyboard(
    weeks: World, running: Product, opened: Opened
) -> None:
    page = opened("/settings/readings/", as_=weeks.owner)
    expect(page.locator("#settings")).to_contain_text("4 of 5, before 3")
    page.keyboard.press("j")
    line = page.locator("[data-heard][aria-current]")
    page.keyboard.press("r")
    expect(line.locator(".verdict__word")).to_contain_text("Relevant")
    expect(line).to_contain_text("corrected by Ada Owner")
    page.get_by_role("button", name="Go back to model 1").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Model 1 reads from now on")
    page.keyboard.press("Shift+L")
    expect(page.locator("#said")).to_contain_text("It learns from all corrections now")
    with running.data():
        assert Correction.objects.filter(new_value="relevant", old_value="irrelevant").exists()
        assert BrandModel.objects.get(brand=weeks.brand, active=True).number == 1


def test_doubts_are_settled_in_the_order_that_teaches_by_keyboard(weeks: World, opened: Opened) -> None:
    page = opened("/stream/?judged=unsure", as_=weeks.owner)
    asked = page.locator("[data-heard] .heard__text")
    said = [text for text in asked.all_inner_texts() if text in dict(DOUBTS)]
    assert said == ["plum with the kids", "my plum line again", "all plum here"]
    expect(page.locator(".lane")).to_contain_text("Plum: model")
    first = page.locator("[data-heard]").first
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(first).to_have_class("heard heard--noise")


IN_SIGHT = """(selector) => {
  const here = document.querySelector(selector).getBoundingClientRect();
  const last = document.querySelector(".rail__presence").getBoundingClientRect();
  const end = selector.startsWith(".rail") ? last.left : innerWidth;
  return here.left >= -0.5 && here.right <= end + 0.5 && here.width > 0;
}"""


@pytest.mark.parametrize("path", ["/settings/readings/", "/settings/teams/", "/settings/keys/"])
def test_on_a_phone_the_bars_show_the_place_at_hand(weeks: World, opened: Opened, path: str) -> None:
    page = opened(path, as_=weeks.owner, width=360, height=740)
    assert page.evaluate(IN_SIGHT, ".nav [aria-current]"), "the settings' own bar"
    assert page.evaluate(IN_SIGHT, ".rail [aria-current]"), "Settings in the rail"


def test_spam_by_one_key_in_the_stream_and_on_a_case_and_back(weeks: World, running: Product, opened: Opened) -> None:
    with running.data():
        say(weeks.square, known("seller"), "Buy plum followers here", thread_id="seller", **POST)
        case = say(weeks.chat, known("backlinks"), "SEO backlinks for your site").conversation.case
        assert case is not None
    page = opened("/stream/", as_=weeks.owner)
    page.keyboard.press("j")
    line = page.locator("[data-heard][aria-current]")
    expect(line).to_contain_text("Buy plum followers here")
    page.keyboard.press("!")
    expect(page.locator("#said")).to_contain_text("Spam: 1 message")
    page.goto(page.url.split("/stream/")[0] + "/stream/?judged=spam")
    expect(page.locator("#heard-rows")).to_contain_text("called spam by Ada Owner")
    assert violations(page) == []
    page.goto(page.url.split("/stream/")[0] + f"/case/{case.key}/?view=all")
    page.keyboard.press("!")
    expect(page.locator("#said")).to_contain_text("Spam: 1 case.")
    expect(page.locator("#case-head .facts")).to_contain_text("Spam")
    page.keyboard.press("z")
    expect(page.locator("#case-head .facts")).to_contain_text("Open")


@pytest.mark.parametrize("size", [(1440, 900), (360, 740)])
def test_praise_is_read_by_everybody(weeks: World, opened: Opened, size: tuple[int, int]) -> None:
    page = opened("/praise/?of=team", as_=weeks.owner, width=size[0], height=size[1])
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
