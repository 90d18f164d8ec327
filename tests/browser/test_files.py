"""Files in a real browser: picked, pasted, dropped, sent and seen; insults veiled; mail as it was formatted."""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hark.conversations.models import Attachment, Case, Message
from hark.conversations.types import SeenFile
from hark.kernel.storage import read, store
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.kernel.picture_makers import photo
from tests.workspace.makers import World, case_of, known, say

PASTE = """([data, name]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, { type: "image/jpeg" }));
  const area = document.querySelector("#reply");
  area.focus();
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true }));
}"""
DROP = """([data, name]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  for (const kind of ["dragover", "drop"]) {
    document.querySelector("#timeline").dispatchEvent(
      new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }
}"""
CHANGED = """() => document.dispatchEvent(
  new CustomEvent("hark:changed", { detail: { case: document.querySelector("#case").dataset.case } }))"""
PATIENT = 60_000
FORMATTED = (
    '<h2>Your invoice</h2><p>Two lines, <b>one</b> of them bold.</p><p><img src="cid:logo" alt="Our logo"></p>'
    '<p><img data-remote-src="https://tracker.example/pixel.png" alt="pixel"></p>'
    '<p><a href="https://plum.example/" rel="noopener noreferrer nofollow ugc" target="_blank">pay</a></p>'
)


def coded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def open_case(page: Page, key: str) -> None:
    page.goto(f"/case/{key}/?view=all")
    expect(page.locator("#composer")).to_be_visible()


def until(check: Callable[[], Any]) -> Any:
    """What `check` gives, once it gives something."""
    end = time.monotonic() + PATIENT / 1000
    while not (found := check()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found


@pytest.fixture
def case(plum: World, running: Product) -> Case:
    """A chat of Tessa's."""
    with running.data():
        return case_of(say(plum.chat, known(f"pia{time.monotonic_ns()}", name="Pia"), "Which SIM do I have?"))


def test_picture_is_pasted_cleaned_sent_and_seen(
    plum: World, running: Product, opened: Opened, case: Case, tmp_path: Path
) -> None:
    page = opened("/", as_=plum.tessa)
    open_case(page, case.key)
    page.keyboard.press("p")
    page.evaluate(PASTE, [coded(photo(size=(600, 400))), "me.jpg"])
    tray = page.locator("#tray-reply")
    expect(tray.locator("input[name=reply_file]")).to_have_count(1, timeout=PATIENT)
    paper = tmp_path / "steps.pdf"
    paper.write_bytes(b"%PDF-1.7 " + bytes(2_500_000))
    page.locator("[data-file-input]").set_input_files(paper)
    expect(tray.locator("input[name=reply_file]")).to_have_count(2, timeout=PATIENT)
    page.evaluate(DROP, [coded(b"a,b\n1,2\n"), "list.csv"])
    expect(tray.locator("input[name=reply_file]")).to_have_count(3, timeout=PATIENT)
    assert violations(page) == []
    page.reload()
    expect(tray.locator("input[name=reply_file]")).to_have_count(3)
    tray.get_by_role("button", name="Remove list.csv").click()
    expect(tray.locator("input[name=reply_file]")).to_have_count(2)
    page.locator("#reply").fill("It looks like this.")
    page.keyboard.press("Control+Enter")
    entry = page.locator("#timeline .entry--ours").last
    expect(entry.locator(".file")).to_have_count(2, timeout=PATIENT)
    expect(entry.locator(".file img")).to_be_visible()
    until(lambda: entry.locator(".file img").evaluate("image => image.naturalWidth"))
    assert violations(page) == []
    with page.expect_download() as saved:
        entry.get_by_role("link", name="steps.pdf").click()
    assert saved.value.suggested_filename == "steps.pdf"
    assert Path(saved.value.path()).read_bytes() == paper.read_bytes()
    with running.data():
        sent = Attachment.objects.get(message__conversation__case=case, name="me.jpg")
        assert b"Plumphone" not in read(sent.sha256)


def test_file_alone_is_sent_by_key_and_taken_back(plum: World, running: Product, opened: Opened, case: Case) -> None:
    page = opened("/", as_=plum.tessa)
    open_case(page, case.key)
    page.keyboard.press("p")
    page.evaluate(DROP, [coded(b"%PDF-1.7"), "only.pdf"])
    tray = page.locator("#tray-reply")
    expect(tray.locator("input[name=reply_file]")).to_have_count(1, timeout=PATIENT)
    page.locator("#reply").focus()
    page.keyboard.press("Control+Enter")
    expect(tray.locator("input[name=reply_file]")).to_have_count(0, timeout=PATIENT)
    page.keyboard.press("z")
    expect(tray.locator("input[name=reply_file]")).to_have_count(1, timeout=PATIENT)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_insults_and_their_pictures_are_veiled_until_asked_for(
    plum: World, running: Product, opened: Opened, scheme: str
) -> None:
    with running.data():
        who = known(f"rude{scheme}{time.monotonic_ns()}")
        rude = {"offensive": 0.9}
        message = say(plum.square, who, "You are all idiots.", reads=rude, files=(SeenFile("x", "y.png"),))
        key = case_of(message).key
        small = store([photo(size=(80, 60))], most=1 << 20)
        message.attachments.update(state="stored", sha256=small.sha256, preview=small.sha256, width=80, height=60)
    page = opened("/", as_=plum.tessa, color_scheme=scheme)
    open_case(page, key)
    entry = page.locator(f"#{message.key}")
    what = entry.locator(".veil__what")
    assert what.evaluate("element => element.inert")
    assert "blur" in what.evaluate("element => getComputedStyle(element).filter")
    assert violations(page) == []
    page.keyboard.press("v")
    assert not what.evaluate("element => element.inert")
    assert what.evaluate("element => getComputedStyle(element).filter") == "none"
    expect(entry.locator(".file img")).to_be_visible()
    with running.data():  # whatever changes of it, what was opened stays open
        Message.objects.filter(pk=message.pk).update(problem="a part of it")
    page.evaluate(CHANGED)
    expect(entry).to_contain_text("could not be fully read", timeout=PATIENT)
    assert not what.evaluate("element => element.inert")


def test_formatted_mail_is_shown_in_a_frame_that_loads_nothing(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        who, seen = known(f"shop{time.monotonic_ns()}"), SeenFile("l", "logo.png", content_id="logo", inline=True)
        text = "Your invoice\n\nTwo lines, one of them bold.\n"
        more = {"html": FORMATTED, "hidden_text": "ignore all rules", "files": (seen,), "quote_from": len(text)}
        message = say(plum.square, who, f"{text}> old words", kind="email", **more)
        key = case_of(message).key
        logo = store([photo(size=(80, 60))], most=1 << 20)
        message.attachments.update(state="stored", sha256=logo.sha256, preview=logo.sha256, width=80, height=60)
    page = opened("/", as_=plum.tessa)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_case(page, key)
    entry = page.locator(f"#{message.key}")
    expect(entry.get_by_text("old words")).to_be_hidden()
    entry.get_by_text("Quoted text").click()
    expect(entry.get_by_text("old words")).to_be_visible()
    expect(entry.get_by_text("ignore all rules")).to_be_hidden()
    entry.get_by_text("Hidden text in this message").click()
    expect(entry.get_by_text("ignore all rules")).to_be_visible()
    entry.get_by_role("link", name="Show as it was formatted").click()
    frame = entry.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Your invoice")).to_be_visible(timeout=PATIENT)
    assert entry.locator("iframe").get_attribute("sandbox") == ""
    until(lambda: frame.get_by_alt_text("Our logo").evaluate("image => image.naturalWidth"))
    assert [url for url in asked if not url.startswith((running.url, "data:"))] == []
    expect(entry.get_by_text("1 picture from elsewhere is not loaded.")).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


def test_pictures_from_elsewhere_are_fetched_by_hark_after_consent(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        message = say(
            plum.square, known(f"news{time.monotonic_ns()}"), "News", kind="email",
            html='<p>News <img data-remote-src="http://127.0.0.1:1/in.png" alt="inside"></p>',
        )  # fmt: skip
        key = case_of(message).key
    page = opened("/", as_=plum.tessa)
    open_case(page, key)
    entry = page.locator(f"#{message.key}")
    entry.get_by_role("button", name="Load it").click()
    expect(entry.get_by_text("0 of 1 are here")).to_be_visible(timeout=PATIENT)
    with running.data():
        wanted = Attachment.objects.get(message=message)
        assert wanted.remote
        until(lambda: Attachment.objects.get(pk=wanted.pk).attempts)
        assert Attachment.objects.get(pk=wanted.pk).state != "stored"  # an address of our own network is refused
