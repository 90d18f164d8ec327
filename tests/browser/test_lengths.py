"""What the composer counts while somebody types is what the server counts: both run over the same texts."""

import random
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hark.channels.kit.counting import length, text_messages
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.channels.texts import COUNTED, UNITS
from tests.chromium import violations
from tests.workspace.makers import World, case_of, known, make_channel, say

SCRIPT = Path("src/hark/workspace/static/workspace/js/length.js")
# A killer of vowels that follows no consonant, which no word has, is left out: `regex` joins it to the next letter.
PIECES = [
    *"aé\u0301 .,;:!?/@#€[^ы日한கத\u200d\u200c\ufe0f\u20e3©™",
    *("க்", "कि", "त्र", "क्ष", "श्रि"),
    *("👩", "🏽", "🇵", "🇹", "👨‍🚀", "1️⃣", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\u1112", "\u1161", "\u11ab", "각", "\r\n", "\n", "\t"),
    *("https://example.com/", "HTTP://a.io", "example.org", "www.", "x@y.com", "//", "de", ".museum", "?q=1", "%20"),
]


LONG = (
    "We are very sorry about this, Ann. Your parcel waits at the depot in Porto. You can follow it at "
    "https://plum.example/track/123456789?lang=pt. It is with you on Friday at noon."
)


@pytest.fixture
def page(browser: Browser) -> Page:
    opened = browser.new_page()
    code = (Path(__file__).parents[2] / SCRIPT).read_text(encoding="utf-8")
    opened.set_content(f"<script type=module>{code}\nObject.assign(window, {{lengthIn, textMessages}});</script>")
    opened.wait_for_function("'lengthIn' in window")
    return opened


def made_up(number: int) -> list[str]:
    """Texts put together from what is hard to count, the same each time."""
    dice = random.Random(96)
    return ["".join(dice.choices(PIECES, k=dice.randint(1, 40))) for _ in range(number)]


@pytest.mark.parametrize("unit", UNITS)
def test_the_page_counts_as_the_server_does(page: Page, unit: str) -> None:
    texts = [row[0] for row in COUNTED] + made_up(1_500)
    there = page.evaluate("([texts, unit]) => texts.map((text) => lengthIn(text, unit))", [texts, unit])
    wrong = [
        (text, length(text, unit), said) for text, said in zip(texts, there, strict=True) if length(text, unit) != said
    ]
    assert wrong == []


def test_the_page_knows_how_much_is_left_in_a_text_message(page: Page) -> None:
    texts = [row[0] for row in COUNTED] + ["a" * number for number in range(150, 320)] + ["ы" * 69, "ы" * 135]
    there = page.evaluate("(texts) => texts.map((text) => textMessages(text))", texts)
    here = [text_messages(text) for text in texts]
    assert [(one["plain"], one["used"], one["messages"], one["left"]) for one in there] == [
        (one.plain, one.used, one.messages, one.left) for one in here
    ]


def test_the_composer_shows_the_posts_before_they_leave(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        channel = make_channel(plum.care, "simulated", "@plumshort")
        channel.settings |= {"max_length": 80, "unit": "weighted", "max_parts": 4}
        channel.save(update_fields=["settings"])
        message = say(channel, known("ann"), "Where is my parcel?", visibility="public")
        case = case_of(message).key
    page = opened(f"/case/{case}/", as_=plum.tessa)
    page.keyboard.press("r")
    page.keyboard.type("Thank you.")
    expect(page.locator("[data-counter]")).to_have_text("10 of 80")
    page.locator("#reply").fill(LONG)
    expect(page.locator("#posts li")).to_have_count(3)
    expect(page.locator("#posts")).to_contain_text(
        "2/3 You can follow it at https://plum.example/track/123456789?lang=pt."
    )
    assert violations(page) == []
    page.get_by_label("Do not split it").check()
    expect(page.locator("#posts")).to_contain_text("this venue takes 80")
    expect(page.locator("[data-counter]")).to_have_class(re.compile("counter--over"))
    page.get_by_label("Do not split it").uncheck()
    expect(page.locator("#posts li")).to_have_count(3)
    page.locator("#reply").fill(LONG * 3)
    expect(page.locator("#posts")).to_contain_text("more than 4 parts")
    page.locator("#reply").fill(LONG)
    expect(page.locator("#posts li")).to_have_count(3)
    page.locator("#reply").press("Control+Enter")
    expect(page.locator("#undo")).to_contain_text("Your reply leaves in")
    expect(page.locator("#timeline .parts li")).to_have_count(3)
    assert violations(page) == []
