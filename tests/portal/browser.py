"""A real Chromium, the real front door, and the workers' part done when the test says so."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from tests.chromium import launched


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser beside tests with a database."""
    with launched() as browser:
        # Playwright keeps an event loop in this thread; Django would refuse the database to the tests beside it.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        try:
            yield browser
        finally:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def a_page(browser: Browser, *, width: int = 1280, scheme: str = "light", script: bool = True) -> Page:
    """A page of a browser profile of its own, which fails the test when a script fails or the policy is broken."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        java_script_enabled=script,
        locale="en-GB",  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.problems = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.problems.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda word: page.problems.append(word.text) if word.type == "error" else None)  # type: ignore[attr-defined]
    return page


def problems(page: Page) -> list[str]:
    """What went wrong in a page; a lost connection that a test has asked for does not count."""
    found: list[str] = page.problems  # type: ignore[attr-defined]
    return [word for word in found if "Failed to load resource" not in word and "ERR_" not in word]


def overflows(page: Page) -> bool:
    """Does the page scroll sideways?"""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
