"""A visitor chats in one browser, an agent answers in another; nobody reloads anything."""

import re
import time

from playwright.sync_api import Page, expect

from hark.conversations.models import Case
from hark.organisation.actions.people import add_agent
from hark.organisation.models import Inbox
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import PASSWORD, World, make_corner


def available(page: Page) -> None:
    """Say so in the menu."""
    page.locator("#presence").click()
    page.locator("#me-menu").get_by_role("button", name="Available").click()
    expect(page.locator("#presence")).to_contain_text("Available")


def chat(page: Page, words: str) -> None:
    """Write a line as a visitor."""
    page.get_by_label("Your message").fill(words)
    page.get_by_role("button", name="Send").click()


def test_chat_is_offered_accepted_answered_and_seen_without_reloading(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        ann, channel = make_corner(plum, "Chats", undo_seconds=2)
    agent = opened("/", as_=ann)
    available(agent)
    visitor = opened(f"/chat/{channel.key}/")
    chat(visitor, "My new SIM will not activate and nobody answers the phone!")
    offer = agent.locator("[data-offer]")
    expect(offer).to_contain_text("Offered to you")
    assert violations(agent) == []
    agent.keyboard.press("y")
    entry = agent.locator("#timeline .entry").filter(has_text="My new SIM will not activate")
    expect(entry).to_be_visible()
    expect(entry.locator(".visibility")).to_have_text("Private")
    expect(agent.locator("[data-row]").first).to_have_attribute("aria-current", "true")
    agent.keyboard.press("p")
    agent.keyboard.type("Hello, I am looking at your SIM now.")
    agent.keyboard.press("Control+Enter")
    expect(agent.locator("#timeline .entry--ours")).to_contain_text("I am looking at your SIM")
    expect(visitor.get_by_text("I am looking at your SIM now.")).to_be_visible()
    expect(agent.locator("#timeline .entry--ours .receipt")).to_have_text(re.compile("Sent|Delivered|Read"))
    chat(visitor, "Thank you, it says code 14.")
    expect(agent.locator("#timeline")).to_contain_text("it says code 14")
    agent.locator("#timeline-scroll").focus()
    agent.keyboard.press("Shift+E")
    agent.get_by_label("What it shall say").fill("Hello, I am looking at your eSIM now.")
    agent.get_by_role("button", name="Change it").click()
    expect(visitor.get_by_text("I am looking at your eSIM now.")).to_be_visible()
    expect(agent.locator("#timeline .entry--ours")).to_contain_text("1 earlier text")


def test_reply_taken_back_never_reaches_the_visitor(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        Inbox.objects.filter(pk=plum.care.pk).update(undo_seconds=15)
    visitor = opened(f"/chat/{plum.chat.key}/")
    chat(visitor, "Where is the shop in Ghent?")
    with running.data():
        while not Case.objects.filter(title__startswith="Where is the shop").exists():  # a later one is held back
            time.sleep(0.1)
    agent = opened("/?view=all", as_=plum.ruben)
    agent.locator("[data-row]").filter(has_text="Where is the shop in Ghent?").click()
    expect(agent.locator("#timeline")).to_contain_text("Where is the shop in Ghent?")
    agent.keyboard.press("p")
    agent.keyboard.type("Somewhere, I think.")
    agent.keyboard.press("Control+Enter")
    expect(agent.locator("#undo")).to_contain_text("leaves in")
    assert violations(agent) == []
    agent.keyboard.press("z")
    expect(agent.locator("#undo")).to_contain_text("Taken back")
    expect(agent.locator("#reply")).to_have_value("Somewhere, I think.")
    expect(agent.locator("#timeline .entry--ours")).to_have_count(0)
    expect(visitor.get_by_text("Somewhere, I think.")).to_have_count(0)


def test_offer_is_declined_by_two_keys_and_goes_to_a_colleague(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        ann, channel = make_corner(plum, "Shops")
        nora = add_agent(name="Nora Night", email="nora@plum.example", teams=ann.teams.all(), password=PASSWORD)
    first = opened("/", as_=ann)
    available(first)
    visitor = opened(f"/chat/{channel.key}/")
    chat(visitor, "Do you sell phones for children?")
    expect(first.locator("[data-offer]")).to_contain_text("Do you sell phones")
    first.keyboard.press("d")
    first.keyboard.press("2")
    expect(first.locator("[data-offer]")).to_have_count(0)
    second = opened("/", as_=nora)
    available(second)
    expect(second.locator("[data-offer]")).to_contain_text("Do you sell phones")
    second.keyboard.press("y")
    expect(second.locator("#case-head")).to_contain_text("With Nora Night")
