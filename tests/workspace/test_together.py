"""Palette, company, follow, next, notices and Today as pages, each through the gate."""

import re
from datetime import timedelta

import pytest

from hark.conversations.actions.cases import assign, set_waiting
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.noticing import notice
from hark.conversations.actions.snoozing import snooze
from hark.conversations.models import Case, Clock, Follow
from hark.conversations.types import Author
from hark.kernel.db import fetch_all
from hark.kernel.ids import new_uuid
from hark.kernel.queries import COLUMNS, journal_event
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Inbox
from hark.routing.actions import place
from hark.routing.types import NewWork
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World, case_of, crowd, known, maud, say
from tests.workspace.test_inbox import HTMX


def by(agent: Agent) -> Author:
    return Author(agent.pk, agent.key, agent.name)


def told() -> None:
    rows = fetch_all(f"SELECT {COLUMNS} FROM kernel_event ORDER BY id")  # noqa: S608 - a constant
    notice([journal_event(row) for row in rows], at=database_now())


def found(page: str) -> list[str]:
    return re.findall(r'data-object="([^"]+)"', page)


def test_palette_finds_cases_and_people_by_words_and_keys(world: World, signed_in: SignedIn) -> None:
    _, said = maud(world)
    crowd(world)
    client, case = signed_in(world.tessa), case_of(said[0])
    assert found(client.get("/palette/?q=two+times").content.decode()) == [case.key]
    assert f"person_{case_of(said[-1]).key}" in found(client.get("/palette/?q=terlinden").content.decode())
    assert found(client.get(f"/palette/?q={case.key}").content.decode()) == [case.key]
    assert found(client.get(f"/palette/?recent={case.key},case_gone").content.decode()) == [case.key]
    assert found(client.get("/palette/?q=%00%25_").content.decode()) == []


def test_palette_finds_nothing_that_may_not_be_seen(world: World, signed_in: SignedIn) -> None:
    theirs = case_of(say(world.night_chat, known("bob", name="Bob Secret"), "Good evening."))
    for words in ("q=evening", "q=secret", f"q={theirs.key}", f"recent={theirs.key}"):
        assert found(signed_in(world.tessa).get(f"/palette/?{words}").content.decode()) == []
        assert theirs.key in "".join(found(signed_in(world.owner).get(f"/palette/?{words}").content.decode()))


def test_page_says_who_else_looks_and_opening_a_case_reads_its_notices(world: World, signed_in: SignedIn) -> None:
    case = case_of(say(world.chat, known("ann"), "Hello?"))
    assign(case_id=case.pk, agent_id=world.ruben.pk, actor=by(world.tessa))
    told()
    ruben = signed_in(world.ruben)
    assert "1<span" in ruben.get("/").content.decode().split('id="bell"')[1][:600].replace("\n", "")
    signed_in(world.tessa).post(f"/case/{case.key}/looking/", {"tab": "a", "typing": "1"})
    page = ruben.post(f"/case/{case.key}/looking/", {"tab": "b"}).content.decode()
    assert "Tessa Okonedo is typing" in page
    assert "unread" not in ruben.get("/notices/").content.decode()
    signed_in(world.tessa).post(f"/case/{case.key}/looking/", {"tab": "a", "gone": "1"})
    assert "Tessa" not in ruben.get(f"/case/{case.key}/looking/").content.decode()


def test_case_is_followed_and_no_more(world: World, signed_in: SignedIn) -> None:
    case, client = case_of(say(world.chat, known("ann"), "Hello?")), signed_in(world.tessa)
    client.post(f"/case/{case.key}/follow/", {"follow": "1"}, headers=HTMX)
    assert "Follow it no more" in client.get(f"/case/{case.key}/").content.decode()
    assert case.key in client.get("/?view=followed").content.decode()
    client.post(f"/case/{case.key}/follow/", {"follow": "0"}, headers=HTMX)
    assert "You follow no case" in client.get("/?view=followed").content.decode()
    assert not Follow.objects.exists()


def test_next_opens_the_most_urgent_and_says_when_nothing_waits(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.tessa)
    nothing = client.post("/next/", headers=HTMX)
    assert nothing["HX-Retarget"] == "#said"
    assert "Nothing waits" in nothing.content.decode()
    case = case_of(say(world.chat, known("ann"), "Hello?"))
    place([NewWork(case.pk, case.inbox_id, "async", (), database_now() - timedelta(minutes=14), 900)])
    assert case.key in client.post("/next/", headers=HTMX)["HX-Trigger"]
    page = client.get(f"/case/{case.key}/").content.decode()
    assert "You: you asked for the next. Now: 14 min of 15 min used." in page


def test_notices_are_listed_in_words_and_read_together(world: World, signed_in: SignedIn) -> None:
    case, client = case_of(say(world.chat, known("ann", name="Ann"), "Where is my SIM?")), signed_in(world.ruben)
    assign(case_id=case.pk, agent_id=world.ruben.pk, actor=by(world.tessa))
    told()
    page = client.get("/notices/").content.decode()
    assert "Tessa Okonedo gave you the case" in page
    assert "Where is my SIM?" in page
    assert "data-popup" in client.get("/notices/bell/").content.decode()
    client.post("/notices/read/")
    page = client.get("/notices/").content.decode()
    assert "notice-line--unread" not in page
    assert "Mark all as read" not in page


def test_wishes_are_kept_and_nonsense_is_refused(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.ruben)
    kept = {"mention": ["desk"], "days": ["0", "1"], "from_time": "09:00", "until_time": "17:30"}
    assert client.post("/notices/settings/", kept).status_code == 302
    page = client.get("/notices/settings/").content.decode()
    assert page.count(" checked") == 3
    assert 'value="17:30"' in page
    assert client.post("/notices/settings/", {"mention": ["carrier pigeon"]}).status_code == 422
    assert client.post("/notices/settings/", {"from_time": "25:00"}).status_code == 422


def late(case: Case, minutes: float, target: int = 900) -> None:
    """Let the case's clock have run so long."""
    begun = database_now() - timedelta(minutes=minutes)
    due = {"started_at": begun, "due_at": begun + timedelta(seconds=target), "target_seconds": target}
    Clock.objects.filter(case=case).update(**due)


def test_today_ranks_by_urgency_says_why_and_what_can_wait(world: World, signed_in: SignedIn) -> None:
    names = ("fresh", "late", "soon", "chat", "theirs")
    cases = {
        name: case_of(say(world.square, known(name, name=name.capitalize()), f"I am {name}.", kind="email"))
        for name in names
    }
    Case.objects.filter(pk=cases["chat"].pk).update(last_kind="chat")
    for name, minutes in (("fresh", 2), ("late", 20), ("soon", 12), ("chat", 1), ("theirs", 14)):
        late(cases[name], minutes)
    assign(case_id=cases["theirs"].pk, agent_id=world.ruben.pk, actor=by(world.ruben))
    waits = case_of(say(world.chat, known("waits"), "Bye."))
    set_waiting(case_id=waits.pk, actor=by(world.tessa))
    rests = case_of(say(world.square, known("rests"), "No hurry.", kind="email"))
    late(rests, 1, target=9000)
    snooze(case_id=rests.pk, until=database_now() + timedelta(hours=1), actor=by(world.tessa))
    page = signed_in(world.tessa).get("/today/", headers=HTMX).content.decode()
    assert re.findall(r'id="due-([^"]+)"', page) == [
        cases[name].key for name in ("soon", "chat", "late", "fresh", "theirs")
    ]
    assert "12 min of 15 min used" in page
    assert "A chat, waiting" in page
    assert "past its 15 min" in page
    assert "can wait until" in page
    assert "with Ruben Asante" in page
    assert re.search(r"1\s+case</a> waits for the customer", page)


def test_today_holds_only_what_may_be_seen(world: World, signed_in: SignedIn) -> None:
    theirs = case_of(say(world.night_chat, known("bob"), "Good evening."))
    waits = case_of(say(world.night_chat, known("cid"), "Bye."))
    set_waiting(case_id=waits.pk, actor=by(world.stranger))
    page = signed_in(world.tessa).get("/today/").content.decode()
    assert theirs.key not in page
    assert "No case waits for the customer" in page


def test_who_sees_only_what_is_his_finds_hears_and_counts_nothing_else(world: World, signed_in: SignedIn) -> None:
    Inbox.objects.filter(pk=world.care.pk).update(only_assigned=True)
    case = case_of(say(world.chat, known("ann", name="Ann Only"), "Only for Ruben."))
    Case.objects.filter(pk=case.pk).update(assignee=world.ruben)
    add_note(case_id=case.pk, text="@Tessa @Ruben", author=by(world.owner), idempotency_key=new_uuid())
    told()
    for agent, sees in ((world.ruben, True), (world.tessa, False)):
        client = signed_in(agent)
        for path in ("/palette/?q=only", f"/palette/?recent={case.key}", "/today/", "/notices/", "/?view=all"):
            assert (case.key in client.get(path).content.decode()) is sees, path
        assert client.post(f"/case/{case.key}/looking/", {"tab": "a"}).status_code == (200 if sees else 404)
    assert "Tessa" not in signed_in(world.ruben).get(f"/case/{case.key}/colleagues/?q=te").content.decode()


@pytest.mark.parametrize("path", ["/today/", "/palette/?q=hello"])
def test_number_of_queries_does_not_grow(world: World, signed_in: SignedIn, path: str) -> None:
    from tests.workspace.test_inbox import queries_of

    def fill(number: int) -> None:
        for place_ in range(number):
            say(world.square, known(f"p{number}{place_}", name="Ann"), f"Hello {number}{place_}")

    client = signed_in(world.tessa)
    assert queries_of(client, path, fill, 2) == queries_of(client, path, fill, 5)
