"""What a page did, told where its test fails: its requests, where it went, what it said, where its focus stood."""

import time
from collections import deque
from collections.abc import Generator

import pytest
from playwright.sync_api import Error, Page, Request

LINES = 60
STANDS = """() => [
  `focus ${document.activeElement?.tagName} ${document.activeElement?.id}`,
  `said ${document.querySelector("#said")?.innerText ?? ""}`,
  `open ${[...document.querySelectorAll("dialog[open], :popover-open")].map((one) => one.id)}`,
].join("; ")"""
FAILED = pytest.StashKey[bool]()


class Diary:
    """The last lines of one page's life, each with its second."""

    def __init__(self, page: Page) -> None:
        self.page, self.begun = page, time.monotonic()
        self.lines: deque[str] = deque(maxlen=LINES)
        page.on("request", lambda request: self.note("asked", request))
        page.on("response", lambda response: self.note(str(response.status), response.request))
        page.on("requestfailed", lambda request: self.note(f"failed ({request.failure})", request))
        page.on("framenavigated", lambda frame: self.write(f"stands at {frame.url}"))

    def write(self, line: str) -> None:
        """One more line."""
        self.lines.append(f"{time.monotonic() - self.begun:7.2f} {line}")

    def note(self, what: str, request: Request) -> None:
        """What became of a request; pictures, styles and scripts are left out."""
        if request.resource_type in {"document", "xhr", "fetch", "eventsource"}:
            self.write(f"{what} {request.method} {request.url}")

    def told(self) -> str:
        """All lines, and how the page stands now."""
        try:
            self.write(str(self.page.evaluate(STANDS)))
        except Error as error:
            self.write(f"cannot be asked: {error}")
        return "\n".join(self.lines)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for the fixture that the test itself has failed."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report
