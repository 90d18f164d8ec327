"""Take the pictures of docs/screenshots from a running demo: `make screenshots`. Everybody in them is invented."""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from scripts.get_browser import ARGUMENTS, chromium

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
PORT = 8426
BASE = f"http://127.0.0.1:{PORT}"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 740}
STORY = "My Roam bundle was charged two times on 10 October. Can I get one back?"
ANSWER = "Hello! I see both payments. One of them goes back to your card today before 15:00."


@contextmanager
def demo() -> Iterator[None]:
    """A demo that has told its past and goes on."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [
            str(Path(sys.executable).parent / "hark"),
            "demo",
            "--no-browser",
            "--port",
            str(PORT),
            "--rate",
            "30",
        ]
        log = (Path(folder) / "demo.log").open("wb")
        running = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "HARK_LOG_LEVEL": "WARNING"})
        try:
            wait_until_up()
            time.sleep(40)
            yield
        finally:
            running.terminate()
            running.wait(60)
            log.close()


def wait_until_up() -> None:
    """Until the demo's pages answer; at most a minute."""
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{BASE}/demo/", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
        else:
            return
    raise SystemExit("The demo did not come up.")


def person(browser: Browser, theme: str, size: dict[str, int], email: str = "tessa@plum.example") -> Page:
    """A signed-in page."""
    page = browser.new_context(viewport=size, color_scheme=theme, device_scale_factor=1).new_page()  # type: ignore[arg-type]
    page.goto(f"{BASE}/demo/")
    page.locator(f"form:has(input[value='{email}']) button").click()
    page.wait_for_url(f"{BASE}/**")
    page.wait_for_timeout(2500)
    return page


def picture(page: Page, name: str) -> None:
    """Save what is seen."""
    page.wait_for_timeout(600)
    page.screenshot(path=str(PICTURES / f"{name}.png"))
    print(name)


def chat(browser: Browser, theme: str, size: dict[str, int]) -> Page:
    """A visitor who has written in the shop's chat."""
    page = browser.new_context(viewport=size, color_scheme=theme).new_page()  # type: ignore[arg-type]
    page.goto(f"{BASE}/demo/shop/")
    page.get_by_role("button", name="Chat").first.click()
    frame = page.frame_locator("iframe")
    frame.locator("textarea, input[type=text]").first.fill(STORY)
    page.keyboard.press("Enter")
    page.wait_for_timeout(1500)
    return page


def answer_the_chat(agent: Page) -> None:
    """Accept what is offered until the visitor's case is in hand, and answer it."""
    agent.goto(f"{BASE}/?view=unassigned")
    agent.locator(".row", has_text="My Roam bundle").first.click()
    agent.wait_for_timeout(1200)
    box = agent.locator("textarea:visible").first
    box.fill(ANSWER)
    box.press("Control+Enter")


def desk(browser: Browser) -> None:
    """Inbox, stream and the rest, as agents see them."""
    for name, theme, size in (("light", "light", WIDE), ("dark", "dark", WIDE), ("360", "light", PHONE)):
        page = person(browser, theme, size)
        page.goto(f"{BASE}/?view=unassigned")
        picture(page, f"list-{name}")
        page.locator(".row", has_text=re.compile("I am done|Third time")).first.click()
        page.wait_for_timeout(1500)
        picture(page, f"inbox-{name}")
        page.keyboard.press("Control+k")
        page.keyboard.type("re")
        picture(page, f"palette-{name}")
        for place in ("stream", "today"):
            page.goto(f"{BASE}/{place}/")
            picture(page, f"{place}-{name}")
        page.goto(f"{BASE}/search/?q=roaming")
        picture(page, f"search-{name}")
    owner = person(browser, "light", WIDE, "milo@plum.example")
    for name in ("parked", "settings"):
        owner.goto(f"{BASE}/{name}/")
        picture(owner, name)


def customers(browser: Browser) -> None:
    """The chat with its answer, and the form."""
    visitor = chat(browser, "light", WIDE)
    answer_the_chat(person(browser, "light", WIDE))
    visitor.wait_for_timeout(18_000)
    picture(visitor, "widget-light")
    picture(chat(browser, "dark", PHONE), "widget-360")
    visitor.goto(f"{BASE}/demo/")
    form = visitor.get_by_role("link", name="Send the contact form").get_attribute("href")
    visitor.goto(f"{BASE}{form}")
    picture(visitor, "form-light")


def main() -> int:
    """All pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with demo(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=ARGUMENTS)
        desk(browser)
        customers(browser)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
