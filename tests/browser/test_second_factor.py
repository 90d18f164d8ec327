"""A passkey and an app in a real browser: set up, asked for, and nothing works without."""

import re
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from hark.organisation.actions.people import add_agent
from hark.organisation.models import Agent
from hark.organisation.types import Role
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.security.test_second_factor import code_of
from tests.workspace.makers import PASSWORD, World

KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def with_key(page: Page) -> CDPSession:
    """The browser has a passkey's device that says yes by itself."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return session


def password_given(page: Page, address: str, agent: Agent) -> None:
    """The first half of signing in."""
    page.goto(f"{address}/sign-in/")
    page.get_by_label("E-mail address").fill(agent.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def a_person(running: Product, name: str, **more: Any) -> Agent:
    """Somebody with the password of the tests."""
    with running.data():
        return add_agent(name=name, email=f"{name.lower()}@plum.example", password=PASSWORD, **more)


def test_administrator_sets_up_a_passkey_at_the_first_sign_in_and_signs_in_with_it(
    plum: World, running: Product, opened: Opened
) -> None:
    person = a_person(running, "Petra", role=Role.ADMINISTRATOR)
    address = f"http://localhost:{running.port}"  # browsers make passkeys for names, not for numbers
    page = opened("/sign-in/")
    with_key(page)
    password_given(page, address, person)
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Name of the passkey").fill("My laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert violations(page) == []
    page.get_by_role("link", name="I have kept them").click()
    page.goto(f"{address}/account/")
    expect(page.get_by_text("My laptop")).to_be_visible()
    page.context.clear_cookies()
    password_given(page, address, person)
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{address}/")
    expect(page.locator("#list")).to_be_visible()


def test_agent_sets_up_an_app_on_a_phone_and_the_code_is_asked_for(
    plum: World, running: Product, opened: Opened
) -> None:
    person = a_person(running, "Tomas", teams=[plum.team])
    page = opened("/sign-in/?next=/account/", width=360, height=740)
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Set up a second factor").click()
    secret = re.sub(r"\s", "", page.locator(".secret").inner_text())
    page.get_by_label("Six digits").fill(code_of(secret, steps=-1))
    page.locator("#id_old_app").fill(PASSWORD)
    page.get_by_role("button", name="Use this app").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Authenticator app")).to_be_visible()
    page.context.clear_cookies()
    password_given(page, running.url, person)
    page.get_by_label("Code of your app").fill("000 000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert").first).to_contain_text("not right")
    assert violations(page) == []
    page.get_by_label("Code of your app").fill(code_of(secret))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/")
    expect(page.locator("#list")).to_be_visible()
