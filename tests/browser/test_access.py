"""Every page in light and dark, wide and on a phone: axe finds nothing, nothing overflows, keys reach everything."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hark.conversations.actions.forwarding import forward
from hark.conversations.actions.holding import send
from hark.conversations.actions.participants import copy_in
from hark.conversations.actions.reply import reply
from hark.conversations.models import Message, Participant
from hark.conversations.types import Visibility
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.actions.approval import set_approval_of_channel
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import (
    PASSWORD,
    World,
    a_mailbox,
    an_api_key,
    an_own_role,
    case_of,
    crowd,
    has_left,
    heard,
    known,
    maud,
    say,
)
from tests.workspace.parking import park

WIDE, PHONE = (1440, 900), (360, 740)


@pytest.fixture(scope="module")
def day(running: Product, plum: World) -> dict[str, Any]:
    """A day at Plum: cases of every mood, a stream, a parked arrival."""
    with running.data():
        _, said = maud(plum)
        crowd(plum)
        heard(plum)
        wait_for_approval(plum, said[-1])
        ours, mail = replied(plum, said[0]), asked_by_mail(plum)
        an_api_key(plum.owner, Right.NOTE)
        return {
            "role": an_own_role(plum, Right.TOOLS).key,
            "case": case_of(said[-1]).key,
            "private": case_of(said[0]).key,
            "parked": park(plum.night_chat),
            "ours": ours.key,
            "mail": case_of(mail).key,
        }


def replied(plum: World, message: Message) -> Message:
    """Tessa's answer to a message, which has left."""
    ours = reply(
        case_id=case_of(message).pk,
        conversation_id=message.conversation_id,
        author=author_of(plum.tessa),
        text="Where can we send it?",
        visibility=Visibility.PRIVATE,
        idempotency_key=new_uuid(),
        seen_message_id=None,
        send_anyway=True,
    )
    has_left(ours)
    return ours


def asked_by_mail(plum: World) -> Message:
    """A customer's mail, which is forwarded to somebody outside, who has answered; and a colleague in copy."""
    box = a_mailbox(plum, "parcels@plum.example")
    author = known("oda@mail.example", "email", name="Oda Lindqvist-Roy")
    message = say(box, author, "My parcel 4711 never came.", thread_id="oda-1", kind="email", subject="Parcel 4711")
    Participant.objects.create(conversation=message.conversation, identity_id=author.identity_id)
    copy_in(conversation_id=message.conversation_id, address="bram@mail.example", author=author_of(plum.tessa))
    ours = forward(
        case_id=case_of(message).pk,
        author=author_of(plum.tessa),
        address="ann@carrier.example",
        name="Ann Carrier",
        text="Where is it, please?",
        messages=[message.key],
        idempotency_key=new_uuid(),
        seen_message_id=message.pk,
    )
    has_left(ours)
    carrier = known("ann@carrier.example", "email", name="Ann Carrier")
    say(box, carrier, "It is in Gent.", ago=1, thread_id=ours.conversation.thread_key, kind="email")
    return message


def wait_for_approval(plum: World, message: Message) -> None:
    """A reply of Tessa's waits, and leaves tomorrow at the earliest."""
    set_approval_of_channel(key=plum.square.key, needed=True, actor=plum.owner)
    send(
        case_id=case_of(message).pk, conversation_id=message.conversation_id, author=author_of(plum.tessa),
        text="We look into it, Maud.", visibility=Visibility.PUBLIC, idempotency_key=new_uuid(),
        seen_message_id=message.pk, leaves_at=database_now() + timedelta(days=1),
    )  # fmt: skip
    set_approval_of_channel(key=plum.square.key, needed=False, actor=plum.owner)


def press(*keys: str) -> Callable[[Page], None]:
    """Press keys one after another."""

    def act(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return act


def show_menu(page: Page) -> None:
    """Open the menu of the case."""
    page.get_by_role("button", name="More acts").click()


def open_palette(page: Page) -> None:
    """Open the palette and find something."""
    page.keyboard.press("Control+k")
    page.keyboard.type("in")
    expect(page.locator("#palette [role=option]").first).to_be_visible()


# Of what a finger presses, what is lower than 44 px; a link within a sentence is as high as its line.
TOO_SMALL = """
    [...document.querySelectorAll('a[href], button, select, input:not([type=hidden]), [type=checkbox], [type=radio]')]
        .map(each => [each, each.matches('[type=checkbox], [type=radio]') && each.labels[0] || each])
        .filter(([each, target]) => each.checkVisibility() && target.getBoundingClientRect().width > 2
            && !each.closest('.skip, [inert]') && !each.matches(':is(p, dd, td, li, small, .entry) a, .hit *'))
        .map(([each, target]) => [target, parseFloat(getComputedStyle(target, '::after').insetBlockStart) || 0])
        .filter(([target, more]) => target.getBoundingClientRect().height - 2 * more < 44)
        .map(([target]) => `small: ${target.outerHTML.slice(0, 120)}`)
"""
PAGES: dict[str, tuple[str, Callable[[Page], None] | None]] = {
    "inbox": ("/?view=all", None),
    "empty": ("/?view=waiting", None),
    "case": ("/case/{case}/?view=all", None),
    "case with note": ("/case/{private}/?view=all", press("i")),
    "correction": ("/case/{case}/?view=all", press("c")),
    "case menu": ("/case/{case}/?view=all", show_menu),
    "send later": ("/case/{case}/?view=all", press("Shift+T")),
    "to approve": ("/approvals/", press("j", "c")),
    "contact": ("/case/{case}/?view=all&pane=contact", None),
    "keys": ("/?view=all", press("?")),
    "palette": ("/case/{case}/?view=all", open_palette),
    "today": ("/today/", None),
    "notices": ("/notices/", None),
    "own notices": ("/notices/settings/", None),
    "stream": ("/stream/", press("j")),
    "parked": ("/parked/", None),
    "forward": ("/case/{mail}/forward/", None),
    "people of a talk": ("/case/{mail}/people/", None),
    "case with somebody outside": ("/case/{mail}/?view=all", None),
    "change": ("/message/{ours}/change/", None),
    "parked arrival": ("/parked/{parked}/", None),
    "channels": ("/settings/channels/", None),
    "desk": ("/settings/desk/", None),
    "brands": ("/settings/brands/", None),
    "readings": ("/settings/readings/", None),
    "unsure lane": ("/stream/?judged=unsure", press("j")),
    "reach out": ("/stream/?judged=care", press("j")),
    "inboxes": ("/settings/inboxes/", None),
    "people": ("/settings/people/", None),
    "teams": ("/settings/teams/", None),
    "roles": ("/settings/roles/?from=agent", None),
    "role": ("/settings/roles/{role}/", None),
    "keys of the API": ("/settings/keys/", None),
    "encounter": ("/encounters/new/?case={case}", None),
    "account": ("/account/", None),
    "second factor": ("/account/second-factor/", None),
    "audit": ("/audit/", None),
    "first run": ("/first-run/channels/", None),
    "not found": ("/nowhere/", None),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_has_a_violation_or_overflows(
    plum: World, day: dict[str, Any], opened: Opened, scheme: str, size: tuple[int, int]
) -> None:
    touch = size == PHONE
    page = opened(
        "/", as_=plum.owner, width=size[0], height=size[1], color_scheme=scheme, has_touch=touch, is_mobile=touch
    )
    found = {}
    for name, (path, act) in PAGES.items():
        page.goto(path.format(**day))
        if act:
            act(page)
        problems = violations(page) + (page.evaluate(TOO_SMALL) if touch else [])
        if overflow := page.evaluate("document.documentElement.scrollWidth") - size[0]:
            problems.append(f"overflows by {overflow} px")
        if problems:
            found[name] = problems
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_before_the_sign_in_have_no_violation(plum: World, opened: Opened, scheme: str) -> None:
    page = opened("/sign-in/", color_scheme=scheme, width=360, height=740)
    assert violations(page) == []
    page.goto("/join/agent_x/token/")
    assert violations(page) == []


def test_agent_signs_in_with_a_password(plum: World, opened: Opened) -> None:
    page = opened("/")
    page.get_by_label("E-mail address").fill(plum.tessa.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#views")).to_be_visible()


def test_case_is_found_read_answered_and_resolved_by_keyboard_alone(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        message = crowd(plum)[1]
        case = case_of(message)
    page = opened("/?view=all", as_=plum.tessa)
    for _ in range(60):
        page.keyboard.press("j")
        if page.evaluate("document.activeElement.dataset.row") == case.key:
            break
    page.keyboard.press("Enter")
    expect(page.locator("#case")).to_have_attribute("data-case", case.key)
    page.keyboard.press("p")
    page.keyboard.type("I call you in five minutes.")
    expect(page.locator("[data-counter]")).to_contain_text("27")
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.keyboard.type("Called.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline .is-internal")).to_contain_text("Called.")
    expect(page.locator("#reply")).to_have_value("I call you in five minutes.")
    page.keyboard.press("c")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline .reading").last).to_contain_text("corrected by Tessa Okonedo")
    page.keyboard.press("e")
    expect(page.locator("#case-head")).to_contain_text("Resolved")
    page.keyboard.press("e")
    expect(page.locator("#case-head .facts")).to_contain_text("Open")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/stream/")


def test_stream_is_judged_by_keyboard(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        newest: Message = heard(plum)[-1]
    page = opened("/stream/", as_=plum.tessa)
    page.keyboard.press("j")
    line = page.locator(f"#{newest.key}")
    expect(line).to_have_attribute("aria-current", "true")
    page.keyboard.press("r")
    expect(line.locator(".verdict__word")).to_contain_text("Relevant")
    expect(line).to_contain_text("corrected by Tessa Okonedo")
    page.keyboard.press("o")
    page.wait_for_url("**/case/**")
    expect(page.locator("#case-head")).to_contain_text("Tessa Okonedo")


def test_theme_is_chosen_and_kept_in_this_browser(plum: World, opened: Opened) -> None:
    page = opened("/", as_=plum.tessa, color_scheme="light")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_phone_shows_one_pane_and_moves_between_them(plum: World, day: dict[str, Any], opened: Opened) -> None:
    page = opened("/?view=all", as_=plum.tessa, width=360, height=740)
    page.locator(f'[data-row="{day["case"]}"]').click()
    expect(page.locator("#case")).to_be_visible()
    expect(page.locator("#list")).to_be_hidden()
    page.get_by_role("link", name="Contact").click()
    expect(page.locator("#contact")).to_be_visible()
    expect(page.locator("#case")).to_be_hidden()
    page.locator('[data-pane-tab="list"]').click()
    expect(page.locator("#list")).to_be_visible()


def test_policy_refuses_html_that_would_run(plum: World, opened: Opened) -> None:
    page = opened("/", as_=plum.tessa, strict=False)
    for html in ("<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<a href='javascript:alert(1)'>x</a>"):
        refused = page.evaluate(
            "html => { try { document.createElement('div').innerHTML = html; return false } catch { return true } }",
            html,
        )
        assert refused, html
    assert (
        page.evaluate(
            "(() => { const d = document.createElement('div'); d.innerHTML = '<b>x</b>'; return d.textContent })()"
        )
        == "x"
    )
