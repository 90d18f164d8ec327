"""Every address of Hark, for everybody, for what is one's own, another's, and what does not exist.

The tables are the rights of the house: `TABLE` for the desk (tests/workspace/test_rights.py), `PORTAL` for the
customers' pages, `RAW` for what is answered before Django. A new address without a row fails. What may not be seen or
done is answered like an address that is not there. The demo's own addresses exist only in `hark demo`.
"""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver

from hark.channels.accounts import account_of
from hark.channels.form.stamps import talk_token
from hark.channels.webchat import mint
from hark.conversations.models import Conversation
from hark.kernel.time import now
from hark.organisation.actions.api_keys import revoke_api_key
from hark.organisation.actions.people import deactivate_agent
from hark.organisation.models import Agent, Channel
from hark.organisation.types import OF_THE_API, Right, Role
from hark.portal.urls import urlpatterns as portal_patterns
from hark.site.front import RAW_PATHS
from hark.site.urls import urlpatterns as all_patterns
from tests.workspace.fixtures import SignedIn, signed_in, world
from tests.workspace.makers import World, an_api_key, an_own_role, case_of, known, make_channel, make_role, say
from tests.workspace.test_rights import GONE_FOR_ALL, OPEN, SIGNED, TABLE, asked, keys_of

__all__ = ["signed_in", "world"]  # fixtures of the desk's tests
OF_NO_INBOX = {"reply", "macro", "key", "brand", "intent", "mute"}  # whoever defines them defines all of them
DONE = frozenset({200, 204, 302, 422})

# Customers' pages know no roles, only what the address or the token holds: one's own, that of a customer of another
# channel, an invented one, and a channel that is not there. No file is there: tests/portal/test_files.py has some.
PORTAL: dict[str, tuple[int, int, int, int]] = {
    "chat": (200, 200, 200, 404),
    "chat-widget": (200, 200, 200, 404),
    "brand-style": (200, 200, 200, 404),
    "chat-start": (200, 200, 200, 404),
    "chat-messages": (200, 401, 401, 404),
    "chat-address": (409, 401, 401, 404),
    "chat-transcript": (409, 401, 401, 404),
    "chat-files": (422, 401, 401, 404),
    "chat-file": (404, 401, 401, 404),
    "form": (200, 200, 200, 404),
    "form-embed": (200, 200, 200, 404),
    "form-thanks": (200, 404, 404, 404),
    "form-talk": (200, 404, 404, 404),
    "form-talk-lines": (200, 404, 404, 404),
    "form-talk-file": (404, 404, 404, 404),
}
# The API's addresses: (the right that a key needs, is it a call that writes).
API: dict[str, tuple[Right | None, bool]] = {
    "api-cases": (None, False),
    "api-case": (None, False),
    "api-notes": (Right.NOTE, True),
    "api-replies": (Right.ANSWER, True),
    "api-nothing": (None, False),
}
POSTED = {"chat-start", "chat-address", "chat-transcript", "chat-files"}
CACHED = {"chat-widget", "brand-style", "form-embed"}  # scripts and colours, the same for everybody

# Answered before Django, by raw ASGI; their matrix over the running front is in test_raw_addresses.py.
RAW = {"/in/*", "/live", "/chat/*/live", "/livez", "/readyz"}


def expected(name: str, agent: Agent, whose: str) -> frozenset[int]:
    """What the table says of somebody signed in and an object that is `own`, `other` or `unknown`."""
    row = TABLE[name]
    rights = {row.who} if isinstance(row.who, Right) else row.who
    elsewhere = row.private or not (agent.may(Right.SEE_ALL) or row.about in OF_NO_INBOX)
    other = whose == "other" and elsewhere
    shut = (rights and not agent.may(*rights)) or name in GONE_FOR_ALL or whose == "unknown" or other
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
    assert sorted(named(all_patterns)) == sorted(TABLE.keys() | OPEN | SIGNED | PORTAL.keys() | API.keys())
    assert set(RAW_PATHS) == RAW


@pytest.mark.timeout(300)
@pytest.mark.slow
def test_everybody_gets_what_the_table_says(world: World, signed_in: SignedIn) -> None:
    own = an_own_role(world, Right.NOTE, Right.TOOLS, Right.AUDIT, Right.KEYS)
    people = {agent.role_name: agent for agent in (make_role(world, role) for role in (*Role, own))}
    clients = {name: signed_in(agent) for name, agent in people.items()}
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
        mine, other = keys.get(row.about, ("", ""))
        objects = {"own": mine, "other": other, "unknown": f"{row.about}_0000000000"} if row.about else {"own": ""}
        for role, agent in people.items():
            found += [f"{name}, {role}: {words}" for words in differences(clients[role], name, agent, objects)]
        for who, client in nobody.items():
            for whose, key in objects.items():
                answer = asked(client, name, key)
                if not (private(answer) and answer.get("Location", "").startswith("/sign-in/")):
                    found.append(f"{name}, {who}, {whose}: {answer.status_code}")
    assert found == []


def differences(client: Client, name: str, agent: Agent, objects: dict[str, str]) -> list[str]:
    """Where the answers to this agent are not those of the table, are kept on the way, or tell what is there."""
    found, hidden = [], set()
    for whose, key in objects.items():
        answer = undone(partial(asked, client, name, key))
        if answer.status_code not in expected(name, agent, whose):
            found.append(f"{whose}: {answer.status_code}")
        if not private(answer) or "Cookie" not in answer.headers["Vary"]:
            found.append(f"{whose}: may be kept on the way")
        hidden |= {answer.content} if answer.status_code == 404 else set()
    return found + (["another's differs from what is not there"] if len(hidden) > 1 else [])


def reached(client: Client, name: str, path: str, headers: dict[str, str]) -> HttpResponse:
    """A customer's page, asked for as its own script does."""
    if name in POSTED:
        return client.post(path, "{}", "application/json", headers={} if name == "chat-start" else headers)
    return client.get(path, headers=headers)


def customer_addresses(name: str, channels: dict[str, Channel], tokens: dict[str, str]) -> dict[str, Client | str]:
    """The four addresses of a customer's page: own, another's, invented, no such channel."""
    pattern = next(one for one in portal_patterns if isinstance(one, URLPattern) and one.name == name)
    key = channels["chat" if name.startswith(("chat", "brand")) else "form"].key
    path = f"/{pattern.pattern}".replace("<str:file>", "file_000").replace("<str:way>", "download")
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


def called(name: str, key: str, token: str) -> HttpResponse:
    """A call of the API, as the caller of an address makes it."""
    path = {"api-cases": "/api/v1/cases/", "api-nothing": "/api/v2/"}.get(name, f"/api/v1/cases/{key}/")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if not API[name][1]:
        return Client(headers=headers).get(path)
    talk = Conversation.objects.filter(case__key=key).first()
    seen = talk.messages.latest("id").key if talk else ""
    body = {"text": "x", "conversation": talk.key if talk else "", "visibility": "private", "seen": seen}
    body = body if name == "api-replies" else {"text": "x"}
    client = Client(headers=headers, enforce_csrf_checks=True)
    return client.post(f"{path}{name.removeprefix('api-')}/", body, "application/json")


def of_the_api(name: str, rights: frozenset[Right] | None, *, sees: bool) -> int:
    """What the API answers to a key with these rights (None: it opens nothing), about a case that it sees or not."""
    right, writes = API[name]
    if name == "api-nothing":
        return 404
    if rights is None:
        return 401
    if right and right not in rights:
        return 403
    return (201 if writes else 200) if sees or name == "api-cases" else 404


def test_keys_of_the_api_get_what_their_rights_and_inbox_say(world: World) -> None:
    cases = {
        "own": case_of(say(world.chat, known("ann"), "Hello?")),
        "other": case_of(say(world.night_chat, known("bob"), "Hi?")),
    }
    objects = {**{whose: case.key for whose, case in cases.items()}, "unknown": "case_0000000000"}
    over, gone = an_api_key(world.owner, Right.NOTE), make_role(world, Role.SUPERVISOR)
    revoke_api_key(key=over[0].key)
    keys: dict[str, tuple[str, frozenset[Right] | None, set[str]]] = {
        "reads": (an_api_key(world.tessa)[1], frozenset(), {"own"}),
        "notes": (an_api_key(world.tessa, Right.NOTE)[1], frozenset({Right.NOTE}), {"own"}),
        "answers": (
            an_api_key(world.tessa, Right.NOTE, Right.ANSWER)[1],
            frozenset({Right.NOTE, Right.ANSWER}),
            {"own"},
        ),
        "sees all": (an_api_key(world.owner, Right.SEE_ALL)[1], frozenset(), {"own", "other"}),
        "one inbox": (an_api_key(world.owner, *OF_THE_API, inbox=world.night)[1], OF_THE_API, {"other"}),
        "revoked": (over[1], None, set()),
        "of somebody deactivated": (an_api_key(gone)[1], None, set()),
        "invented": ("hk_00000000_x", None, set()),
        "none": ("", None, set()),
    }
    deactivate_agent(key=gone.key, actor=world.owner)
    found = []
    for who, (token, rights, sees) in keys.items():
        for name in API:
            for whose, key in objects.items() if rights is not None else [("own", objects["own"])]:
                answer = undone(partial(called, name, key, token))
                status = of_the_api(name, rights, sees=whose in sees)
                if answer.status_code != status or not private(answer) or answer.cookies:
                    found.append(f"{name}, {who}, {whose}: {answer.status_code}, not {status}")
    assert found == []
