"""From public to private in a browser: the window counts, the line in public is one tick away, the close one key."""

from datetime import timedelta

from playwright.sync_api import expect

from hark.conversations.types import Visibility
from hark.kernel.time import now
from hark.organisation.models import Channel
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World, case_of, known, say

LINE = "We have written to you privately."


def test_case_moves_to_private_with_a_line_and_is_closed_in_public(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        settings = {**plum.square.settings, "moves": "always"}
        Channel.objects.filter(pk=plum.square.pk).update(settings=settings)
        message = say(
            plum.square, known("mover"), "@plumcare my invoice is wrong", visibility=Visibility.PUBLIC,
            targets_us="mention", reply_until=now() + timedelta(hours=3, minutes=5, seconds=30),
        )  # fmt: skip
        key = case_of(message).key
    page = opened(f"/case/{key}/", as_=plum.tessa)
    page.keyboard.press("p")
    expect(page.locator(".composer__window:visible b")).to_have_text("3 h 05")
    send, line = page.locator("[data-send-word]"), page.get_by_label("Line in public")
    expect(send).to_have_text("Reply in private")
    expect(line).to_be_hidden()
    page.get_by_label("Also say in public").check()
    expect(send).to_have_text("Reply in private, say so in public")
    expect(line).to_have_value(LINE)
    assert violations(page) == []
    page.locator("#reply").fill("Please tell me your number here.")
    line.press("Enter")
    expect(page.locator("#timeline .entry--ours")).to_have_count(0)
    line.fill(LINE)
    line.press("Control+Enter")
    expect(page.locator("#timeline .entry--ours")).to_have_count(2)
    page.locator("#timeline-scroll").focus()
    page.keyboard.press("e")
    page.get_by_text("Close it in public").wait_for()
    page.keyboard.press("Shift+R")
    expect(page.locator("#reply")).to_have_value("We have solved this with you privately. Thank you for telling us.")
    expect(send).to_have_text("Reply in public")
