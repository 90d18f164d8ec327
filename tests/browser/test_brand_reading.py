"""The settings of how a brand is read, in a browser: tried before kept, errors beside their fields, no violation."""

import pytest
from playwright.sync_api import expect

from hark.organisation.actions.brand_reading import keep_intent
from hark.organisation.types import OwnIntent
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World

POINTS = ("my bonus points are missing", "how do I spend my bonus points", "no points for my last purchase")


def test_words_and_intents_are_tried_and_kept(plum: World, opened: Opened) -> None:
    page = opened(f"/settings/brands/?brand={plum.brand.key}", as_=plum.owner)
    page.get_by_role("link", name="Words", exact=True).click()
    page.get_by_label("Always critical").fill("the")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".field__error")).to_contain_text("is too broad")
    page.get_by_label("Always critical").fill("gizmo recall")
    page.get_by_label("Try a message").fill("Is my phone in the gizmo recall?")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#trial")).to_contain_text("critical")
    expect(page.locator("#trial")).to_contain_text("own list")
    assert violations(page) == []
    page.locator("h1").click()
    page.keyboard.press("s")
    expect(page.locator("#said")).to_contain_text("Kept")
    page.get_by_role("link", name="Intents", exact=True).click()
    page.get_by_label("Name of the intent").fill("Loyalty points")
    page.get_by_label("Examples, one a line").fill(POINTS[0])
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".field__error")).to_contain_text("At least 3 different examples")
    page.get_by_label("Examples, one a line").fill("\n".join(POINTS))
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#settings table")).to_contain_text("Loyalty points")
    page.get_by_role("link", name="Moods", exact=True).click()
    expect(page.get_by_label("Reply within, % of the promise").nth(3)).to_have_value("50")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_pages_of_a_brands_reading_have_no_violation_and_do_not_overflow(
    plum: World, running: Product, opened: Opened, scheme: str, width: int
) -> None:
    with running.data():
        intent = keep_intent(brand=plum.brand, intent=OwnIntent(f"Points {scheme} {width}", tuple(
            f"{example} {scheme} {width}" for example in POINTS
        )))  # fmt: skip
    base = f"/settings/brands/{plum.brand.key}/"
    page = opened(f"{base}words/", as_=plum.owner, width=width, height=800, color_scheme=scheme)
    for address in (
        f"{base}terms/",
        f"{base}words/",
        f"{base}intents/",
        f"/settings/intents/{intent.key}/",
        f"{base}plans/",
        f"{base}mutes/",
    ):
        page.goto(page.url.split("/settings/")[0] + address)
        assert violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
