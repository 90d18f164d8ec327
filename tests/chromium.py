"""A real Chromium for the tests that look at pages, and axe-core to look with. Without a browser they fail."""

from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, sync_playwright
from scripts.get_browser import ARGUMENTS, chromium

FOUND = "axe.run({resultTypes: ['violations']}).then(({violations}) => violations)"


@contextmanager
def launched() -> Iterator[Browser]:
    """Playwright's own Chromium, else the distribution's."""
    with sync_playwright() as playwright:
        path = chromium(playwright)
        assert path, "There is no Chromium: run `make browser`."
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def violations(page: Page) -> list[str]:
    """What axe-core finds, each with where."""
    page.evaluate(AXE_SCRIPT)
    return [
        f"{one['id']}: {node['target']} {node['html'][:120]}" for one in page.evaluate(FOUND) for node in one["nodes"]
    ]
