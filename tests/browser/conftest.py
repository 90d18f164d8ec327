"""A real Chromium before the real product. These tests are never skipped: without a browser they fail."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from hark.kernel import secrets
from hark.organisation.models import Agent
from tests.browser.diary import FAILED, Diary, pytest_runtest_makereport  # noqa: F401 (pytest finds the hook here)
from tests.browser.product import Product
from tests.chromium import launched
from tests.cluster import copied
from tests.workspace.makers import World, make_world

Opened = Callable[..., Page]
NARROW = 360
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """They drive a browser, wide in light and narrow in dark; `make pages` looks at pages in all four ways."""
    if not os.environ.get("HARK_PAGES"):
        crossed = [item for item in items if is_crossed(item)]
        items[:] = [item for item in items if item not in crossed]
        config.hook.pytest_deselected(items=crossed)
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


def is_crossed(item: pytest.Item) -> bool:
    """Does it look at a page in dark and wide, or in light and narrow?"""
    asked = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    width = asked.get("width") or asked.get("size", (None,))[0]
    return bool(width and "scheme" in asked and item.path.is_relative_to(Path(__file__).parent)) and (
        (asked["scheme"] == "dark") != (width == NARROW)
    )


@pytest.fixture(scope="package")  # not the session: Playwright's loop must not run under other tests
def browser() -> Iterator[Browser]:
    """One browser for the package."""
    with launched() as running:
        yield running


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any, tables: Path) -> Iterator[Product]:
    """`hark up`, empty at first."""
    product = Product(tmp_path_factory.mktemp("product"), django_db_blocker)
    copied(tables, product.folder / "data")
    product.start()
    yield product
    product.stop()


@pytest.fixture(scope="package")
def plum(running: Product) -> World:
    """Plum with its people and channels, in the running product."""
    with running.data():
        return make_world()


@pytest.fixture
def opened(request: pytest.FixtureRequest, browser: Browser, running: Product) -> Iterator[Opened]:
    """A page of a person (or of nobody) in a context of its own; what the browser complains of fails the test."""
    contexts: list[BrowserContext] = []
    diaries: list[Diary] = []
    complaints: list[str] = []

    def open_page(path: str = "/", *, as_: Agent | None = None, strict: bool = True, **more: Any) -> Page:
        size = {"width": more.pop("width", 1440), "height": more.pop("height", 900)}
        context = browser.new_context(viewport=size, base_url=running.url, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        diaries.append(Diary(page))
        if strict:
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: is_complaint(said) and complaints.append(said.text))
        if as_ is not None:
            context.add_cookies([{"name": "hark_session", "value": session_of(running, as_), "url": running.url}])
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}, {running.last_words()}"
        return page

    yield open_page
    if FAILED in request.node.stash:
        print("\n\n".join(diary.told() for diary in diaries), running.last_words(), sep="\n\n")
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(said: ConsoleMessage) -> bool:
    """An error of the page itself; a missing or interrupted answer is the test's own doing."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


def session_of(running: Product, agent: Agent) -> str:
    """A session made by hand: no test but those of signing in has to go through its pages first."""
    with running.data(), override_settings(SECRET_KEY=secrets.django_secret_keys()[0]):
        client = Client()
        client.force_login(Agent.objects.get(pk=agent.pk), "allauth.account.auth_backends.AuthenticationBackend")
        return client.cookies["hark_session"].value
