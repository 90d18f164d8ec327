"""A scripted agent triages new items by keys alone: ten in the suite, a hundred by `make triage`, within ten minutes.

Two of five are posts of the stream (relevant, noise, or a case); three are cases: taken, answered, noted, resolved.
The script reads nothing and types at the speed of a machine, so the seconds are those that Hark itself takes.
"""

import os
import time
from datetime import timedelta

from playwright.sync_api import Page, expect

from hark.conversations.models import Case, Message
from hark.conversations.types import Visibility
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel
from hark.routing.actions import place
from hark.routing.models import WorkItem
from hark.routing.types import NewWork
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.workspace.makers import World, case_of, known, make_channel, make_corner, say

ITEMS = int(os.environ.get("HARK_TRIAGE_ITEMS", "5"))
POSTS = ITEMS * 2 // 5
CASES = ITEMS - POSTS
SECONDS_AN_ITEM = 6.0  # a hundred in ten minutes
SAID = ("The plum cake of my aunt", "No signal with Plum since noon", "Plum charged me for roaming, who helps?")
KEYS = ("x", "r", "o")
ANSWER = "Hello, thank you for writing. It is mended now; please switch your phone off and on once."


def new_posts(square: Channel) -> list[Message]:
    """Posts of which nobody has said yet what they are."""
    return [
        say(
            square, known(f"post{number}", handle=f"@post{number}"), f"{SAID[number % 3]} ({number})", ago=number + 1,
            visibility=Visibility.PUBLIC, case_reason="", kind="post", reads={"label": "unsure", "p": 0.5},
        )
        for number in range(POSTS)
    ]  # fmt: skip


def new_cases(chat: Channel) -> list[Case]:
    """Cases that wait for somebody, as the journey would have placed them."""
    cases = [case_of(say(chat, known(f"asks{number}"), f"My SIM {number} does not work.")) for number in range(CASES)]
    at = database_now()
    place(
        [
            NewWork(case.pk, case.inbox_id, "async", (), at - timedelta(seconds=number), 900)
            for number, case in enumerate(cases)
        ]
    )
    return cases


def judge(page: Page) -> None:
    """Stand on the next post, and say with one key what it is."""
    page.keyboard.press("j")
    line = page.locator("[data-heard][aria-current]")
    expect(line).to_have_count(1)
    text = line.locator(".heard__text").inner_text()
    key = KEYS[next(place for place, said in enumerate(SAID) if text.startswith(said))]
    page.keyboard.press(key)
    if key == "o":
        page.wait_for_url("**/case/**")
        page.keyboard.press("e")
        expect(page.locator("#case-head .facts")).to_contain_text("Resolved")
        page.keyboard.press("g")
        page.keyboard.press("s")
        page.wait_for_url("**/stream/**")
        page.goto("/stream/?judged=unsure")
    else:
        expect(line).to_have_class("heard heard--noise")  # it has left this list, and stays where it stood


def care(page: Page, before: str) -> str:
    """Take the next case, answer it, leave a note, resolve it; gives its key."""
    page.keyboard.press("n")
    expect(page.locator("#case")).not_to_have_attribute("data-case", before)
    expect(page.locator(".case__why")).to_contain_text("Now:")
    page.keyboard.press("p")
    expect(page.locator("#reply")).to_be_focused()
    page.keyboard.insert_text(ANSWER)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#undo")).to_be_visible()
    page.keyboard.press("i")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.insert_text("Told her to restart.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#note")).to_have_value("")
    expect(page.locator("#note")).not_to_be_focused()
    page.keyboard.press("e")
    expect(page.locator("#case-head .facts")).to_contain_text("Resolved")
    return page.locator("#case").get_attribute("data-case") or ""


def test_new_items_are_triaged_by_keys_alone(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        agent, chat = make_corner(plum, "Triage", undo_seconds=15)
        square = make_channel(chat.inbox, "simulated", "@triage")
        posts, cases = new_posts(square), new_cases(chat)
    page = opened("/stream/?judged=unsure", as_=agent)
    begun = time.monotonic()
    for _ in range(POSTS):
        judge(page)
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url(lambda url: "/stream/" not in url)
    key = ""
    for _ in range(CASES):
        key = care(page, key)
    seconds = time.monotonic() - begun
    print(f"\n{ITEMS} items in {seconds:.0f} s, {seconds / ITEMS:.1f} s each")
    with running.data():
        check_all_done(agent, posts, cases)
    if ITEMS >= 100:
        assert seconds <= ITEMS * SECONDS_AN_ITEM


def check_all_done(agent: Agent, posts: list[Message], cases: list[Case]) -> None:
    """Every post is judged or a case, every case answered once, noted and resolved by this agent, nothing in hand."""
    judged = Message.objects.filter(pk__in=[post.pk for post in posts])
    assert judged.filter(corrections__isnull=True, conversation__case__isnull=True).count() == 0
    done = Case.objects.filter(pk__in=[case.pk for case in cases], status="resolved", assignee=agent)
    assert done.count() == len(cases)
    answers = Message.objects.filter(conversation__case__in=cases, direction="out", agent=agent)
    assert answers.count() == answers.values("conversation").distinct().count() == len(cases)
    assert not WorkItem.objects.filter(agent=agent, state="accepted", case__status="resolved", ended_at=None).exists()
