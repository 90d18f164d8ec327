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
from hark.organisation.types import SETTINGS, Right
from hark.workspace.urls import urlpatterns
from tests.workspace.fixtures import page_of
from tests.workspace.makers import (
    World,
    a_macro,
    a_mute,
    a_saved_reply,
    an_api_key,
    an_intent,
    an_oauth_mailbox,
    an_own_role,
    case_of,
    known,
    say,
)
from tests.workspace.parking import park

EVERYBODY: frozenset[Right] = frozenset()  # no right is needed
SignedIn = Callable[[Agent], Client]


@dataclass(frozen=True)
class Row:
    """`who`: the right that is asked for, or several of which one.

    `what` is posted; `about` is the kind of thing in the address; `private`: another's is nobody's else.
    """

    who: Right | frozenset[Right]
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
    "answer": Row(Right.NOTE, post=True, about="case", what=(("kind", "note"), ("note", "x"), ("send_key", "uuid"))),
    "there": Row(Right.ANSWER, post=True, about="case", what=(("act", "went"),)),
    "draft": Row(Right.NOTE, post=True, about="case", what=(("kind", "note"), ("text", "x"))),
    "measure": Row(Right.ANSWER, post=True, about="case", what=(("kind", "private"), ("text", "x"))),
    "status": Row(Right.ANSWER, post=True, about="case", what=(("act", "wait"),)),
    "holder": Row(Right.ANSWER, post=True, about="case", what=(("to", "me"),)),
    "prefer": Row(Right.ANSWER, post=True, about="case"),
    "pick": Row(Right.ANSWER),
    "act": Row(Right.ANSWER, post=True, what=(("act", "resolve"),)),
    "undo_act": Row(Right.ANSWER, post=True, what=(("sealed", "x"),)),
    "answer_many": Row(Right.ANSWER),
    "views": Row(EVERYBODY),
    "approvals": Row(Right.SUPERVISE),
    "held": Row(Right.ANSWER, post=True, about="held", what=(("act", "later"), ("later", "tomorrow"))),
    "encounter": Row(Right.ANSWER),
    "take_back": Row(Right.ANSWER, post=True, about="message"),
    "settle": Row(Right.ANSWER, post=True, about="message", what=(("how", "drop"),)),
    "admit": Row(Right.ANSWER, post=True, about="message"),
    "correct": Row(Right.ANSWER, post=True, about="message", what=(("urgency", "high"),)),
    "case_by_hand": Row(Right.ANSWER, post=True, about="message"),
    "mute": Row(Right.ANSWER, post=True, about="message", what=(("what", "author"),)),
    "spam": Row(Right.ANSWER, post=True, about="message", what=(("spam", "no"),)),
    "formatted": Row(EVERYBODY, about="message"),
    "remote_pictures": Row(Right.NOTE, post=True, about="message"),
    "original": Row(Right.ORIGINALS, about="message"),
    "files_of_draft": Row(
        Right.NOTE, post=True, about="case", what=(("kind", "reply"), ("name", "a.pdf"), ("size", "9"))
    ),
    "piece_of_file": Row(Right.NOTE, post=True, about="file"),
    "remove_file": Row(Right.NOTE, post=True, about="file"),
    "fetch_file_again": Row(Right.NOTE, post=True, about="file"),
    "open_file": Row(EVERYBODY, about="file"),
    "looking": Row(EVERYBODY, post=True, about="case", what=(("tab", "t"),)),
    "colleagues": Row(Right.NOTE, about="case"),
    "forward": Row(Right.ANSWER, about="case"),
    "talk_people": Row(Right.ANSWER, about="case"),
    "change": Row(Right.ANSWER, about="message"),
    "follow": Row(EVERYBODY, post=True, about="case", what=(("follow", "1"),)),
    "offers": Row(Right.ANSWER),
    "next": Row(Right.ANSWER, post=True),
    "palette": Row(EVERYBODY),
    "today": Row(EVERYBODY),
    "praise": Row(EVERYBODY),
    "notices": Row(EVERYBODY),
    "bell": Row(EVERYBODY),
    "read_notices": Row(EVERYBODY, post=True),
    "notice_wishes": Row(EVERYBODY),
    "push": Row(EVERYBODY, post=True, what=(("act", "back"),)),
    "hand": Row(EVERYBODY, post=True),
    "accept_offer": Row(Right.ANSWER, post=True, about="offer"),
    "decline_offer": Row(Right.ANSWER, post=True, about="offer", what=(("reason", "cannot_now"),)),
    "presence": Row(Right.ANSWER, post=True, what=(("presence", "busy"),)),
    "heartbeat": Row(Right.ANSWER, post=True),
    "stream": Row(EVERYBODY),
    "said_alike": Row(EVERYBODY, about="message"),
    "judge_alike": Row(Right.ANSWER, post=True, about="message", what=(("relevance", "irrelevant"),)),
    "search": Row(EVERYBODY),
    "parked": Row(Right.SUPERVISE),
    "parked_arrival": Row(Right.SUPERVISE, about="arrival"),
    "settle_arrival": Row(Right.SUPERVISE, post=True, about="arrival", what=(("act", "replay"),)),
    "settings": Row(SETTINGS),
    "settings_channels": Row(Right.CHANNELS),
    "settings_channel_new": Row(Right.CHANNELS, about="venue"),
    "settings_channel": Row(Right.CHANNELS, about="channel"),
    "settings_channel_steps": Row(Right.CHANNELS, about="channel"),
    "settings_channel_act": Row(Right.CHANNELS, post=True, about="channel", what=(("act", "check"),)),
    "settings_channel_secrets": Row(Right.CHANNELS, about="channel"),
    "settings_channel_sign_in": Row(Right.CHANNELS, post=True, about="mailbox"),
    "settings_channel_signed_in": Row(Right.CHANNELS),
    "settings_desk": Row(Right.BRANDS),
    "settings_brands": Row(Right.BRANDS),
    "settings_rereading": Row(Right.BRANDS),
    "settings_rereading_progress": Row(Right.BRANDS),
    "settings_readings": Row(Right.BRANDS),
    "settings_readings_act": Row(Right.BRANDS, post=True, about="brand"),
    "settings_brand_terms": Row(Right.BRANDS, about="brand"),
    "settings_brand_words": Row(Right.BRANDS, about="brand"),
    "settings_brand_intents": Row(Right.BRANDS, about="brand"),
    "settings_brand_intent": Row(Right.BRANDS, about="intent"),
    "settings_brand_mutes": Row(Right.BRANDS, about="brand"),
    "settings_mute_end": Row(Right.BRANDS, post=True, about="mute"),
    "settings_brand_plans": Row(Right.BRANDS, about="brand"),
    "settings_inboxes": Row(Right.BRANDS),
    "settings_inbox": Row(Right.BRANDS, about="inbox"),
    "settings_people": Row(Right.PEOPLE),
    "settings_person": Row(Right.PEOPLE, about="agent"),
    "settings_person_link": Row(Right.PEOPLE, post=True, about="agent"),
    "settings_person_factor": Row(Right.PEOPLE, post=True, about="agent"),
    "settings_person_door": Row(Right.PEOPLE, post=True, about="agent"),
    "settings_teams": Row(Right.PEOPLE),
    "settings_roles": Row(Right.PEOPLE),
    "settings_role": Row(Right.PEOPLE, about="role"),
    "settings_keys": Row(Right.KEYS),
    "settings_key_revoked": Row(Right.KEYS, post=True, about="key"),
    "settings_tags": Row(Right.TOOLS),
    "settings_replies": Row(Right.TOOLS),
    "settings_reply": Row(Right.TOOLS, about="reply"),
    "settings_macros": Row(Right.TOOLS),
    "settings_macro": Row(Right.TOOLS, about="macro"),
    "first_run_brand": Row(Right.BRANDS),
    "first_run_inbox": Row(Right.BRANDS),
    "first_run_channels": Row(Right.CHANNELS),
    "first_run_people": Row(Right.PEOPLE),
    "account": Row(EVERYBODY),
    "account_factor": Row(EVERYBODY),
    "account_factor_removed": Row(EVERYBODY, post=True, what=(("factor", "1"), ("old", "not the password"))),
    "account_codes": Row(EVERYBODY, post=True),
    "account_session_ended": Row(EVERYBODY, post=True),
    "audit": Row(Right.AUDIT),
    "audit_export": Row(Right.AUDIT, post=True),
    "account_logout": Row(EVERYBODY, post=True),
}
OPEN = {"first_run", "join", "account_login", "account_signup", "account_reset_password", "account_inactive", "favicon"}
OPEN |= {"worker"}  # a script, the same for everybody
SIGNED = {"give_file"}  # opens by a signature only: tests/security/test_s38_file_addresses.py
SIGNED |= {"mails_off"}  # the same: tests/workspace/test_telling.py
GONE_FOR_ALL = {
    *("take_back", "settle", "accept_offer", "decline_offer", "original", "piece_of_file", "remove_file"),
    *("pick", "act", "answer_many", "change", "held", "there"),
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
        "mailbox": lambda: (an_oauth_mailbox(world.care).key, an_oauth_mailbox(world.night).key),
        "inbox": lambda: (world.care.key, world.night.key),
        "brand": lambda: (world.brand.key, world.brand.key),
        "mute": lambda: (a_mute(world).key, a_mute(world).key),
        "intent": lambda: (an_intent(world).key, an_intent(world).key),
        "agent": lambda: (world.ruben.key, world.stranger.key),
        "offer": lambda: ("offer_own", "offer_other"),
        "reply": lambda: (a_saved_reply(world).key, a_saved_reply(world).key),
        "key": lambda: (an_api_key(world.owner)[0].key,) * 2,
        "role": lambda: (an_own_role(world).key, an_own_role(world).key),
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
