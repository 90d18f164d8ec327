"""Every address of Hark, for everybody, for what is one's own, another's, and what does not exist.

The tables below are the rights of the house: `TABLE` for the desk, `PORTAL` for the customers' pages, `RAW` for what is
answered before Django. A new address without a row fails. What may not be seen or done is answered like an address that
is not there. The demo's own addresses exist only in `hark demo`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver

from hark.channels.accounts import account_of
from hark.channels.form.stamps import talk_token
from hark.channels.webchat import mint
from hark.kernel.ids import new_uuid
from hark.kernel.time import now
from hark.organisation.actions.people import deactivate_agent
from hark.organisation.models import Channel
from hark.organisation.types import (
    MAY_ADMINISTER,
    MAY_ANSWER,
    MAY_AUDIT,
    MAY_NOTE,
    MAY_SUPERVISE,
    SEES_EVERYTHING,
    Role,
)
from hark.portal.urls import urlpatterns as portal_patterns
from hark.site.front import RAW_PATHS
from hark.site.urls import urlpatterns as all_patterns
from hark.workspace.urls import urlpatterns
from tests.workspace.fixtures import SignedIn, quick_passwords, signed_in, world
from tests.workspace.makers import World, case_of, known, make_channel, make_role, say
from tests.workspace.parking import park

__all__ = ["quick_passwords", "signed_in", "world"]  # fixtures of the desk's tests
EVERYBODY = frozenset(Role)
DONE = frozenset({200, 204, 302, 422})
KINDS_OF_ALL = frozenset({"inbox", "agent"})  # what administrators arrange is theirs in every inbox


@dataclass(frozen=True)
class Row:
    """Who may; `what` is posted; `about` is the kind of thing in the address."""

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
    "offers": Row(MAY_ANSWER),
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
    "settings_person_factor": Row(MAY_ADMINISTER, post=True, about="agent"),
    "settings_person_door": Row(MAY_ADMINISTER, post=True, about="agent"),
    "settings_teams": Row(MAY_ADMINISTER),
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
OPEN |= {"mfa_authenticate", "second_factor_first"}  # they lead on from the password only: see test_second_factor.py
GONE_FOR_ALL = {  # nothing of one's own to act on in this world
    "take_back", "settle", "accept_offer", "decline_offer", "account_codes",
}  # fmt: skip

# Customers' pages know no roles, only what the address or the token holds: one's own, that of a customer of another
# channel, an invented one, and a channel that is not there.
PORTAL: dict[str, tuple[int, int, int, int]] = {
    "chat": (200, 200, 200, 404),
    "chat-widget": (200, 200, 200, 404),
    "brand-style": (200, 200, 200, 404),
    "chat-start": (200, 200, 200, 404),
    "chat-messages": (200, 401, 401, 404),
    "form": (200, 200, 200, 404),
    "form-embed": (200, 200, 200, 404),
    "form-thanks": (200, 404, 404, 404),
    "form-talk": (200, 404, 404, 404),
    "form-talk-lines": (200, 404, 404, 404),
}
POSTED = {"chat-start"}
CACHED = {"chat-widget", "brand-style", "form-embed"}  # scripts and colours, the same for everybody

# Answered before Django, by raw ASGI; their matrix over the running front is in test_raw_addresses.py.
RAW = {"/in/*", "/live", "/chat/*/live", "/livez", "/readyz"}


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


def expected(name: str, role: Role, whose: str) -> frozenset[int]:
    """What the table says of a signed-in role and an object that is `own`, `other` or `unknown`."""
    row = TABLE[name]
    other = whose == "other" and row.about not in KINDS_OF_ALL and role not in SEES_EVERYTHING
    shut = role not in row.who or name in GONE_FOR_ALL or whose == "unknown" or other
    return frozenset({404}) if shut else DONE


def private(answer: HttpResponse) -> bool:
    """Is it kept by nobody on the way, and does its policy allow nothing by itself?"""
    kept = {"private", "no-store"} <= {word.strip() for word in answer.headers["Cache-Control"].split(",")}
    return kept and "default-src 'none'" in answer.headers["Content-Security-Policy"]


def undone(act: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer, while what it changed is taken back, so that the next one finds the same world."""
    with transaction.atomic():
        answer = act()
        transaction.set_rollback(True)
    return answer


def named(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    """The names of all patterns below; one without a name has its path."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from named(one.url_patterns)
        else:
            yield one.name or str(one.pattern)


def test_every_address_has_a_row() -> None:
    assert sorted(named(all_patterns)) == sorted(TABLE.keys() | OPEN | PORTAL.keys())
    assert set(RAW_PATHS) == RAW


@pytest.mark.timeout(300)
def test_everybody_gets_what_the_table_says(world: World, signed_in: SignedIn) -> None:
    people = {role: signed_in(make_role(world, role)) for role in Role}
    gone = make_role(world, Role.ADMINISTRATOR)
    out = signed_in(gone)
    deactivate_agent(key=gone.key, actor=world.owner)
    token, _ = mint(account_of(world.chat), at=now())
    nobody = {
        "anonymous": Client(),
        "visitor": Client(headers={"authorization": f"Bearer {token}"}),
        "deactivated": out,
    }
    keys = {about: keys_of(world, about) for about in {row.about for row in TABLE.values()} - {""}}
    found = []
    for name, row in TABLE.items():
        own, other = keys.get(row.about, ("", ""))
        objects = {"own": own, "other": other, "unknown": f"{row.about}_0000000000"} if row.about else {"own": ""}
        for role, client in people.items():
            found += [f"{name}, {role}: {words}" for words in differences(client, name, role, objects)]
        for who, client in nobody.items():
            for whose, key in objects.items():
                answer = asked(client, name, key)
                if not (private(answer) and answer.get("Location", "").startswith("/sign-in/")):
                    found.append(f"{name}, {who}, {whose}: {answer.status_code}")
    assert found == []


def differences(client: Client, name: str, role: Role, objects: dict[str, str]) -> list[str]:
    """Where the answers to this role are not those of the table, are kept on the way, or tell what is there."""
    found, hidden = [], set()
    for whose, key in objects.items():
        answer = undone(partial(asked, client, name, key))
        if answer.status_code not in expected(name, role, whose):
            found.append(f"{whose}: {answer.status_code}")
        if not private(answer) or "Cookie" not in answer.headers["Vary"]:
            found.append(f"{whose}: may be kept on the way")
        hidden |= {answer.content} if answer.status_code == 404 else set()
    return found + (["another's differs from what is not there"] if len(hidden) > 1 else [])


def reached(client: Client, name: str, path: str, headers: dict[str, str]) -> HttpResponse:
    """A customer's page, asked for as its own script does."""
    return client.post(path, "{}", "application/json") if name in POSTED else client.get(path, headers=headers)


def customer_addresses(name: str, channels: dict[str, Channel], tokens: dict[str, str]) -> dict[str, Client | str]:
    """The four addresses of a customer's page: own, another's, invented, no such channel."""
    pattern = next(one for one in portal_patterns if isinstance(one, URLPattern) and one.name == name)
    key = channels["chat" if name.startswith(("chat", "brand")) else "form"].key
    path = "/" + str(pattern.pattern)
    return {
        whose: path.replace("<str:key>", "chan_000" if whose == "nowhere" else key).replace("<str:token>", token)
        for whose, token in tokens.items()
    }


@pytest.mark.parametrize("name", PORTAL)
def test_customers_get_what_the_table_says_and_roles_get_no_more(world: World, signed_in: SignedIn, name: str) -> None:
    channels = {"chat": world.chat, "form": make_channel(world.care, "form", "Form")}
    elsewhere = {"chat": world.night_chat, "form": make_channel(world.night, "form", "Night form")}
    kind = "chat" if name.startswith(("chat", "brand")) else "form"

    def token(channel: Channel) -> str:
        account = account_of(channel)
        return mint(account, at=now())[0] if kind == "chat" else talk_token(account, "n" * 22)

    own = token(channels[kind])
    tokens = {"own": own, "other": token(elsewhere[kind]), "unknown": "x.y", "nowhere": own}
    paths = customer_addresses(name, channels, tokens)
    for person in (None, world.owner, world.tessa):
        for (whose, path), status in zip(paths.items(), PORTAL[name], strict=True):
            client = Client() if person is None else signed_in(person)
            bearer = {"authorization": f"Bearer {tokens[whose]}"}
            answer = undone(partial(reached, client, name, path, bearer))
            assert answer.status_code == status, f"{name}, {whose}, {person and person.role}"
            assert not answer.cookies
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert (name in CACHED and status == 200) or "no-store" in answer.headers["Cache-Control"]


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
    page = " ".join(signed_in(world.tessa).get("/?view=all").content.decode().split())
    assert 'Team inbox <span class="n">1</span>' in page
    assert "Good evening" not in page
    page = " ".join(signed_in(world.owner).get("/?view=all").content.decode().split())
    assert 'Team inbox <span class="n">3</span>' in page


def test_lines_of_foreign_cases_are_never_drawn_on_request(world: World, signed_in: SignedIn) -> None:
    theirs = case_of(say(world.night_chat, known("bob"), "Good evening."))
    body = signed_in(world.tessa).get(f"/inbox/pulse/?changed={theirs.key}&shown={theirs.key}").content.decode()
    assert theirs.key not in body
