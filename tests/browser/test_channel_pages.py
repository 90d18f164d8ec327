"""The pages of a channel in a browser: its secrets, its settings, its health."""

from html import escape
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from playwright.sync_api import Route, expect

from hark.kernel.time import now
from hark.organisation.models import Channel
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World, known, say


def test_chat_gets_a_secret_and_a_token_is_tried(plum: World, opened: Opened) -> None:
    page = opened(f"/settings/channels/{plum.night_chat.key}/", as_=plum.owner)
    page.get_by_role("link", name="Secrets it shares").click()
    page.get_by_role("button", name="Make the secret").click()
    secret = page.locator(".secret").inner_text()
    assert violations(page) == []
    at = int(now().timestamp())
    claims = {"aud": plum.night_chat.key, "sub": "4711", "name": "Maud", "iat": at, "exp": at + 600}
    page.get_by_label("A token that your server made").fill(jwt.encode(claims, secret, algorithm="HS256"))
    page.get_by_role("button", name="See what Hark reads").click()
    expect(page.locator("#main")).to_contain_text("The chat believes it")
    expect(page.locator("#main")).to_contain_text("Maud")
    expect(page.locator(".secret")).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("button", name="Make a new one").click()
    expect(page.locator(".secret")).not_to_have_text(secret)
    page.get_by_role("button", name="Drop the older one").click()
    expect(page.locator("#said")).to_contain_text("Only the newer one is valid")


def test_form_is_connected_and_its_first_message_shows_by_itself(plum: World, running: Product, opened: Opened) -> None:
    page = opened("/settings/channels/", as_=plum.owner)
    page.get_by_role("link", name="Contact form").click()
    page.get_by_label("Name", exact=True).fill("plum.example/help")
    page.get_by_label("Inbox", exact=True).select_option(label="Night")
    page.get_by_label("Sites that may show it").fill("plum.example")
    page.get_by_role("button", name="Connect and check").click()
    expect(page.locator(".field__error")).to_contain_text("is not written like https://shop.example")
    page.get_by_label("Sites that may show it").fill("https://plum.example")
    page.get_by_role("button", name="Connect and check").click()
    expect(page.locator("#said")).to_contain_text("Connected and switched on")
    steps = page.locator("#steps")
    expect(steps).to_contain_text("All well")
    expect(steps).to_contain_text("It hears and speaks")
    expect(steps).to_contain_text("This page notices by itself")
    with running.data():
        say(Channel.objects.get(name="plum.example/help"), known("dora", name="Dora"), "Is this the right form?", ago=1)
    expect(steps).to_contain_text("The newest came", timeout=30_000)
    page.get_by_role("button", name="Answer Dora with a test").click()
    expect(steps).to_contain_text("The newest: Delivered", timeout=60_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#settings .health").first).to_contain_text("Paused")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#said")).to_contain_text("Switched on")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_pages_of_a_channel_have_no_violation_and_do_not_overflow(
    plum: World, opened: Opened, scheme: str, width: int
) -> None:
    page = opened("/settings/channels/", as_=plum.owner, width=width, height=800, color_scheme=scheme)
    one = f"/settings/channels/{plum.square.key}/"
    others = (
        "/settings/channels/new/email/",
        "/settings/channels/new/api/",
        "/settings/brands/",
        "/settings/inboxes/",
        "/first-run/inbox/",
    )
    for path in (one, f"/settings/channels/{plum.chat.key}/secrets/", *others):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


def test_mailbox_is_signed_in_for_at_a_provider_and_what_is_of_no_use_is_hidden(plum: World, opened: Opened) -> None:
    """Over to another site and back, with the real policy and cookies; the provider's page is the browser's own."""
    page = opened("/settings/channels/new/email/", as_=plum.owner)
    expect(page.get_by_label("Client id")).to_be_hidden()
    expect(page.get_by_role("heading", name="What to do at Google")).to_be_hidden()
    page.get_by_label("How Hark signs in").select_option(label="Sign in with Microsoft")
    expect(page.get_by_label("Tenant")).to_be_visible()
    page.get_by_label("How Hark signs in").select_option(label="Sign in with Google")
    expect(page.get_by_label("Tenant")).to_be_hidden()
    expect(page.get_by_label("Password", exact=True)).to_be_hidden()
    expect(page.get_by_role("heading", name="What to do at Google")).to_be_visible()
    expect(page.get_by_label("Redirect URI").first).to_contain_text("/settings/channels/sign-in/")
    assert violations(page) == []
    page.get_by_label("Name", exact=True).fill("Care by Google")
    page.get_by_label("Inbox", exact=True).select_option(label="Night")
    page.get_by_label("Address", exact=True).fill("google@plum.example")
    page.get_by_role("button", name="Connect and check").click()
    expect(page.locator(".field__error").first).to_contain_text("Type the client id of your app at Google")
    page.get_by_label("Client id").fill("plum-client")
    page.get_by_label("Client secret", exact=True).fill("plum-client-secret")
    page.get_by_role("button", name="Connect and check").click()
    expect(page.locator("#said")).to_contain_text("Now sign in there")
    assert violations(page) == []

    def cancelled(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        back = f"{asked['redirect_uri'][0]}?error=access_denied&state={asked['state'][0]}"
        link = f'<!doctype html><a href="{escape(back)}">Cancel</a>'
        route.fulfill(status=200, content_type="text/html", body=link)

    page.route("https://accounts.google.com/**", cancelled)
    page.get_by_role("button", name="Sign in with Google").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("#said")).to_contain_text("somebody pressed Cancel")
    assert urlsplit(page.url).query == ""
    expect(page.locator("#steps")).to_contain_text("Nobody has signed in with Google yet")
