"""Somebody who comes again, and two cases in one talk, by the keyboard in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from hark.conversations.actions.merging import split
from hark.conversations.models import Case, Message
from hark.kernel.db import execute
from hark.organisation.models import Agent, Channel
from hark.workspace.actions.acts import author_of
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World, a_saved_reply, case_of, known, make_channel, make_corner, say

WORDS = ("My SIM card will not activate.", "SIM card still not active", "The SIM card is dead: activate it!")
Corner = tuple[Agent, Channel]


@pytest.fixture(scope="module")
def corner(running: Product, plum: World) -> Corner:
    """A corner of its own."""
    with running.data():
        return make_corner(plum, "Again")


def come_again(channel: Channel, name: str, *more: str) -> Case:
    """Somebody has come on three days, by chat and by another way."""
    other = make_channel(channel.inbox, "simulated", f"@{name}")
    for number, (where, text) in enumerate(zip((channel, other, channel), WORDS, strict=True)):
        message = say(where, known(name, name=name), text, kind="direct", thread_id=f"{name}{number}")
        execute(
            "UPDATE conversations_message SET sent_at = sent_at - make_interval(days => %s) WHERE id = %s",
            [2 - number, message.pk],
        )
        said = Message.objects.get(pk=message.pk)
        Case.objects.filter(pk=case_of(message).pk).update(last_message_at=said.sent_at)
    for text in more:
        message = say(channel, known(name, name=name), text, kind="direct", thread_id=f"{name}2", ago=20)
    return Case.objects.get(pk=case_of(message).pk)


@pytest.mark.parametrize(("scheme", "size"), [("light", (1440, 900)), ("dark", (360, 740)), ("light", (360, 740))])
def test_head_of_who_comes_again_is_read_by_everybody(
    running: Product, corner: Corner, opened: Opened, scheme: str, size: tuple[int, int]
) -> None:
    agent, channel = corner
    with running.data():
        case = come_again(channel, f"Mia{scheme}{size[0]}", "And who pays for the days?")
        begins = Message.objects.filter(conversation__case=case).latest("pk")
        split(conversation_id=begins.conversation_id, actor=author_of(agent), from_message_id=begins.pk)
    page = opened(f"/case/{case.key}/?view=all", as_=agent, color_scheme=scheme, width=size[0], height=size[1])
    expect(page.locator("#case-head")).to_contain_text("3rd contact on this matter")
    expect(page.locator("#case-head")).to_contain_text("In one talk with And who pays for the days?")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_key_says_it_is_another_matter_and_brings_it_back(running: Product, corner: Corner, opened: Opened) -> None:
    agent, channel = corner
    with running.data():
        case = come_again(channel, "Ida")
    page = opened(f"/case/{case.key}/?view=all", as_=agent)
    expect(page.locator(f"#row-{case.key}")).to_contain_text("Again, 3rd")
    page.keyboard.press("Shift+G")
    expect(page.locator("#said")).to_contain_text("not the same matter as before")
    expect(page.locator("#case-head")).to_contain_text("said: not the same matter as before.")
    page.keyboard.press("z")
    expect(page.locator("#case-head")).to_contain_text("3rd contact on this matter")


def test_saved_reply_alone_is_refused_with_the_reason(
    running: Product, plum: World, corner: Corner, opened: Opened
) -> None:
    agent, channel = corner
    with running.data():
        a_saved_reply(plum, "Hello {{first_name}}, switch it off and on.", title="Switch it off")
        case = come_again(channel, "Una")
    page = opened(f"/case/{case.key}/?view=all", as_=agent)
    page.keyboard.press("p")
    page.keyboard.type(";")
    expect(page.locator("#picker .picker__word")).to_be_focused()
    page.keyboard.type("Switch it off")
    expect(page.locator('#picker [aria-selected="true"]')).to_contain_text("Switch it off")
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("Hello Una, switch it off and on.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline")).to_contain_text("Hello Una, switch it off and on.")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator("#said")).to_contain_text("Add a word of your own first")
    expect(page.locator("#case-head .facts b").first).not_to_have_text("Resolved")


def test_last_message_goes_to_the_other_case_by_one_key(running: Product, corner: Corner, opened: Opened) -> None:
    agent, channel = corner
    with running.data():
        ola = known("Ola", name="Ola")
        first = case_of(say(channel, ola, "My SIM will not activate.", thread_id="ola", ago=300))
        second = say(channel, ola, "And the bill is wrong.", thread_id="ola", ago=200)
        new = split(conversation_id=second.conversation_id, actor=author_of(agent), from_message_id=second.pk)
        say(channel, ola, "Is it active now?", thread_id="ola", ago=100)
    page = opened(f"/case/{new.key}/?view=all", as_=agent)
    expect(page.locator("#case-head")).to_contain_text("In one talk with My SIM will not activate.")
    page.keyboard.press("Shift+H")
    expect(page.locator("#said")).to_contain_text("Moved to the other case.")
    expect(page.locator("#timeline")).to_contain_text(
        "moved what the customer wrote last to the other case of this talk"
    )
    page.locator("#case-head").get_by_role("link", name="My SIM will not activate.").click()
    expect(page.locator(".case__title")).to_have_text("My SIM will not activate.")
    expect(page.locator("#timeline")).to_contain_text(re.compile("brought what the customer wrote last here"))
    with running.data():
        talks = dict(Message.objects.filter(identity__contact=ola.contact_id).values_list("text", "conversation__case"))
    assert talks["Is it active now?"] == first.pk
    assert talks["And the bill is wrong."] == new.pk
