"""The first run, the sign-in and the one-time link, as pages."""

import re

import pytest
from django.test import Client

from hark.organisation import queries
from hark.organisation.actions.people import add_agent, invitation_token
from hark.organisation.models import Agent, Brand, Channel, Inbox, Organisation
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import PASSWORD, World

FIRST = {
    "organisation": "Plum", "owner_name": "Ada Owner", "owner_email": "ada@plum.example", "password": PASSWORD,
    "again": PASSWORD,
}  # fmt: skip


@pytest.fixture
def empty(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set up, and this process does not remember otherwise."""
    monkeypatch.setattr(queries, "_set_up", False)


def test_every_page_leads_to_the_first_run_until_it_is_done(empty: None, client: Client) -> None:
    for path in ("/", "/sign-in/", "/stream/", "/settings/people/"):
        assert client.get(path)["Location"] == "/first-run/"


def test_first_run_step_by_step_in_five_posts(empty: None, client: Client) -> None:
    assert client.post("/first-run/", FIRST)["Location"] == "/first-run/brand/"
    brand = {
        "name": "Plum",
        "about": "Mobile phones",
        "handles": "@plumcare",
        "products": "SIM, eSIM\nSIM",
        "exclude": "cake",
    }
    assert client.post("/first-run/brand/", brand)["Location"] == "/first-run/inbox/"
    places = {"chat_used": "on", "chat_first": 3, "mail_used": "on", "mail_name": "Letters"}
    assert client.post("/first-run/inbox/", places)["Location"] == "/first-run/channels/"
    client.post("/first-run/channels/", {"webchat": "on", "form": "on", "sites": "https://plum.example"})
    page = client.get("/first-run/channels/").content.decode()
    assert page.count("&lt;script async src=") == 2
    answer = client.post("/first-run/people/", {"name": "Tessa", "email": "t@plum.example", "role": "agent"})
    link = re.search(r"/join/agent_\w+/[\w-]+/", answer.content.decode())
    assert link
    assert Brand.objects.get().products == ["SIM", "eSIM"]
    shown = Inbox.objects.order_by("pk").values_list("name", "first_response_seconds", "next_response_seconds")
    assert list(shown) == [("Chat", 180, 300), ("Letters", 14_400, 28_800)]
    where = Channel.objects.order_by("venue").values_list("venue", "inbox__name")
    assert list(where) == [("form", "Letters"), ("webchat", "Chat")]
    assert {team.name for inbox in Inbox.objects.all() for team in inbox.teams.all()} == {"Care"}
    assert client.get("/").status_code == 200


def test_first_run_is_closed_for_ever_once_it_is_done(empty: None, client: Client) -> None:
    client.post("/first-run/", FIRST)
    stranger = Client()
    assert stranger.get("/first-run/").status_code == 404
    assert stranger.post("/first-run/", {**FIRST, "owner_email": "eve@x.example"}).status_code == 404
    assert stranger.get("/first-run/brand/")["Location"].startswith("/sign-in/")
    assert Organisation.objects.count() == Agent.objects.count() == 1


def test_start_proposes_clocks_and_can_be_walked_back_and_forth(empty: None, client: Client) -> None:
    client.post("/first-run/", FIRST)
    page = client.get("/first-run/inbox/").content.decode()
    assert "People wait in front of the screen" in page
    assert client.post("/first-run/inbox/", {"chat_name": "Chat"}).status_code == 422
    same = {"chat_used": "on", "chat_name": "One", "mail_used": "on", "mail_name": "one"}
    assert "Two inboxes cannot have the same name" in client.post("/first-run/inbox/", same).content.decode()
    for minutes in (60, 90):
        chosen = {"mail_used": "on", "public_used": "on", "public_first": minutes}
        assert client.post("/first-run/inbox/", chosen).status_code == 302
    shown = Inbox.objects.order_by("pk").values_list("name", "first_response_seconds")
    assert list(shown) == [("Care", 14_400), ("Public", 5_400)]


def test_weak_password_stands_on_the_form_and_nothing_is_made(empty: None, client: Client) -> None:
    answer = client.post("/first-run/", {**FIRST, "password": "short", "again": "short"})
    assert answer.status_code == 422
    assert "12 characters" in answer.content.decode()
    assert not Organisation.objects.exists()


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("nobody@plum.example", PASSWORD),
        ("tessa@plum.example", "wrong password here"),
        ("out@plum.example", PASSWORD),
    ],
    ids=["unknown address", "wrong password", "deactivated"],
)  # fmt: skip
def test_sign_in_says_the_same_whatever_was_wrong(world: World, client: Client, email: str, password: str) -> None:
    gone = add_agent(name="Out", email="out@plum.example", password=PASSWORD)
    Agent.objects.filter(pk=gone.pk).update(is_active=False)
    answer = client.post("/sign-in/", {"login": email, "password": password})
    assert answer.status_code == 200
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode()).replace(email, "")
    reference = client.post("/sign-in/", {"login": "other@x.example", "password": "wrong password here"})
    expected = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", reference.content.decode())
    assert body == expected.replace("other@x.example", "")


def test_sign_in_and_out(world: World, client: Client) -> None:
    answer = client.post("/sign-in/", {"login": "TESSA@plum.example", "password": PASSWORD})
    assert answer["Location"] == "/"
    assert client.get("/").status_code == 200
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302


def test_sign_in_is_slowed_after_ten_wrong_passwords(world: World, client: Client) -> None:
    for _ in range(10):
        client.post("/sign-in/", {"login": "ruben@plum.example", "password": "wrong password here"})
    answer = client.post("/sign-in/", {"login": "ruben@plum.example", "password": PASSWORD})
    assert answer.status_code == 200
    assert "Too many" in answer.content.decode()


def test_nobody_signs_up(world: World, client: Client) -> None:
    assert client.get("/sign-up/").status_code == 404
    assert client.post("/sign-up/", {"email": "eve@x.example", "password1": PASSWORD}).status_code == 404


def test_one_time_link_sets_the_password_once(world: World, client: Client) -> None:
    agent = add_agent(name="New", email="new@plum.example")
    link = f"/join/{agent.key}/{invitation_token(agent=agent)}/"
    assert client.get(link).status_code == 200
    assert client.post(link, {"password": PASSWORD, "again": PASSWORD})["Location"] == "/sign-in/"
    again = client.post(link, {"password": "another long password", "again": "another long password"})
    assert again.status_code == 422
    assert "used before" in again.content.decode()
    assert client.post("/sign-in/", {"login": agent.email, "password": PASSWORD})["Location"] == "/"


def test_page_of_the_link_does_not_tell_who_exists(world: World, client: Client) -> None:
    real = client.get(f"/join/{world.tessa.key}/x-y/").content.decode()
    unknown = client.get("/join/agent_0000/x-y/").content.decode()
    strip = re.compile(r'value="\w{30,}"')
    assert strip.sub("", real) == strip.sub("", unknown)


def test_leaving_tells_the_router(world: World, signed_in: SignedIn) -> None:
    from hark.routing.queries import load_of

    client = signed_in(world.tessa)
    client.post("/presence/", {"presence": "available"})
    assert load_of(world.tessa).presence == "available"
    client.post("/sign-out/")
    assert load_of(world.tessa).presence == "offline"
