"""Every address of the desk, for every role, for what is one's own, another's, and what does not exist.

A new address without a row here fails. What may not be seen or done is answered like an address that is not there.
The walk over roles and objects, and the rows of customers' pages, are in tests/security/test_matrix.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern

from hark.conversations.types import SeenFile
from hark.kernel.ids import new_uuid
from hark.organisation.actions.people import deactivate_agent
from hark.organisation.models import Agent
from hark.organisation.types import MAY_ADMINISTER, MAY_ANSWER, MAY_AUDIT, MAY_NOTE, MAY_SUPERVISE, Role
from hark.workspace.urls import urlpatterns
from tests.workspace.fixtures import page_of
from tests.workspace.makers import World, a_macro, a_saved_reply, case_of, known, say
from tests.workspace.parking import park

EVERYBODY = frozenset(Role)
NOBODY: frozenset[Role] = frozenset()
SignedIn = Callable[[Agent], Client]


@dataclass(frozen=True)
class Row:
    """Who may; `what` is posted; `about` is the kind of thing in the address; `private`: another's is nobody's else."""

    who: frozenset[Role]
    post: bool = False
    about: str = ""
    what: tuple[tuple[str, str], ...] = ()
    private: bool = False


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
    "prefer": Row(MAY_ANSWER, post=True, about="case"),
    "pick": Row(MAY_ANSWER),
    "act": Row(MAY_ANSWER, post=True, what=(("act", "resolve"),)),
    "undo_act": Row(MAY_ANSWER, post=True, what=(("sealed", "x"),)),
    "answer_many": Row(MAY_ANSWER),
    "views": Row(EVERYBODY),
    "approvals": Row(MAY_SUPERVISE),
    "held": Row(MAY_ANSWER, post=True, about="held", what=(("act", "later"), ("later", "tomorrow"))),
    "take_back": Row(MAY_ANSWER, post=True, about="message"),
    "settle": Row(MAY_ANSWER, post=True, about="message", what=(("how", "drop"),)),
    "admit": Row(MAY_ANSWER, post=True, about="message"),
    "correct": Row(MAY_ANSWER, post=True, about="message", what=(("urgency", "high"),)),
    "case_by_hand": Row(MAY_ANSWER, post=True, about="message"),
    "formatted": Row(EVERYBODY, about="message"),
    "remote_pictures": Row(MAY_NOTE, post=True, about="message"),
    "original": Row(EVERYBODY, about="message"),
    "files_of_draft": Row(
        MAY_NOTE, post=True, about="case", what=(("kind", "reply"), ("name", "a.pdf"), ("size", "9"))
    ),
    "piece_of_file": Row(MAY_NOTE, post=True, about="file"),
    "remove_file": Row(MAY_NOTE, post=True, about="file"),
    "fetch_file_again": Row(MAY_NOTE, post=True, about="file"),
    "open_file": Row(EVERYBODY, about="file"),
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
    "search": Row(EVERYBODY),
    "parked": Row(MAY_SUPERVISE),
    "parked_arrival": Row(MAY_SUPERVISE, about="arrival"),
    "settle_arrival": Row(MAY_SUPERVISE, post=True, about="arrival", what=(("act", "replay"),)),
    "settings": Row(MAY_ADMINISTER),
    "settings_channels": Row(MAY_ADMINISTER),
    "settings_channel_new": Row(MAY_ADMINISTER, about="venue"),
    "settings_channel": Row(MAY_ADMINISTER, about="channel"),
    "settings_channel_steps": Row(MAY_ADMINISTER, about="channel"),
    "settings_channel_act": Row(MAY_ADMINISTER, post=True, about="channel", what=(("act", "check"),)),
    "settings_channel_secrets": Row(MAY_ADMINISTER, about="channel"),
    "settings_brands": Row(MAY_ADMINISTER),
    "settings_inboxes": Row(MAY_ADMINISTER),
    "settings_inbox": Row(MAY_ADMINISTER, about="inbox"),
    "settings_people": Row(MAY_ADMINISTER),
    "settings_person": Row(MAY_ADMINISTER, about="agent"),
    "settings_person_link": Row(MAY_ADMINISTER, post=True, about="agent"),
    "settings_person_factor": Row(MAY_ADMINISTER, post=True, about="agent"),
    "settings_person_door": Row(MAY_ADMINISTER, post=True, about="agent"),
    "settings_teams": Row(MAY_ADMINISTER),
    "settings_tags": Row(MAY_ADMINISTER),
    "settings_replies": Row(MAY_ADMINISTER),
    "settings_reply": Row(MAY_ADMINISTER, about="reply"),
    "settings_macros": Row(MAY_ADMINISTER),
    "settings_macro": Row(MAY_ADMINISTER, about="macro"),
    "first_run_brand": Row(MAY_ADMINISTER),
    "first_run_inbox": Row(MAY_ADMINISTER),
    "first_run_channels": Row(MAY_ADMINISTER),
    "first_run_people": Row(MAY_ADMINISTER),
    "account": Row(EVERYBODY),
    "account_factor": Row(EVERYBODY),
    "account_factor_removed": Row(EVERYBODY, post=True, what=(("factor", "1"), ("old", "not the password"))),
    "account_codes": Row(EVERYBODY, post=True),
    "account_session_ended": Row(EVERYBODY, post=True),
    "audit": Row(MAY_AUDIT),
    "account_logout": Row(EVERYBODY, post=True),
}
OPEN = {"first_run", "join", "account_login", "account_signup", "account_reset_password", "account_inactive", "favicon"}
SIGNED = {"give_file"}  # opens by a signature only: tests/security/test_s38_file_addresses.py
GONE_FOR_ALL = {
    *("take_back", "settle", "accept_offer", "decline_offer", "original", "piece_of_file", "remove_file"),
    *("pick", "act", "answer_many", "held"),
}  # nothing of one's own to act on in this world
OPEN |= {
    "mfa_authenticate",
    "second_factor_first",
}  # they lead on from the password only
GONE_FOR_ALL |= {"account_codes"}  # nobody here has a second factor


def address(name: str, key: str) -> str:
    """The path of a named pattern with `key` in it."""
    pattern = next(one for one in urlpatterns if isinstance(one, URLPattern) and one.name == name)
    return "/" + str(pattern.pattern).replace("<str:key>", key).replace("<str:way>", "download")


def asked(client: Client, name: str, key: str = "") -> HttpResponse:
    """The answer to this row's request."""
    row = TABLE[name]
    if not row.post:
        return client.get(address(name, key))
    what = {field: str(new_uuid()) if value == "uuid" else value for field, value in row.what}
    return client.post(address(name, key), what)


def keys_of(world: World, about: str) -> tuple[str, str]:
    """(one's own, another's) of a kind of thing. Owners of the same right see both."""
    with_it: dict[str, Any] = {"html": "<p>x</p>", "files": (SeenFile("a"),)}
    ours = say(world.chat, known("ann"), "My SIM will not activate.", **with_it)
    theirs = say(world.night_chat, known("bob"), "Good evening.", **with_it)
    return {
        "case": lambda: (case_of(ours).key, case_of(theirs).key),
        "message": lambda: (ours.key, theirs.key),
        "held": lambda: ("held_own", "held_other"),
        "file": lambda: (ours.attachments.get().key, theirs.attachments.get().key),
        "arrival": lambda: (park(world.chat), park(world.night_chat)),
        "venue": lambda: ("webchat", "email"),
        "channel": lambda: (world.chat.key, world.night_chat.key),
        "inbox": lambda: (world.care.key, world.night.key),
        "agent": lambda: (world.ruben.key, world.stranger.key),
        "offer": lambda: ("offer_own", "offer_other"),
        "reply": lambda: (a_saved_reply(world).key, a_saved_reply(world).key),
        "macro": lambda: (a_macro(world).key, a_macro(world).key),
    }[about]()


def test_every_address_has_a_row() -> None:
    names = {one.name for one in urlpatterns if isinstance(one, URLPattern)}
    assert names == TABLE.keys() | OPEN | SIGNED


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
