"""Keys, palette, company at a case, mentions and Today in real browsers."""

from playwright.sync_api import Page, expect

from hark.conversations.actions.notes import add_note
from hark.conversations.models import Looking
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.routing.actions import place
from hark.routing.types import NewWork
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.browser.test_live import author_of
from tests.chromium import violations
from tests.workspace.makers import World, case_of, heard, known, make_corner, say

BUTTONS_WITHOUT_KEY = """
    [...document.querySelectorAll('#list button, #case button, #case label:has(input[data-key])')]
        .filter(each => !each.querySelector('.key') && !each.closest('[hidden], template, #list-filter'))
        .map(each => each.textContent.trim() || each.getAttribute('aria-label'))
"""
KEYS_OF_BUTTONS = """
    [...new Set([...document.querySelectorAll('main [data-key]')].filter(each => !each.closest('[hidden]'))
        .map(each => each.dataset.key.toUpperCase()))]
"""


def open_case(page: Page, words: str) -> None:
    """Open the palette, write, and do the first that it offers."""
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text(words)
    page.keyboard.press("Enter")


def test_every_act_of_a_case_has_a_key_beside_it_and_in_the_list_of_keys(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        case = case_of(say(plum.chat, known("keys"), "Which keys are there?"))
    page = opened(f"/case/{case.key}/?view=all", as_=plum.tessa)
    assert page.evaluate(BUTTONS_WITHOUT_KEY) == []
    keys = page.evaluate(KEYS_OF_BUTTONS)
    assert {"A", "B", "C", "E", "F", "H", "I", "M", "P", "R", "T", "U", "V", "W", "X", ".", ";", "1"} <= set(keys)
    page.keyboard.press("?")
    shown = page.locator("[data-keys-list] .key").all_inner_texts()
    assert set(keys) <= set(shown)
    assert {"J", "K", "G", "Ctrl", "N", "/"} <= set(shown)


def test_palette_does_acts_opens_objects_and_remembers(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        first = case_of(say(plum.chat, known("pal1", name="Paula Palette"), "Please pack my purple phone."))
        second = case_of(say(plum.chat, known("pal2", name="Otto Other"), "Quince jelly is what I got."))
    page = opened(f"/case/{first.key}/?view=all", as_=plum.tessa)
    page.keyboard.press("p")
    expect(page.locator("#reply")).to_be_focused()
    open_case(page, "Quince")
    expect(page.locator("#case")).to_have_attribute("data-case", second.key)
    open_case(page, "Wait for the cust")
    expect(page.locator("#case-head .facts")).to_contain_text("Waiting")
    page.keyboard.press("Control+k")
    page.keyboard.type("pip")  # letters that begin words
    expect(page.locator("#palette [data-nothing]")).to_be_visible()
    page.locator("#palette-ask").fill("")
    first_group = page.locator("#palette [role=group]").first
    expect(first_group).to_contain_text("Used last")
    expect(first_group).to_contain_text("Quince jelly")
    assert violations(page) == []
    page.locator("#palette-ask").fill("paula")
    expect(page.locator("#palette [role=option]").filter(has_text="Paula Palette").first).to_be_visible()
    assert page.locator("#palette-ask").get_attribute("aria-activedescendant") == "palette-0"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    stored = page.evaluate("JSON.stringify(localStorage)")
    assert "Quince" not in stored
    assert "Paula" not in stored


def test_colleague_is_seen_looking_then_typing_and_is_gone_with_his_tab(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        case = case_of(say(plum.chat, known("company"), "Who helps me?"))
    mine = opened(f"/case/{case.key}/?view=all", as_=plum.tessa)
    theirs = opened(f"/case/{case.key}/?view=all", as_=plum.ruben)
    expect(mine.locator("#looking")).to_contain_text("Ruben Asante is looking")
    expect(theirs.locator("#looking")).to_contain_text("Tessa Okonedo is looking")
    theirs.keyboard.press("i")
    theirs.keyboard.type("I think")
    expect(mine.locator("#looking")).to_contain_text("Ruben Asante is typing")
    assert violations(mine) == []
    theirs.close(run_before_unload=False)
    expect(mine.locator("#looking")).to_have_text("", timeout=8_000)
    with running.data():
        assert list(Looking.objects.filter(case=case).values_list("agent__name", flat=True)) == ["Tessa Okonedo"]


def test_colleague_is_named_by_a_few_letters_and_hears_of_it_at_once(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        case = case_of(say(plum.chat, known("mention"), "Nobody knows my name."))
    ruben = opened("/today/", as_=plum.ruben)
    page = opened(f"/case/{case.key}/?view=all", as_=plum.tessa)
    page.keyboard.press("i")
    page.keyboard.type("Can you help, @asa")
    expect(page.locator("#colleagues")).to_contain_text("Ruben Asante")
    page.keyboard.press("Enter")
    expect(page.locator("#note")).to_have_value("Can you help, @Ruben Asante ")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline .is-internal")).to_contain_text("@Ruben Asante")
    expect(ruben.locator("#bell .rail__n")).to_contain_text("1")
    ruben.keyboard.press("g")
    ruben.keyboard.press("n")
    expect(ruben.locator(".notice-line--unread")).to_contain_text("Tessa Okonedo mentions you")
    assert violations(ruben) == []
    ruben.keyboard.press("j")
    ruben.keyboard.press("Enter")
    expect(ruben.locator("#case")).to_have_attribute("data-case", case.key)
    expect(ruben.locator("#bell .rail__n")).to_have_count(0)


def test_followed_case_tells_of_a_note_while_another_page_is_open(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        case = case_of(say(plum.chat, known("followed"), "Tell me more."))
    page = opened(f"/case/{case.key}/?view=all", as_=plum.owner)
    page.keyboard.press("w")
    expect(page.locator("#case-head .facts")).to_contain_text("You follow it")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/stream/")
    with running.data():
        add_note(case_id=case.pk, text="So be it.", author=author_of(plum.ruben), idempotency_key=new_uuid())
    expect(page.locator("#bell .rail__n")).to_contain_text("1")


def test_next_is_taken_from_anywhere_and_says_why(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        ann, channel = make_corner(plum, "Nexts")
        case = case_of(say(channel, known("next"), "Am I next?"))
        place([NewWork(case.pk, case.inbox_id, "chat", (), database_now(), 60)])
        heard(plum)
    page = opened("/stream/", as_=ann)
    page.keyboard.press("n")
    page.wait_for_url("**/case/**")
    expect(page.locator("#case")).to_have_attribute("data-case", case.key)
    expect(page.locator(".case__why")).to_contain_text("you asked for the next")
    page.keyboard.press("n")
    expect(page.locator("#said")).to_contain_text("Nothing waits")


def test_today_shows_what_came_without_reloading_and_does_not_jump_under_the_pointer(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        ann, channel = make_corner(plum, "Days")
        say(channel, known("day1", name="Early Bird"), "I was first.")
    page = opened("/today/", as_=ann)
    expect(page.locator("#live-part .row")).to_have_count(1)
    with running.data():
        say(channel, known("day2", name="Second Bird"), "I was second.", ago=1)
    expect(page.locator("#live-part .row")).to_have_count(2)
    assert violations(page) == []
    page.keyboard.press("j")
    with running.data():
        say(channel, known("day3", name="Third Bird"), "I was third.", ago=1)
    expect(page.locator("[data-show-changed]")).to_be_visible()
    expect(page.locator("#live-part .row")).to_have_count(2)
    page.keyboard.press("Shift+U")
    expect(page.locator("#live-part .row")).to_have_count(3)
