"""Every address of the desk, for every role, for what is one's own, another's, and what does not exist.

A new address without a row here fails. What may not be seen or done is answered like an address that is not there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern

from hark.kernel.ids import new_uuid
from hark.organisation.actions.people import deactivate_agent
from hark.organisation.models import Agent
from hark.organisation.types import MAY_ADMINISTER, MAY_ANSWER, MAY_NOTE, MAY_SUPERVISE, Role
from hark.workspace.urls import urlpatterns
from tests.workspace.fixtures import page_of
from tests.workspace.makers import World, case_of, known, make_role, say
from tests.workspace.parking import park

EVERYBODY = frozenset(Role)
NOBODY: frozenset[Role] = frozenset()
SignedIn = Callable[[Agent], Client]


@dataclass(frozen=True)
class Row:
    """Who may; `what` is posted; `about` is the kind of thing in the address; `keyed` things can be another's."""

    who: frozenset[Role]
    post: bool = False
    about: str = ""
    what: tuple[tuple[str, str], ...] = ()


TABLE: dict[str, Row] = {
    "inbox": Row(EVERYBODY),
    "rows": Row(EVERYBODY),
    "pulse": Row(EVERYBODY),
    "case": Row(EVERYBODY, about="case"),
    "timeline": Row(EVERYBODY, about="case"),
    "contact": Row(EVERYBODY, about="case"),
    "composer": Row(EVERYBODY, about="case"),
    "answer": Row(MAY_NOTE, post=True, about="case", what=(("kind", "note"), ("note", "x"), ("send_key", "uuid"))),
    "draft": Row(MAY_NOTE, post=True, about="case", what=(("kind", "note"), ("text", "x"))),
    "status": Row(MAY_ANSWER, post=True, about="case", what=(("act", "wait"),)),
    "holder": Row(MAY_ANSWER, post=True, about="case", what=(("to", "me"),)),
    "take_back": Row(MAY_ANSWER, post=True, about="message"),
    "settle": Row(MAY_ANSWER, post=True, about="message", what=(("how", "drop"),)),
    "correct": Row(MAY_ANSWER, post=True, about="message", what=(("urgency", "high"),)),
    "case_by_hand": Row(MAY_ANSWER, post=True, about="message"),
    "looking": Row(EVERYBODY, post=True, about="case", what=(("tab", "t"),)),
    "colleagues": Row(MAY_NOTE, about="case"),
    "follow": Row(EVERYBODY, post=True, about="case", what=(("follow", "1"),)),
    "offers": Row(MAY_ANSWER),
    "next": Row(MAY_ANSWER, post=True),
    "palette": Row(EVERYBODY),
    "today": Row(EVERYBODY),
    "notices": Row(EVERYBODY),
    "bell": Row(EVERYBODY),
    "read_notices": Row(EVERYBODY, post=True),
    "notice_wishes": Row(EVERYBODY),
    "accept_offer": Row(MAY_ANSWER, post=True, about="offer"),
    "decline_offer": Row(MAY_ANSWER, post=True, about="offer", what=(("reason", "cannot_now"),)),
    "presence": Row(MAY_ANSWER, post=True, what=(("presence", "busy"),)),
    "heartbeat": Row(MAY_ANSWER, post=True),
    "stream": Row(EVERYBODY),
    "parked": Row(MAY_SUPERVISE),
    "parked_arrival": Row(MAY_SUPERVISE, about="arrival"),
    "settle_arrival": Row(MAY_SUPERVISE, post=True, about="arrival", what=(("act", "replay"),)),
    "settings": Row(MAY_ADMINISTER),
    "settings_channels": Row(MAY_ADMINISTER),
    "settings_brands": Row(MAY_ADMINISTER),
    "settings_inboxes": Row(MAY_ADMINISTER),
    "settings_inbox": Row(MAY_ADMINISTER, about="inbox"),
    "settings_people": Row(MAY_ADMINISTER),
    "settings_person": Row(MAY_ADMINISTER, about="agent"),
    "settings_person_link": Row(MAY_ADMINISTER, post=True, about="agent"),
    "settings_person_door": Row(MAY_ADMINISTER, post=True, about="agent"),
    "settings_teams": Row(MAY_ADMINISTER),
    "first_run_brand": Row(MAY_ADMINISTER),
    "first_run_inbox": Row(MAY_ADMINISTER),
    "first_run_channels": Row(MAY_ADMINISTER),
    "first_run_people": Row(MAY_ADMINISTER),
    "account_logout": Row(EVERYBODY, post=True),
}
OPEN = {"first_run", "join", "account_login", "account_signup", "account_reset_password", "account_inactive", "favicon"}
GONE_FOR_ALL = {"take_back", "settle", "accept_offer", "decline_offer"}  # nothing of one's own to act on in this world


def address(name: str, key: str) -> str:
    """The path of a named pattern with `key` in it."""
    pattern = next(one for one in urlpatterns if isinstance(one, URLPattern) and one.name == name)
    return "/" + str(pattern.pattern).replace("<str:key>", key)


def asked(client: Client, name: str, key: str = "") -> HttpResponse:
    """The answer to this row's request."""
    row = TABLE[name]
    if not row.post:
        return client.get(address(name, key))
    what = {field: str(new_uuid()) if value == "uuid" else value for field, value in row.what}
    return client.post(address(name, key), what)


def keys_of(world: World, about: str) -> tuple[str, str]:
    """(one's own, another's) of a kind of thing. Owners of the same right see both."""
    ours = say(world.chat, known("ann"), "My SIM will not activate.")
    theirs = say(world.night_chat, known("bob"), "Good evening.")
    return {
        "case": lambda: (case_of(ours).key, case_of(theirs).key),
        "message": lambda: (ours.key, theirs.key),
        "arrival": lambda: (park(world.chat), park(world.night_chat)),
        "inbox": lambda: (world.care.key, world.night.key),
        "agent": lambda: (world.ruben.key, world.stranger.key),
        "offer": lambda: ("offer_own", "offer_other"),
    }[about]()


def test_every_address_has_a_row() -> None:
    names = {one.name for one in urlpatterns if isinstance(one, URLPattern)}
    assert names == TABLE.keys() | OPEN


@pytest.mark.parametrize("name", TABLE)
def test_only_the_roles_of_the_table_get_through(world: World, signed_in: SignedIn, name: str) -> None:
    row = TABLE[name]
    for role in Role:
        key = keys_of(world, row.about)[0] if row.about else ""
        status = asked(signed_in(make_role(world, role)), name, key).status_code
        if role in row.who and name not in GONE_FOR_ALL:
            assert status in {200, 204, 302, 422}, f"{name} for {role}: {status}"
        else:
            assert status == 404, f"{name} for {role}: {status}"


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.about and not row.who <= MAY_SUPERVISE])
def test_foreign_and_unknown_are_the_same_answer(world: World, signed_in: SignedIn, name: str) -> None:
    foreign = asked(signed_in(world.tessa), name, keys_of(world, TABLE[name].about)[1])
    unknown = asked(signed_in(world.tessa), name, f"{TABLE[name].about}_0000000000")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content


@pytest.mark.parametrize("name", TABLE)
def test_strangers_are_sent_to_the_sign_in(world: World, client: Client, name: str) -> None:
    key = keys_of(world, TABLE[name].about)[0] if TABLE[name].about else ""
    answer = asked(client, name, key)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


def test_deactivated_person_is_out_at_once(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.tessa)
    assert client.get("/").status_code == 200
    deactivate_agent(key=world.tessa.key, actor=world.owner)
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.post])
def test_act_without_token_is_refused(world: World, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    key = keys_of(world, TABLE[name].about)[0] if TABLE[name].about else ""
    assert asked(client, name, key).status_code == 403


def test_counts_hold_only_what_may_be_seen(world: World, signed_in: SignedIn) -> None:
    say(world.chat, known("ann"), "My SIM will not activate.")
    for name in ("bob", "cid"):
        say(world.night_chat, known(name), "Good evening.")
    page = page_of(signed_in(world.tessa).get("/?view=all"))
    assert 'Team inbox <span class="n">1</span>' in page
    assert "Good evening" not in page
    page = page_of(signed_in(world.owner).get("/?view=all"))
    assert 'Team inbox <span class="n">3</span>' in page


def test_lines_of_foreign_cases_are_never_drawn_on_request(world: World, signed_in: SignedIn) -> None:
    theirs = case_of(say(world.night_chat, known("bob"), "Good evening."))
    body = page_of(signed_in(world.tessa).get(f"/inbox/pulse/?changed={theirs.key}&shown={theirs.key}"))
    assert theirs.key not in body
