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
from hark.kernel.time import now
from hark.organisation.actions.people import deactivate_agent
from hark.organisation.models import Channel
from hark.organisation.types import SEES_EVERYTHING, Role
from hark.portal.urls import urlpatterns as portal_patterns
from hark.site.front import RAW_PATHS
from hark.site.urls import urlpatterns as all_patterns
from tests.workspace.fixtures import SignedIn, quick_passwords, signed_in, world
from tests.workspace.makers import World, make_channel, make_role
from tests.workspace.test_rights import GONE_FOR_ALL, OPEN, SIGNED, TABLE, asked, keys_of

__all__ = ["quick_passwords", "signed_in", "world"]  # fixtures of the desk's tests
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
POSTED = {"chat-start", "chat-address", "chat-transcript", "chat-files"}
CACHED = {"chat-widget", "brand-style", "form-embed"}  # scripts and colours, the same for everybody

# Answered before Django, by raw ASGI; their matrix over the running front is in test_raw_addresses.py.
RAW = {"/in/*", "/live", "/chat/*/live", "/livez", "/readyz"}


def expected(name: str, role: Role, whose: str) -> frozenset[int]:
    """What the table says of a signed-in role and an object that is `own`, `other` or `unknown`."""
    row = TABLE[name]
    other = whose == "other" and (row.private or role not in SEES_EVERYTHING)
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
    assert sorted(named(all_patterns)) == sorted(TABLE.keys() | OPEN | SIGNED | PORTAL.keys())
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
