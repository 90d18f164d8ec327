"""What many say in the same words is one line of the stream, opened and judged by keys; one person has one case."""

from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import expect

from hark.conversations.models import Correction, Message
from hark.conversations.types import Visibility
from hark.organisation.models import Agent, Channel
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World, case_of, known, make_channel, make_corner, say

BURNT = "My new kettle from Plum burst into flames this {} morning and nobody there picks up the phone"
Corner = tuple[Agent, list[Channel]]
numbers = count(1)


@pytest.fixture
def corner(running: Product, plum: World) -> Corner:
    """A corner of its own, heard at three places."""
    with running.data():
        agent, chat = make_corner(plum, f"Kettle{next(numbers)}")
        return agent, [chat, *(make_channel(chat.inbox, "simulated", f"@plum{n}") for n in range(2))]


def five_times(channels: list[Channel], day: str) -> list[Message]:
    """Four people say it at three places, one of them twice, each in a slightly other way."""
    ways = ("{}", "RT @maud: {}!!", "{} https://t.co/abc", "Same here, {}", "{} #plum")
    people = [f"{name}{day}" for name in ("Maud", "Bram", "Oda", "Maud", "Juno")]
    return [
        say(
            channels[number % 3], known(who, handle=f"@{who}", name=who),
            way.format(BURNT.format(day)), ago=60 - number,
            thread_id=f"{day}{number}", visibility=Visibility.PUBLIC, case_reason="", kind="post",
            permalink=f"https://square.example/{number}", reads={"label": "unsure", "p": 0.5},
        )
        for number, (way, who) in enumerate(zip(ways, people, strict=True))
    ]  # fmt: skip


@pytest.mark.parametrize(("scheme", "size"), [("light", (1440, 900)), ("dark", (360, 740)), ("light", (360, 740))])
def test_five_copies_are_one_line_that_opens_and_is_judged_by_keys(
    running: Product, corner: Corner, opened: Opened, scheme: str, size: tuple[int, int], tmp_path: Path
) -> None:
    agent, channels = corner
    day = f"{scheme}{size[0]}"
    with running.data():
        newest = five_times(channels, day)[-1]
    page = opened("/stream/", as_=agent, color_scheme=scheme, width=size[0], height=size[1])
    line = page.locator("[data-heard]")
    for _ in range(20):  # the worker puts it together a moment later
        if line.count() == 1:
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(line).to_have_count(1)
    expect(line).to_have_id(newest.key)
    expect(line.locator("summary")).to_contain_text("Said 5 times by 4 authors on 2 venues")
    page.keyboard.press("j")
    page.keyboard.press("f")
    expect(line.locator(".alike time")).to_have_count(4)
    expect(line.locator(".alike")).to_contain_text(f"Bram{day}")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=tmp_path / f"fold-{day}.png")
    page.keyboard.press("x")
    expect(line.locator(".verdict__word")).to_contain_text("Noise")
    with running.data():
        assert Correction.objects.filter(message__text__contains=f" {day} ").count() == 5
    page.goto(f"/stream/said/{newest.key}/")
    expect(page.locator("[data-heard]")).to_have_count(5)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_person_at_two_places_is_one_case_that_says_where_nobody_has_answered(
    running: Product, corner: Corner, opened: Opened, tmp_path: Path
) -> None:
    agent, (_, square, bay) = corner
    with running.data():
        for number, channel in enumerate((square, bay)):
            text = BURNT.format("grey") + "!" * number
            message = say(
                channel, known("wim", handle="@wim", name="Wim"), text, ago=90 - number, thread_id=f"wim{number}",
                kind="direct", permalink=f"https://square.example/w{number}", reads={"duplicate_key": f"k{number}"},
            )  # fmt: skip
        case = case_of(message)
    page = opened(f"/case/{case.key}/?view=all", as_=agent)
    head = page.locator("#case-head")
    expect(head.locator("[data-places]")).to_contain_text("Said at 2 places")
    expect(head.locator("[data-places] a")).to_have_count(2)
    page.locator("#reply").fill("We are sorry. Please write us its number, and we send a new one today.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".composer__still")).to_contain_text("Not answered yet: ")
    expect(page.locator(".composer__still")).to_contain_text("@plum0")
    expect(head.locator("[data-places]")).to_contain_text("(answered)")
    expect(head.locator("[data-places]")).to_contain_text("(not answered)")
    assert violations(page) == []
    page.screenshot(path=tmp_path / "places.png")
