"""Search in a real browser: by keys alone, in light and dark, wide and on a phone."""

import pytest
from playwright.sync_api import Page, expect

from hark.conversations.actions.searching import rebuild
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World, case_of, heard, maud


@pytest.fixture(scope="module")
def case_key(running: Product, plum: World) -> str:
    """Maud's story and a stream, findable."""
    with running.data():
        _, said = maud(plum)
        heard(plum)
        list(rebuild())
        return case_of(said[0]).key


def test_case_is_found_and_opened_by_keys_alone(case_key: str, plum: World, opened: Opened) -> None:
    page = opened("/", as_=plum.tessa)
    page.keyboard.press("/")
    page.wait_for_url("**/search/")
    expect(page.locator(".search__box")).to_be_focused()
    page.keyboard.type("took the mon")
    expect(page.locator("#found mark").first).to_have_text("took")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found [data-hit]").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator(".search__box")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#found [data-hit]").first).to_be_focused()
    assert "q=took+the+mon" in page.url or "q=took%20the%20mon" in page.url
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/case/{case_key}/**")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (360, 740)])
@pytest.mark.parametrize("query", ["", "Maud", "plum", "zebra mood:purple "])
def test_page_has_no_violation_and_nothing_overflows(
    case_key: str, plum: World, opened: Opened, scheme: str, size: tuple[int, int], query: str
) -> None:
    page = opened("/", as_=plum.tessa, color_scheme=scheme, width=size[0], height=size[1])
    page.goto(f"/search/?q={query}")
    assert violations(page) == []
    assert not overflows(page)


def overflows(page: Page) -> bool:
    """Must anybody scroll sideways?"""
    wider = "[document.documentElement, document.querySelector('#main')].some(one => one.scrollWidth > innerWidth)"
    return bool(page.evaluate(wider))
