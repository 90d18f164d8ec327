"""The customers' pages in a real Chromium, through the real front door."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from playwright.sync_api import Browser, FilePayload, Frame, Page, Route, expect
from pytest_django import DjangoDbBlocker

from hark.conversations.models import Conversation, Message
from hark.intake.models import Arrival
from hark.kernel.time import now
from hark.organisation.models import Channel
from tests.chromium import violations
from tests.intake.running import RunningFront, running_front
from tests.journey.mail import mail_channel
from tests.kernel.picture_makers import photo
from tests.portal.browser import a_page, chromium, overflows, problems
from tests.portal.makers import Plum, answer, make_plum, read_everything
from tests.workspace.files import fetch_everything

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("portal browser")]
NewPage = Callable[..., Page]
NASTY = '<img src=x onerror="document.title=1"> & </script>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the file."""
    with chromium() as running:
        yield running


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Pages of browser profiles of their own, closed with the test."""
    made: list[Page] = []

    def make(**how: Any) -> Page:
        made.append(a_page(browser, **how))
        return made[-1]

    yield make
    for page in made:
        page.context.close()


@pytest.fixture(scope="module")
def front(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[RunningFront]:
    """One front door for the file."""
    with django_db_blocker.unblock(), running_front() as running:
        yield running


@pytest.fixture
def town(front: RunningFront, transactional_db: None) -> Plum:
    """Plum, known to the front door."""
    made = make_plum()
    front.knows(made.chat)
    front.knows(made.form)
    return made


def address(front: RunningFront, path: str) -> str:
    return f"http://127.0.0.1:{front.port}{path}"


def shop_with(script: str, **attributes: str) -> str:
    """A page of the company's site with the one script tag."""
    more = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return (
        '<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1></main>'
        f'<script src="{script}" {more}></script></html>'
    )


def host_page(front: RunningFront, page: Page, chat: Channel, **attributes: str) -> None:
    """The shop, under Hark's own address."""
    html = shop_with(address(front, f"/chat/{chat.key}/widget.js"), **attributes)
    page.unroute("**/shop")
    page.route("**/shop", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(address(front, "/shop"))


def opened(page: Page) -> Frame:
    """The chat, opened by its button."""
    page.get_by_role("button", name=re.compile("Chat with Plum")).click()
    expect(page.locator("iframe")).to_be_visible()
    found = page.locator("iframe").element_handle()
    assert found
    frame = found.content_frame()
    assert frame
    expect(frame.get_by_role("textbox")).to_be_focused()
    return frame


def write(frame: Frame | Page, text: str) -> None:
    frame.get_by_role("textbox").fill(text)
    frame.get_by_role("textbox").press("Enter")


def lines(frame: Frame | Page) -> list[str]:
    return frame.locator("[data-lines] .said__text").all_inner_texts()


def until(page: Page, held: Callable[[], object], seconds: float = 10) -> None:
    """Wait with the browser's own patience: its events are handled only while it is asked something."""
    end = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < end, "waited in vain"
        page.wait_for_timeout(50)


def thread_of(channel: Channel) -> str:
    return Conversation.objects.get(channel=channel).thread_key


def test_visitor_writes_is_answered_and_finds_his_talk_again(
    new_page: NewPage, front: RunningFront, town: Plum
) -> None:
    """On another site's page, in a browser that closes its storage to frames: the hardest place for a chat."""
    page, stranger = new_page(), new_page()
    with site_of_its_own(shop_with(address(front, f"/chat/{town.chat.key}/widget.js"))) as port:
        town.chat.settings["sites"] = [f"http://localhost:{port}"]
        town.chat.save()
        page.goto(f"http://localhost:{port}/")
        frame = opened(page)
        assert page.evaluate("localStorage.length") == 0, "nothing is kept before the first line"
        write(frame, f"Where is my SIM? {NASTY}")
        expect(frame.locator(".said__state").last).to_contain_text(re.compile(r"Sent|\d\d:\d\d"))
        until(page, Arrival.objects.exists)
        read_everything()
        answer(town.tessa, town.chat, thread_of(town.chat), f"On its way 🚚 {NASTY}")
        expect(frame.locator(".said--them").last).to_contain_text("On its way 🚚")
        assert lines(frame) == [f"Where is my SIM? {NASTY}", f"On its way 🚚 {NASTY}"]
        assert frame.locator(".said__who").last.inner_text().startswith("Tessa, ")
        assert page.context.cookies() == []

        page.reload()
        again = opened(page)
        expect(again.locator(".said--them").last).to_contain_text("On its way")
        assert len(lines(again)) == 2
        stranger.goto(f"http://localhost:{port}/")
        assert lines(opened(stranger)) == []
    assert problems(page) + problems(stranger) == []


def test_signed_in_person_finds_the_talk_in_another_browser_and_it_closes_when_he_leaves(
    new_page: NewPage, front: RunningFront, town: Plum
) -> None:
    claims = {"aud": town.chat.key, "sub": "4711", "name": "Maud", "iat": now(), "exp": now() + timedelta(minutes=9)}
    word = jwt.encode(claims, "i" * 43, algorithm="HS256")
    page, elsewhere = new_page(), new_page()
    host_page(front, page, town.chat, **{"data-identity": word})
    write(opened(page), "It is me")
    until(page, Arrival.objects.exists)
    read_everything()
    person = Message.objects.get().identity
    assert person
    assert (person.network, person.key, person.name, person.verified) == ("site", "4711", "Maud", "proved")
    host_page(front, elsewhere, town.chat, **{"data-identity": word})
    frame = opened(elsewhere)
    expect(frame.locator("[data-lines] .said__text")).to_have_text("It is me")
    elsewhere.evaluate("HarkChat.signOut()")
    expect(frame.locator("[data-lines] .said__text")).to_have_count(0)
    host_page(front, page, town.chat)
    assert lines(opened(page)) == [], "nobody is signed in on this page"


def test_line_survives_a_lost_connection_and_a_closed_page_and_arrives_once(
    new_page: NewPage, front: RunningFront, town: Plum
) -> None:
    page = new_page()
    page.goto(address(front, f"/chat/{town.chat.key}/"))
    page.route("**/in/**", lambda route: route.abort())
    write(page, "Can you hear me?")
    expect(page.get_by_role("status")).to_contain_text("kept here")
    page.reload()
    expect(page.locator(".said--waiting")).to_contain_text("Can you hear me?")
    assert not Arrival.objects.exists()
    page.unroute("**/in/**")
    page.route("**/in/**", drop_first_answer())
    until(page, lambda: Arrival.objects.count() == 1, 20)
    expect(page.locator(".said__state").last).to_contain_text(re.compile(r"Sent|\d\d:\d\d"))
    read_everything()
    expect(page.locator(".said--waiting")).to_have_count(0)
    assert lines(page) == ["Can you hear me?"]
    assert Message.objects.count() == 1


def drop_first_answer() -> Callable[[Route], None]:
    """The server takes the first post, and its answer is lost."""
    seen: list[Route] = []

    def handle(route: Route) -> None:
        seen.append(route)
        if len(seen) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort()

    return handle


def test_visitor_changes_and_deletes_what_he_wrote(new_page: NewPage, front: RunningFront, town: Plum) -> None:
    page = new_page()
    page.goto(address(front, f"/chat/{town.chat.key}/"))
    write(page, "My nmae is Maud")
    until(page, Arrival.objects.exists)
    read_everything()
    page.locator(".said--me").hover()
    page.get_by_role("button", name="Edit").click()
    write(page, "My name is Maud")
    until(page, lambda: Arrival.objects.count() == 2)
    read_everything()
    expect(page.locator(".said__state")).to_contain_text("edited")
    assert lines(page) == ["My name is Maud"]
    page.locator(".said--me").hover()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Really delete").click()
    until(page, lambda: Arrival.objects.count() == 3)
    read_everything()
    expect(page.locator("[data-lines] .said__text")).to_have_text("This message was deleted.")
    assert problems(page) == []


def test_visitor_leaves_an_address_and_sends_a_picture(new_page: NewPage, front: RunningFront, town: Plum) -> None:
    town.chat.settings["mailbox"] = mail_channel(inbox=town.inbox).key
    town.chat.save()
    page = new_page(width=360)
    page.goto(address(front, f"/chat/{town.chat.key}/"))
    page.get_by_label("Your message").fill("Hello")
    page.get_by_label("Your message").press("Enter")
    until(page, Arrival.objects.exists)
    read_everything()
    page.get_by_label("Your e-mail address").fill("nobody")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("alert")).to_contain_text("name@example.org")
    assert violations(page) == []
    page.get_by_label("Your e-mail address").fill("mia@mail.example")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("We answer here; if you leave, by e-mail at mia@mail.example.")).to_be_visible()
    picture = FilePayload(name="it.jpg", mimeType="image/jpeg", buffer=photo(size=(300, 200)))
    page.locator("[data-picker]").set_input_files(picture)
    page.get_by_label("Your message").press("Enter")
    until(page, lambda: Arrival.objects.count() == 2)
    read_everything()
    fetch_everything()
    page.reload()
    expect(page.get_by_role("img", name="Picture it.jpg")).to_be_visible()
    assert violations(page) == []
    assert not overflows(page)
    assert problems(page) == []


def test_refused_line_says_so_and_holds_up_nothing(new_page: NewPage, front: RunningFront, town: Plum) -> None:
    page = new_page()
    page.goto(address(front, f"/chat/{town.chat.key}/"))
    page.evaluate("document.querySelector('textarea').removeAttribute('maxlength')")
    write(page, "x" * 10_001)
    expect(page.locator(".said--failed .said__state")).to_contain_text("at most 10,000")
    write(page, "shorter")
    until(page, lambda: Arrival.objects.count() == 1)
    page.get_by_role("button", name="Put away").click()
    expect(page.locator(".said--failed")).to_have_count(0)


def test_closed_chat_counts_what_is_new_and_keys_open_and_close_it(
    new_page: NewPage, front: RunningFront, town: Plum
) -> None:
    page = new_page()
    host_page(front, page, town.chat)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame = page.frames[-1]
    expect(frame.get_by_role("textbox")).to_be_focused()
    write(frame, "Hello")
    until(page, Arrival.objects.exists)
    read_everything()
    page.keyboard.press("Escape")
    button = page.get_by_role("button", name=re.compile("Chat with Plum"))
    expect(button).to_be_focused()
    answer(town.tessa, town.chat, thread_of(town.chat), "Hello Maud")
    expect(button).to_have_accessible_name("Chat with Plum, 1 new")
    button.press("Enter")
    expect(frame.locator(".said--them").last).to_contain_text("Hello Maud")
    expect(frame.get_by_role("textbox")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_are_clean_for_axe_and_fit(
    new_page: NewPage, front: RunningFront, town: Plum, width: int, scheme: str
) -> None:
    page = new_page(width=width, scheme=scheme)
    host_page(front, page, town.chat)
    frame = opened(page)
    write(frame, "A" + "verylongword" * 20)
    until(page, Arrival.objects.exists)
    read_everything()
    answer(town.tessa, town.chat, thread_of(town.chat), "https://plum.example/" + "x" * 200)
    expect(frame.locator(".said--them").last).to_contain_text("plum.example")
    frame.locator(".said--me").hover()
    assert violations(page) == []
    assert not overflows(page)
    assert not frame.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    for path in (f"/chat/{town.chat.key}/", f"/form/{town.form.key}/", f"/form/{town.form.key}/?embed=1"):
        page.goto(address(front, path))
        assert violations(page) == [], path
        assert not overflows(page), path
    page.goto(address(front, f"/form/{town.form.key}/"))
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert violations(page) == []
    assert problems(page) == []


@pytest.mark.parametrize("script", [True, False])
def test_form_is_sent_refused_mended_and_answered_with_and_without_script(
    new_page: NewPage, front: RunningFront, town: Plum, *, script: bool
) -> None:
    page = new_page(script=script)
    page.goto(address(front, f"/form/{town.form.key}/"))
    page.get_by_label("Your name").fill("Maud")
    page.get_by_label("E-mail").fill("maud")
    page.get_by_label("Your message").fill("Where is my\nSIM?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert page.get_by_label("Your message").input_value() == "Where is my\nSIM?"
    page.get_by_label("E-mail").fill("maud@example.org")
    page.wait_for_timeout(2_100)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading")).to_have_text("Your message is with Plum")
    read_everything()
    page.get_by_role("link", name="Open your page").click()
    expect(page.locator("[data-lines] .said__text")).to_have_text("Where is my\nSIM?", use_inner_text=True)
    answer(town.tessa, town.form, thread_of(town.form), "It comes tomorrow.")
    page.reload()
    expect(page.locator(".said--them")).to_contain_text("It comes tomorrow.")
    page.get_by_role("textbox").fill("Great")
    page.wait_for_timeout(2_100)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("We have your message")
    read_everything()
    page.reload()
    expect(page.locator("[data-lines] .said__text").last).to_have_text("Great")
    assert Conversation.objects.count() == 1
    assert problems(page) == []


def test_form_stands_in_another_page_at_its_own_height(new_page: NewPage, front: RunningFront, town: Plum) -> None:
    page = new_page()
    tag = f'<script src="{address(front, f"/form/{town.form.key}/embed.js")}"></script>'
    page.route(
        "**/shop",
        lambda route: route.fulfill(
            body=f"<!doctype html><title>s</title><p>Before</p>{tag}<p>After</p>", content_type="text/html"
        ),
    )
    page.goto(address(front, "/shop"))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading")).to_have_text("Write to Plum")
    until(page, lambda: page.locator("iframe").bounding_box()["height"] > 300)  # type: ignore[index]
    inner = page.frames[-1].evaluate("document.documentElement.scrollHeight")
    outer = page.locator("iframe").bounding_box()
    assert outer
    assert abs(outer["height"] - inner) < 12
    frame.get_by_label("Your message").fill("From the shop")
    page.wait_for_timeout(2_100)
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("heading")).to_have_text("Your message is with Plum")
    assert problems(page) == []


@pytest.mark.parametrize(("host", "shown"), [("localhost", True), ("127.0.0.1", False)])
def test_only_sites_that_are_named_show_the_chat(
    new_page: NewPage, front: RunningFront, town: Plum, host: str, *, shown: bool
) -> None:
    page = new_page()
    body = f'<iframe src="{address(front, f"/chat/{town.chat.key}/")}"></iframe>'
    with site_of_its_own(body) as port:
        town.chat.settings["sites"] = [f"http://localhost:{port}"]
        town.chat.save()
        page.goto(f"http://{host}:{port}/")
        frame = page.frames[1]
        until(page, lambda: frame.url.startswith("http:" if shown else "chrome-error:"))
        assert bool(frame.query_selector("textarea")) == shown


@contextmanager
def site_of_its_own(body: str) -> Iterator[int]:
    """A web site of somebody else, on a real port: Chromium lets no made-up page reach into this machine."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield site.server_address[1]
        site.shutdown()
