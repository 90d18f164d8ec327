"""Rows 54 to 57 and 62 of the threat table: links, who has an account, guessing, tokens, secrets in the open."""

import logging
import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

import hark
from hark.kernel.db import fetch_all
from hark.kernel.logs import Redact
from hark.organisation.actions.channels import resume_sending
from hark.organisation.actions.people import invitation_token
from hark.organisation.models import Agent, Channel
from tests.security.test_second_factor import with_app
from tests.workspace.fixtures import SignedIn, signed_in, world
from tests.workspace.makers import PASSWORD, World

__all__ = ["signed_in", "world"]
CANARY = "canary-5f0e3b"
GUESS = "guessed by somebody"


class Counting(MD5PasswordHasher):
    """Counts how many passwords were looked at."""

    algorithm = "counting"
    looked = 0

    def encode(self, password: str, salt: str) -> str:
        """As the other, and counted."""
        type(self).looked += 1
        return super().encode(password, salt)


@pytest.fixture
def counting(world: World, settings: object) -> type[Counting]:
    """Passwords are looked at by the counting hasher."""
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]  # type: ignore[attr-defined]
    for agent in Agent.objects.all():
        agent.set_password(PASSWORD)
        agent.save()
    Counting.looked = 0
    return Counting


def tried(client: Client, email: str, password: str = GUESS, **more: str) -> bytes:
    """The answer to a try, without the token and the address that was typed."""
    answer = client.post("/sign-in/", {"login": email, "password": password}, headers=more)
    body = re.sub(rb'(csrfmiddlewaretoken" value=")[^"]+', rb"\1", answer.content).replace(email.encode(), b"")
    return str(answer.status_code).encode() + body


@pytest.mark.parametrize("header", ["host", "x-forwarded-host"])
def test_s54_link_follows_our_own_address_whatever_the_caller_says(
    world: World, signed_in: SignedIn, header: str
) -> None:
    client = signed_in(world.owner)
    path = f"/settings/people/{world.ruben.key}/link/"
    for host in ("evil.example", "evil.example:80", "127.0.0.1@evil.example", "127.0.0.1.evil.example"):
        answer = client.post(path, headers={header: host})
        assert b"evil" not in answer.content
        assert answer.status_code == (400 if header == "host" else 200)
        assert header == "host" or f"{django_settings.HARK_BASE_URL}/join/".encode() in answer.content


def test_s55_nobody_learns_who_has_an_account(counting: type[Counting], world: World) -> None:
    Agent.objects.filter(pk=world.ruben.pk).update(is_active=False)
    answers, effort = set(), set()
    for email, password in (
        (world.tessa.email, GUESS),
        ("nobody@plum.example", PASSWORD),
        (world.ruben.email, PASSWORD),
    ):
        counting.looked = 0
        answers.add(tried(Client(), email, password))
        effort.add(counting.looked)
    assert len(answers) == 1
    assert effort == {1}


def test_s56_ten_guesses_are_looked_at_however_many_addresses_make_them(counting: type[Counting], world: World) -> None:
    for number in range(60):
        forged = {"x-forwarded-for": f"198.51.{number}.7", "cf-connecting-ip": f"203.0.113.{number}"}
        tried(Client(), world.tessa.email, **forged)
    assert counting.looked <= 10
    client = Client()
    tried(client, world.tessa.email, PASSWORD)
    assert client.get("/").status_code == 302


def test_s56_hundred_guesses_from_one_place_are_looked_at_however_many_people_are_guessed(
    counting: type[Counting], world: World
) -> None:
    for number in range(120):
        tried(Client(), f"person{number}@plum.example")
    assert counting.looked <= 100


def test_s57_tokens_are_random_or_sealed_by_the_ring_and_bound_to_one_person(world: World) -> None:
    first = invitation_token(agent=world.tessa)
    assert first not in f"/join/{world.ruben.key}/{invitation_token(agent=world.ruben)}/"
    sources = [path for path in Path(hark.__file__).parent.rglob("*.py") if not {"train", "demo"} & {*path.parts}]
    weak = re.compile(r"\bimport random\b|\brandom\.|hashlib\.md5|settings\.SECRET_KEY\b(?!,| =)")
    found = [path.name for path in sources if weak.search(path.read_text())]
    assert found == []


def test_s62_secrets_are_nowhere_in_the_open(
    world: World, signed_in: SignedIn, caplog: pytest.LogCaptureFixture
) -> None:
    resume_sending(channel_id=world.square.pk, actor="test", new_secrets={"token": CANARY})
    app, codes = with_app(world.tessa)
    client = signed_in(world.owner)
    client.raise_request_exception = False
    with caplog.at_level(logging.DEBUG):
        pages = [
            client.get(path).content.decode()
            for path in ("/settings/channels/", f"/settings/channels/?channel={world.square.key}", "/audit/",
                         "/account/", f"/settings/people/{world.tessa.key}/", "/case/%00/", "/settings/inboxes/x/")
        ]  # fmt: skip
    tables = fetch_all("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    dump = "".join(str(fetch_all(f'SELECT t::text FROM "{name}" t')) for (name,) in tables)  # noqa: S608
    hexed = CANARY.encode().hex()
    for place in ("".join(pages), caplog.text, dump):
        assert CANARY not in place
        assert hexed not in place
        assert app not in place
        assert not [code for code in codes if code in place]
    assert bytes(Channel.objects.get(pk=world.square.pk).sealed_secrets)


def test_s62_password_given_to_a_log_is_hidden() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "password=%s token: %s", ("secret1", "secret2"), None)
    Redact().filter(record)
    assert "secret1" not in record.getMessage()
    assert "secret2" not in record.getMessage()
    record = logging.LogRecord("x", logging.INFO, "", 0, "GET /settings/?state=a&code=secret3&x=1", (), None)
    Redact().filter(record)
    assert record.getMessage() == "GET /settings/?state=a&code=[hidden]&x=1"


def test_s12_no_form_takes_more_than_it_shows(world: World, signed_in: SignedIn) -> None:
    client = signed_in(world.tessa)
    more = {"role": "owner", "is_active": "1", "key": "x", "is_superuser": "1", "teams": world.team.key}
    new = "another sentence to keep"
    client.post("/account/", {"old": PASSWORD, "password": new, "again": new, **more})
    agent = Agent.objects.get(pk=world.tessa.pk)
    assert (agent.role, agent.key) == ("agent", world.tessa.key)
    assert agent.check_password(new)
