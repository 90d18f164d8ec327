"""An agent's work tools by the keyboard in a real browser, and their pages under axe."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hark.conversations.models import Case, CaseTag, HeldReply, Message
from hark.conversations.types import Status, Visibility
from hark.organisation.actions.approval import set_approval_of_agent
from hark.organisation.models import Agent, Channel
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World, a_macro, a_saved_reply, a_tag, case_of, known, make_corner, say

WIDE, PHONE = (1440, 900), (360, 740)
Corner = tuple[Agent, Channel]


@pytest.fixture(scope="module")
def corner(running: Product, plum: World) -> Corner:
    """A corner of its own with tags, a saved reply and a macro."""
    with running.data():
        agent, channel = make_corner(plum, "Bench")
        tag = a_tag(plum, "Billing")
        a_saved_reply(plum, "Hello {{first_name}}, {{agent_first}} here. We look at it.", title="We look at it")
        a_macro(plum, ("tag", tag.key), ("resolve", "resolve"), text="Mended, {{first_name}}.", title="Mended")
        return agent, channel


def people(channel: Channel, *names: str) -> list[Case]:
    """A case of each of these people."""
    said = [say(channel, known(f"w-{name.lower()}", name=name), f"{name} asks.", kind="direct") for name in names]
    return [case_of(message) for message in said]


def stand_on(page: Page, case: Case) -> None:
    """Go down the list to this case."""
    for _ in range(60):
        page.keyboard.press("j")
        if page.evaluate("document.activeElement.dataset.row") == case.key:
            return
    raise AssertionError(case.title)


def choose(page: Page, key: str, words: str) -> None:
    """Open the picker with a key, type, take the first line."""
    page.keyboard.press(key)
    expect(page.locator("#picker .picker__word")).to_be_focused()
    page.keyboard.type(words)
    expect(page.locator('#picker [aria-selected="true"]')).to_contain_text(re.compile(words, re.IGNORECASE))
    page.keyboard.press("Enter")
    expect(page.locator("#picker")).to_be_hidden()


def test_case_is_tagged_snoozed_and_woken_by_keys(running: Product, corner: Corner, opened: Opened) -> None:
    agent, channel = corner
    with running.data():
        [case] = people(channel, "Tilde")
    page = opened(f"/case/{case.key}/?view=all", as_=agent)
    choose(page, "t", "bill")
    expect(page.locator("#case-head .label")).to_have_text("Billing")
    expect(page.locator(f"#row-{case.key} .label")).to_have_text("Billing")
    choose(page, "h", "tomorrow")
    expect(page.locator("#case-head")).to_contain_text("Snoozed until")
    expect(page.locator("#timeline")).to_contain_text("snoozed the case until")
    page.keyboard.press("z")
    expect(page.locator("#case-head")).not_to_contain_text("Snoozed until")
    expect(page.locator("#said")).to_contain_text("Taken back: 1 case.")


def test_saved_reply_is_put_in_by_typing_a_semicolon(running: Product, corner: Corner, opened: Opened) -> None:
    agent, channel = corner
    with running.data():
        [case] = people(channel, "Semi Kolon")
    page = opened(f"/case/{case.key}/?view=all", as_=agent)
    page.keyboard.press("p")
    page.keyboard.type("Thanks. ;")
    expect(page.locator("#picker .picker__word")).to_be_focused()
    page.keyboard.type("look")
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("Thanks. Hello Semi, Ann here. We look at it.")
    expect(page.locator("#reply")).to_be_focused()
    expect(page.locator("[data-counter]")).to_contain_text("44")
    page.keyboard.type(" a;b")
    expect(page.locator("#picker")).to_be_hidden()


def test_macro_answers_tags_and_resolves_with_one_key(running: Product, corner: Corner, opened: Opened) -> None:
    agent, channel = corner
    with running.data():
        [case] = people(channel, "Makro")
    page = opened(f"/case/{case.key}/?view=all", as_=agent)
    choose(page, "m", "mended")
    expect(page.locator("#timeline")).to_contain_text("Mended, Makro.")
    expect(page.locator("#timeline")).to_contain_text("ran the macro Mended")
    expect(page.locator("#case-head")).to_contain_text("Resolved")
    with running.data():
        assert CaseTag.objects.filter(case=case).count() == 1


def test_many_are_selected_resolved_and_taken_back(running: Product, corner: Corner, opened: Opened) -> None:
    agent, channel = corner
    with running.data():
        cases = people(channel, "Vic", "Wim", "Xia")
    page = opened("/?view=all", as_=agent)
    stand_on(page, cases[0])
    page.keyboard.press("x")
    stand_on(page, cases[2])
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-bulk-count]")).to_contain_text("selected")
    number = int(page.locator("[data-bulk-count]").inner_text().split()[0])
    assert number >= 3
    page.keyboard.press("e")
    expect(page.locator("#said")).to_contain_text(f"Resolved: {number} cases.")
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("z")
    expect(page.locator("#said")).to_contain_text(f"Taken back: {number} cases.")
    page.get_by_role("button", name="Select cases").click()
    page.locator(f"#row-{cases[1].key}").click()
    expect(page.locator("[data-bulk-count]")).to_have_text("1 selected")
    page.keyboard.press("Escape")
    expect(page.locator("#bulk")).to_be_hidden()
    with running.data():
        assert not Case.objects.filter(pk__in=[case.pk for case in cases], status=Status.RESOLVED).exists()


def test_one_answer_goes_to_many_with_each_name(running: Product, corner: Corner, opened: Opened) -> None:
    agent, channel = corner
    with running.data():
        cases = people(channel, "Yara", "Zeno")
    page = opened("/?view=all", as_=agent)
    for case in cases:
        stand_on(page, case)
        page.keyboard.press("x")
    page.keyboard.press("r")
    page.wait_for_url("**/answer-many/**")
    page.get_by_label("Your answer").fill("Dear {{first_name}}, it works again.")
    expect(page.locator("#previews")).to_contain_text("Dear Zeno, it works again.")
    page.get_by_role("button", name="Send to those ticked").click()
    expect(page.locator("main")).to_contain_text("On their way: 2 cases.")
    with running.data():
        sent = Message.objects.filter(direction="out", conversation__case__in=cases).values_list("text", flat=True)
        assert sorted(sent) == ["Dear Yara, it works again.", "Dear Zeno, it works again."]
    page.keyboard.press("z")
    page.wait_for_url("**/?view=**")


def test_filter_becomes_a_view_on_a_key(running: Product, corner: Corner, opened: Opened) -> None:
    agent, channel = corner
    with running.data():
        people(channel, "Filip")
    page = opened("/?view=mine", as_=agent)
    page.keyboard.press("f")
    page.get_by_role("group", name="With").get_by_label("Nobody").check()
    page.get_by_role("group", name="With").get_by_label("Me").uncheck()
    page.get_by_label("Name of the view").fill("Loose ends")
    page.get_by_role("button", name="Save as a new view").click()
    expect(page.locator("#views .tabs [aria-current]")).to_contain_text("Loose ends")
    expect(page.locator("#rows")).to_contain_text("Filip")
    page.keyboard.press("1")
    page.wait_for_url("**/?view=mine")
    page.keyboard.press("4")
    page.wait_for_url("**/?view=view_*")


def test_two_cases_are_merged_and_one_is_split_off(running: Product, corner: Corner, opened: Opened) -> None:
    agent, channel = corner
    with running.data():
        author = known("w-twice", name="Twice")
        first = case_of(say(channel, author, "Charged twice.", thread_id="tw1"))
        second = case_of(say(channel, author, "Nobody answers.", thread_id="tw2"))
    page = opened(f"/case/{first.key}/?view=all", as_=agent)
    page.get_by_role("button", name="More acts").click()
    page.get_by_role("button", name="Merge another").click()
    expect(page.locator("#picker .picker__word")).to_be_focused()
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).to_contain_text("merged another case into this one")
    page.get_by_role("button", name="More acts").click()
    page.get_by_role("button", name="Split off").click()
    expect(page.locator("#picker .picker__word")).to_be_focused()
    page.keyboard.type("from here nobody")
    page.keyboard.press("Enter")
    expect(page.locator("#case-head h2")).to_have_text("Nobody answers.")
    assert page.locator("#case").get_attribute("data-case") not in {first.key, second.key}


def press(*keys: str) -> Callable[[Page], None]:
    """Press keys one after another."""

    def act(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return act


def pick(key: str) -> Callable[[Page], None]:
    """Open the picker."""

    def act(page: Page) -> None:
        page.keyboard.press(key)
        expect(page.locator("#picker")).to_be_visible()

    return act


PAGES: dict[str, tuple[str, Callable[[Page], None] | None]] = {
    "selected": ("/?view=all", press("j", "x", "j", "x")),
    "filter": ("/?view=all", press("f")),
    "tags": ("/case/{case}/?view=all", pick("t")),
    "snooze": ("/case/{case}/?view=all", pick("h")),
    "saved replies": ("/case/{case}/?view=all", pick(";")),
    "macros": ("/case/{case}/?view=all", pick("m")),
    "many": ("/answer-many/?cases={case},{other}", None),
    "views": ("/views/", None),
    "settings tags": ("/settings/tags/", None),
    "settings replies": ("/settings/replies/", None),
    "settings macros": ("/settings/macros/", None),
}


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", WIDE), ("dark", PHONE)])
def test_no_page_of_the_tools_has_a_violation_or_overflows(
    running: Product, plum: World, corner: Corner, opened: Opened, scheme: str, size: tuple[int, int]
) -> None:
    with running.data():
        keys: dict[str, Any] = {
            name: case.key for name, case in zip(("case", "other"), people(corner[1], "Axel", "Axo"), strict=True)
        }
    page = opened("/", as_=plum.owner, width=size[0], height=size[1], color_scheme=scheme)
    found = {}
    for name, (path, act) in PAGES.items():
        page.goto(path.format(**keys))
        if act:
            act(page)
        problems = violations(page)
        if overflow := page.evaluate("document.documentElement.scrollWidth - innerWidth"):
            problems.append(f"overflows by {overflow} px")
        if problems:
            found[name] = problems
    assert found == {}


def test_public_reply_is_looked_at_again_held_and_approved_by_keys(
    running: Product, plum: World, opened: Opened
) -> None:
    with running.data():
        set_approval_of_agent(key=plum.tessa.key, needed=True, actor=plum.owner)
        case = case_of(say(plum.square, known("w-held"), "Where is my parcel?", visibility=Visibility.PUBLIC))
    page = opened(f"/case/{case.key}/?view=all", as_=plum.tessa)
    page.keyboard.press("r")
    page.keyboard.type("We wrote to ann@private.example.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#stale")).to_contain_text("E-mail address")
    expect(page.locator("[data-anyway]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#undo")).to_contain_text("waits for approval")
    with running.data():
        set_approval_of_agent(key=plum.tessa.key, needed=False, actor=plum.owner)
        held = HeldReply.objects.get(agent=plum.tessa, text__contains="ann@private.example")
    boss = opened("/approvals/", as_=plum.owner)
    boss.locator(f"#{held.key}").click()
    boss.keyboard.press("c")
    expect(boss.locator(f"#text-{held.key}")).to_be_focused()
    boss.keyboard.press("Tab")
    boss.keyboard.press("y")
    expect(boss.locator(f"#{held.key}")).to_have_count(0)
    expect(page.locator("#timeline")).to_contain_text("approved a reply")
