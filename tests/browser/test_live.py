"""Pages stay true by themselves: new cases, restarts of the server, drafts, replies that came too late."""

from playwright.sync_api import Page, Route, expect

from hark.conversations.actions.cases import resolve
from hark.conversations.actions.reply import reply
from hark.conversations.types import Author, Visibility
from hark.kernel.ids import new_uuid
from hark.organisation.models import Agent, Inbox
from tests.browser.conftest import Opened
from tests.browser.product import Product
from tests.chromium import violations
from tests.workspace.makers import World, case_of, known, say


def author_of(agent: Agent) -> Author:
    """Who writes."""
    return Author(agent.pk, agent.key, agent.name)


def test_newer_case_is_held_back_and_shown_on_request(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        say(plum.chat, known("held-first"), "The one that is there.")
    page = opened("/?view=all", as_=plum.tessa)
    before = page.locator("[data-row]").all_inner_texts()
    with running.data():
        late = case_of(say(plum.chat, known("held-second"), "I wait for days now.", ago=200_000))
    expect(page.locator("#list-foot")).to_contain_text("newer held back")
    assert [text.split("\n")[0] for text in page.locator("[data-row]").all_inner_texts()] == [
        text.split("\n")[0] for text in before
    ]
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(f'[data-row="{late.key}"]')).to_be_visible()
    expect(page.locator("#list-foot")).not_to_contain_text("held back")


def test_open_case_shows_a_new_message_and_keeps_what_is_being_typed(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        author = known("typing")
        case = case_of(say(plum.chat, author, "Are you there?"))
    page = opened(f"/case/{case.key}/?view=all", as_=plum.tessa)
    page.locator("#reply").fill("Yes, I am")
    with running.data():
        say(plum.chat, author, "It is urgent!", ago=0)
    expect(page.locator("#timeline")).to_contain_text("It is urgent!")
    expect(page.locator("#reply")).to_have_value("Yes, I am")
    expect(page.locator("#reply")).to_be_focused()


def test_what_changes_while_the_page_fetches_is_fetched_again(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        case = case_of(say(plum.chat, known("between"), "Where is my parcel?"))
    page = opened(f"/case/{case.key}/?view=all", as_=plum.tessa)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.addEventListener('hark:heard', ({ detail }) => document.body.classList.add(detail.kind))")
    held: list[Route] = []
    page.route("**/timeline/**", lambda route: held.append(route), times=1)  # noqa: PLW0108 - a builtin is no handler
    page.evaluate(f"document.dispatchEvent(new CustomEvent('hark:changed', {{ detail: {{ case: '{case.key}' }} }}))")
    while not held:
        page.wait_for_timeout(20)
    old = held[0].fetch()
    with running.data():
        resolve(case_id=case.pk, actor=author_of(plum.tessa))
    expect(page.locator("body")).to_contain_class("case.resolved")
    held[0].fulfill(response=old)
    expect(page.locator("#case-head .facts")).to_contain_text("Resolved")


def test_reply_that_came_too_late_is_stopped_and_one_key_sends_it(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        Inbox.objects.filter(pk=plum.care.pk).update(undo_seconds=15)
        first = say(plum.chat, known("stale"), "My invoice is wrong.")
        case = case_of(first)
    page = opened(f"/case/{case.key}/?view=all", as_=plum.tessa)
    page.route("**/timeline/**", lambda route: route.abort())  # this page does not hear of it in time
    page.locator("#reply").fill("Which invoice is it?")
    with running.data():
        reply(
            case_id=case.pk,
            conversation_id=first.conversation_id,
            author=author_of(plum.ruben),
            text="We pay it back.",
            visibility=Visibility.PRIVATE,
            idempotency_key=new_uuid(),
            seen_message_id=first.pk,
        )
    page.locator("#reply").press("Control+Enter")
    expect(page.locator("#stale")).to_contain_text("We pay it back.")
    expect(page.locator("#reply")).to_have_value("Which invoice is it?")
    expect(page.locator("[data-anyway]")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#undo")).to_contain_text("leaves in")


def test_draft_outlives_the_page_and_the_line(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        case = case_of(say(plum.chat, known("draft"), "Please explain eSIM."))
    page = opened(f"/case/{case.key}/?view=all", as_=plum.tessa, strict=False)
    page.locator("#reply").fill("An eSIM is")
    expect(page.locator("[data-saved]")).to_have_text("Draft kept")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('hark-draft'))") == []
    page.context.set_offline(True)
    page.locator("#reply").fill("An eSIM is a SIM without plastic")
    expect(page.locator("[data-saved]")).to_have_text("Kept in this browser only")
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#reply")).to_have_value("An eSIM is a SIM without plastic")
    expect(page.locator("[data-saved]")).to_have_text("Draft kept")


def test_page_survives_a_killed_server_with_nothing_missing_or_doubled(
    plum: World, running: Product, opened: Opened
) -> None:
    with running.data():
        author = known("restart")
        case = case_of(say(plum.chat, author, "Before the fall."))
    page = opened(f"/case/{case.key}/?view=all", as_=plum.tessa, strict=False)
    expect(page.locator("#timeline")).to_contain_text("Before the fall.")
    running.kill_web()
    with running.data():
        say(plum.chat, author, "While it was down.", ago=1)
    running.wait_until_ready()
    expect(page.locator("#timeline")).to_contain_text("While it was down.", timeout=30_000)
    with running.data():
        say(plum.chat, author, "After it.", ago=0)
    expect(page.locator("#timeline")).to_contain_text("After it.", timeout=30_000)
    assert said_by_them(page) == ["Before the fall.", "While it was down.", "After it."]
    expect(page.locator("#lost")).to_be_hidden()


def said_by_them(page: Page) -> list[str]:
    """The customer's words in the ledger, in order."""
    return [text.strip() for text in page.locator("#timeline [data-theirs] .entry__text").all_inner_texts()]


def test_lost_line_is_said_and_what_was_missed_is_marked(plum: World, running: Product, opened: Opened) -> None:
    with running.data():
        author = known("missed")
        case = case_of(say(plum.chat, author, "One."))
    page = opened(f"/case/{case.key}/?view=all", as_=plum.tessa, strict=False)
    expect(page.locator("#timeline")).to_contain_text("One.")
    page.context.set_offline(True)
    expect(page.locator("#lost")).to_be_visible()
    assert violations(page) == []
    with running.data():
        say(plum.chat, author, "Two, unseen.", ago=0)
    page.context.set_offline(False)
    missed = page.locator(".entry--missed")
    expect(missed).to_contain_text("Two, unseen.", timeout=20_000)
    expect(page.locator("#lost")).to_be_hidden()
