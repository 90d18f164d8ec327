"""Answering at the venue in a browser: the words go along, the case knows who went, one key says that it is done."""

from playwright.sync_api import expect

from hark.conversations.models import Message
from hark.conversations.types import Visibility
from hark.organisation.models import Channel
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World, case_of, known, say


def test_a_refused_answer_is_taken_to_the_venue_with_its_words_and_told_by_one_key(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        Channel.objects.filter(pk=plum.square.pk).update(settings={**plum.square.settings, "like": "x"})
        message = say(
            plum.square, known("lonely"), "Plum lost my number", visibility=Visibility.PUBLIC, targets_us="keyword",
            permalink=f"{running.url}/static/workspace/mark.svg",
        )  # fmt: skip
        key = case_of(message).key
    page = opened(f"/case/{key}/", as_=plum.tessa, permissions=["clipboard-read", "clipboard-write"])
    page.keyboard.press("r")
    page.get_by_text("This venue allows replies only to people who wrote to us.").locator("visible=true").wait_for()
    assert violations(page) == []
    page.locator("#reply").fill("We call you today.")
    with page.expect_popup() as there, page.expect_request(lambda one: one.url.endswith("/there/")):
        page.locator("[data-there]:visible").click()
    assert there.value.url.endswith("/mark.svg")
    there.value.close()
    page.bring_to_front()
    assert page.evaluate("navigator.clipboard.readText()") == "We call you today."
    page.locator("#timeline-scroll").focus()
    page.keyboard.press("Shift+Y")
    ours = page.locator("#timeline .entry--ours")
    expect(ours).to_have_count(1)
    expect(ours).to_contain_text("answered at the venue, as we were told")
    expect(page.locator("#timeline")).to_contain_text("went to the venue to answer there")
    with running.data():
        assert Message.objects.get(direction="out", conversation=message.conversation).text == "We call you today."
        Channel.objects.filter(pk=plum.square.pk).update(settings=plum.square.settings)
