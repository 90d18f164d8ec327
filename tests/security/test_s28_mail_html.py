"""Row 28: stored XSS by mail HTML. In a real Chromium, without any policy: what was cleaned runs and loads nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from hark.kernel.foreign_html import clean_html
from tests.clean import wrong_in
from tests.hostile import attack_lines, hostile
from tests.portal.browser import chromium

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("hostile browser")]

HOME = "http://clean.example/"
A_PAGE = 40  # lines; where one leads the page away, only so many can hide behind it
WATCH = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = (...said) => window.ran.push(name);
addEventListener("click", event => event.preventDefault(), true);
addEventListener("submit", event => event.preventDefault(), true);
"""
SHOW = """pieces => {
  for (const piece of pieces) {
    const place = document.createElement("div");
    document.body.append(place);
    place.innerHTML = piece;
    for (const one of place.querySelectorAll("*"))
      for (const name of ["mouseover", "mouseenter", "mousemove", "pointerdown", "click", "focus", "blur", "load",
                          "error", "toggle", "input", "keydown", "animationstart", "transitionend", "wheel", "paste"])
        one.dispatchEvent(new Event(name, {bubbles: true, cancelable: true}));
  }
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


class Exhibition:
    """Pieces of HTML put into pages without a policy; what ran there, and what was asked for."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context()
        self.context.add_init_script(WATCH)
        self.context.route("**/*", self._answer)
        self.asked: list[str] = []
        self.ran = 0

    def _answer(self, route: Route) -> None:
        if route.request.url == HOME:
            route.fulfill(body="<!doctype html><meta charset=utf-8><body>", content_type="text/html")
        else:
            self.asked.append(route.request.url)
            route.abort()

    def show(self, pieces: list[str]) -> None:
        for start in range(0, len(pieces), A_PAGE):
            page = self.context.new_page()
            page.on("dialog", lambda dialog: dialog.dismiss())
            page.goto(HOME)
            page.evaluate(SHOW, pieces[start : start + A_PAGE])
            page.wait_for_timeout(100)  # what loads or moves does so now
            self.ran += self._ran(page)
            page.close()

    def _ran(self, page: Page) -> int:
        assert page.url.startswith(HOME), "a piece led the page away"
        return int(page.evaluate("window.ran.length"))


def feeds(*, every: int) -> list[str]:
    """The hostile feeds as if they were fragments, and the sanitiser's pairs."""
    found = sorted([*hostile("xss-feedparser").rglob("*.xml"), *hostile("xss-bleach").rglob("*.test")])
    return [path.read_text("utf-8", "replace") for path in found[::every]]


def test_cleaned_lines_run_nothing_and_load_nothing(browser: Browser) -> None:
    pieces = [clean_html(line).html for line in [*attack_lines(every=6), *feeds(every=6)]]
    assert len(pieces) > 300
    assert [piece for piece in pieces if wrong_in(piece)] == []
    shown = Exhibition(browser)
    shown.show(pieces)
    assert (shown.ran, shown.asked) == (0, [])


def test_the_same_pages_do_run_what_was_not_cleaned(browser: Browser) -> None:
    """So that the figure above means something."""
    shown = Exhibition(browser)
    shown.show(["<img src=x onerror=alert(1)>", "<img src='http://t.example/pixel.gif'>"])
    assert shown.ran >= 1
    assert "http://t.example/pixel.gif" in shown.asked


def test_all_lines_are_clean_to_a_plain_reading() -> None:
    assert [line for line in [*attack_lines(), *feeds(every=1)] if wrong_in(clean_html(line).html)] == []
