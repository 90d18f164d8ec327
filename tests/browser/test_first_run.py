"""The first run in a browser, from nothing to a desk with channels and colleagues."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from hark.organisation.models import Agent, Channel, Inbox
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import PASSWORD


@pytest.fixture
def empty(tmp_path: Path, django_db_blocker: Any) -> Iterator[Product]:
    """A Hark that nobody has set up."""
    product = Product(tmp_path, django_db_blocker)
    product.start()
    yield product
    product.stop()


def test_first_run_takes_five_short_pages(browser: Browser, empty: Product) -> None:
    page = browser.new_page(base_url=empty.url, viewport={"width": 1280, "height": 800})
    page.goto("/")
    assert violations(page) == []
    page.get_by_label("Name of your organisation").fill("Plum")
    page.get_by_label("Your name").fill("Ada Owner")
    page.get_by_label("Your e-mail address").fill("ada@plum.example")
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the organisation").click()
    expect(page.get_by_role("heading", name="What do you listen for?")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Words that mean something else").fill("cake, fruit")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("First reply, minutes").first).to_have_value("2")
    assert violations(page) == []
    page.get_by_label("In public: posts, comments, reviews").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Connect")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Connect").click()
    expect(page.locator(".snippet")).to_have_count(2)
    page.get_by_role("link", name="Go on").click()
    page.get_by_label("Name").fill("Tessa Okonedo")
    page.get_by_label("E-mail address").fill("tessa@plum.example")
    page.get_by_role("button", name="Add").click()
    link = page.locator(".secret").inner_text()
    assert violations(page) == []
    page.get_by_role("link", name="To the inbox").click()
    expect(page.get_by_role("heading", name="Nothing is yours just now")).to_be_visible()
    with empty.data():
        assert Agent.objects.count() == Channel.objects.count() == 2
        assert [inbox.name for inbox in Inbox.objects.order_by("pk")] == ["Chat", "Care", "Public"]
    other = browser.new_page(base_url=empty.url)
    other.goto("/join/" + link.split("/join/")[1])
    other.get_by_label("Password", exact=False).first.fill(PASSWORD)
    other.get_by_label("Password again").fill(PASSWORD)
    other.get_by_role("button", name="Set password").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    other.close()
    page.close()
