"""The second factor stands behind every way in; a code works once; whoever must have one sets it up first."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from hark.kernel.time import now
from hark.organisation.actions import factors, people
from hark.organisation.actions.people import change_agent, invitation_token, set_inbox_members
from hark.organisation.models import Agent, AuditEntry, SignIn
from hark.organisation.queries import factors_of, has_second_factor
from hark.organisation.types import Role
from hark.workspace.views import watch
from tests.workspace.fixtures import signed_in, world
from tests.workspace.makers import PASSWORD, World, make_role, make_world

__all__ = ["signed_in", "world"]
STEP = 30


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the app shows `steps` half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(now().timestamp()) // STEP + steps))


def with_app(agent: Agent) -> tuple[str, list[str]]:
    """The person has an app; its secret and the recovery codes. The code of half a minute ago was used for it."""
    secret = factors.new_app_secret()
    return secret, factors.add_app(agent=agent, secret=secret, code=code_of(secret, steps=-1))


def password_given(client: Client, agent: Agent) -> HttpResponse:
    """The first half of signing in."""
    return client.post("/sign-in/", {"login": agent.email, "password": PASSWORD})


def is_in(client: Client) -> bool:
    """Does the desk open?"""
    return client.get("/").status_code == 200


@pytest.fixture
def tessa(world: World) -> Agent:
    """An agent of whom nothing more than the password is asked."""
    return world.tessa


def test_password_alone_lets_in_whom_nothing_more_is_asked_of(tessa: Agent, client: Client) -> None:
    assert password_given(client, tessa)["Location"] == "/"
    assert is_in(client)


def test_password_alone_opens_nothing_once_there_is_a_factor(tessa: Agent, client: Client) -> None:
    secret, _ = with_app(tessa)
    assert password_given(client, tessa)["Location"] == "/sign-in/second-factor/"
    assert not is_in(client)
    assert client.get("/account/").status_code == 302
    assert client.post("/sign-in/second-factor/", {"code": "000000"}).status_code == 422
    assert not is_in(client)
    assert client.post("/sign-in/second-factor/", {"code": code_of(secret)})["Location"] == "/"
    assert is_in(client)


def test_code_that_let_in_once_never_works_again(tessa: Agent, client: Client) -> None:
    secret, _ = with_app(tessa)
    code = code_of(secret)
    password_given(client, tessa)
    client.post("/sign-in/second-factor/", {"code": code})
    thief = Client()
    password_given(thief, tessa)
    assert thief.post("/sign-in/second-factor/", {"code": code}).status_code == 422
    assert thief.post("/sign-in/second-factor/", {"code": code_of(secret, steps=-1)}).status_code == 422
    assert not is_in(thief)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_one_code_at_the_same_moment_one_gets_in() -> None:
    tessa = make_world().tessa
    secret, codes = with_app(tessa)
    for code in (code_of(secret), codes[0]):
        outcomes: list[bool] = []

        def use(code: str = code, outcomes: list[bool] = outcomes) -> None:
            try:
                factors.use_code(agent=tessa, code=code)
                outcomes.append(True)
            except factors.WrongCode:
                outcomes.append(False)
            finally:
                connection.close()

        threads = [threading.Thread(target=use) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False] * 7 + [True]


def test_recovery_code_lets_in_once_and_is_not_kept_in_the_open(tessa: Agent, client: Client) -> None:
    _, codes = with_app(tessa)
    assert len(set(codes)) == 10
    stored = str([row.data for row in factors_of(tessa)])
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
    for status in (302, 422):
        other = Client()
        password_given(other, tessa)
        assert other.post("/sign-in/second-factor/", {"code": codes[3].upper()}).status_code == status
    assert AuditEntry.objects.filter(verb="agent.code_used", subject=tessa.key).count() == 1


def test_secret_of_an_app_opens_for_its_person_only(world: World) -> None:
    secret, _ = with_app(world.tessa)
    with_app(world.ruben)
    stolen = factors_of(world.tessa).get(type="totp").data
    assert secret not in str(stolen)
    factors_of(world.ruben).filter(type="totp").update(data=stolen)
    with pytest.raises(factors.secrets.CannotOpen):
        factors.use_code(agent=world.ruben, code=code_of(secret))


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMINISTRATOR])
def test_owner_and_administrator_set_one_up_before_they_are_in(world: World, client: Client, role: Role) -> None:
    person = make_role(world, role)
    assert password_given(client, person)["Location"] == "/sign-in/set-up/"
    assert not is_in(client)
    assert client.get("/sign-in/second-factor/")["Location"] == "/sign-in/"
    page = client.get("/sign-in/set-up/").content.decode()
    secret = re.sub(r"\s", "", re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)[1])  # type: ignore[index]
    signed = re.search(r'name="secret" value="([^"]+)"', page)[1]  # type: ignore[index]
    wrong = client.post("/sign-in/set-up/", {"secret": signed, "code": "123"})
    assert wrong.status_code == 422
    assert signed in wrong.content.decode()
    done = client.post("/sign-in/set-up/", {"secret": signed, "code": code_of(secret)})
    assert done.content.decode().count("<code>") == 10
    assert is_in(client)
    assert password_given(Client(), person)["Location"] == "/sign-in/second-factor/"


def test_secret_of_somebody_elses_page_sets_up_nothing(world: World, client: Client) -> None:
    page = Client()
    password_given(page, make_role(world, Role.OWNER))
    shown = page.get("/sign-in/set-up/").content.decode()
    signed = re.search(r'name="secret" value="([^"]+)"', shown)[1]  # type: ignore[index]
    victim = make_role(world, Role.OWNER)
    password_given(client, victim)
    client.post("/sign-in/set-up/", {"secret": signed, "code": code_of(signed.split(":")[0])})
    assert not has_second_factor(victim)


def test_inbox_may_demand_a_factor_of_all_who_see_it(world: World, client: Client) -> None:
    set_inbox_members(key=world.care.key, teams=[world.team], only_assigned=False, second_factor=True)
    assert password_given(client, world.tessa)["Location"] == "/sign-in/set-up/"
    assert password_given(Client(), world.stranger)["Location"] == "/"


def test_new_password_by_a_link_does_not_go_round_the_factor(world: World, tessa: Agent, client: Client) -> None:
    with_app(tessa)
    link = f"/join/{tessa.key}/{invitation_token(agent=tessa)}/"
    client.post(link, {"password": PASSWORD + "!", "again": PASSWORD + "!"})
    answer = client.post("/sign-in/", {"login": tessa.email, "password": PASSWORD + "!"})
    assert answer["Location"] == "/sign-in/second-factor/"


def test_tries_are_counted_by_person_however_many_sessions_make_them(tessa: Agent) -> None:
    secret, _ = with_app(tessa)
    evaluated = 0
    for _ in range(14):
        thief = Client()
        password_given(thief, tessa)
        evaluated += b"not right" in thief.post("/sign-in/second-factor/", {"code": "000000"}).content
    assert evaluated == 10
    assert thief.post("/sign-in/second-factor/", {"code": code_of(secret)}).status_code == 422


def test_person_deactivated_between_password_and_code_stays_outside(world: World, client: Client) -> None:
    secret, _ = with_app(world.tessa)
    password_given(client, world.tessa)
    people.deactivate_agent(key=world.tessa.key, actor=world.owner)
    assert client.post("/sign-in/second-factor/", {"code": code_of(secret)})["Location"] == "/sign-in/"
    assert not is_in(client)


@pytest.mark.parametrize("credential", ["", "x", "{}", "[1]", '{"id":1}', '{"id":"a","response":{}}', "[" * 5000])
def test_invented_passkey_is_refused_in_words(tessa: Agent, client: Client, credential: str) -> None:
    with_app(tessa)
    password_given(client, tessa)
    assert client.post("/sign-in/second-factor/", {"credential": credential}).status_code == 422
    signed = signed_client(tessa)
    about = {"credential": credential, "old": PASSWORD}
    assert signed.post("/account/second-factor/", about).status_code == 422
    assert not factors_of(tessa).filter(type="webauthn").exists()


def signed_client(agent: Agent) -> Client:
    """A session without the way in."""
    client = Client()
    client.force_login(agent, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_setting_up_and_removing_asks_for_the_password_and_ends_other_sessions(tessa: Agent) -> None:
    here, there = signed_client(tessa), signed_client(tessa)
    assert is_in(here)
    assert is_in(there)
    secret = factors.new_app_secret()
    page = here.get("/account/second-factor/").content.decode()
    signed = re.search(r'name="secret" value="([^"]+)"', page)[1]  # type: ignore[index]
    secret = signed.split(":")[0]
    about = {"secret": signed, "code": code_of(secret)}
    assert here.post("/account/second-factor/", {**about, "old": "guessed"}).status_code == 422
    assert not has_second_factor(tessa)
    before = here.cookies["hark_session"].value
    assert here.post("/account/second-factor/", {**about, "old": PASSWORD}).status_code == 200
    assert here.cookies["hark_session"].value != before
    assert (is_in(here), is_in(there)) == (True, False)
    there = signed_client(tessa)
    row = factors_of(tessa).get(type="totp")
    here.post("/account/second-factor/remove/", {"factor": row.pk, "old": PASSWORD})
    assert not factors_of(tessa).exists()
    assert (is_in(here), is_in(there)) == (True, False)


def test_last_factor_of_an_owner_cannot_be_removed_by_himself_but_by_another_owner(world: World) -> None:
    with_app(world.owner)
    row = factors_of(world.owner).get(type="totp")
    signed_client(world.owner).post("/account/second-factor/remove/", {"factor": row.pk, "old": PASSWORD})
    assert has_second_factor(world.owner)
    admin, other = make_role(world, Role.ADMINISTRATOR), make_role(world, Role.OWNER)
    path = f"/settings/people/{world.owner.key}/factor/"
    assert signed_client(admin).post(path).status_code == 404
    assert has_second_factor(world.owner)
    session = signed_client(world.owner)
    assert signed_client(other).post(path).status_code == 302
    assert not has_second_factor(world.owner)
    assert not is_in(session)


def test_foreign_factor_cannot_be_removed(world: World) -> None:
    with_app(world.ruben)
    row = factors_of(world.ruben).get(type="totp")
    signed_client(world.tessa).post("/account/second-factor/remove/", {"factor": row.pk, "old": PASSWORD})
    assert has_second_factor(world.ruben)


def test_session_has_another_key_after_signing_in(tessa: Agent, client: Client) -> None:
    secret, _ = with_app(tessa)
    client.get("/sign-in/")
    password_given(client, tessa)
    before = client.cookies["hark_session"].value
    client.post("/sign-in/second-factor/", {"code": code_of(secret)})
    assert client.cookies["hark_session"].value != before


# --- sessions ---


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the time that watches sessions."""

    def move(**by: float) -> None:
        monkeypatch.setattr(watch, "now", lambda: now() + timedelta(**by))

    return move


def test_person_sees_his_sessions_and_ends_one_or_all_others(world: World, tessa: Agent) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    here, phone, third = Client(HTTP_USER_AGENT=firefox), signed_client(tessa), signed_client(tessa)
    here.force_login(tessa, backend="allauth.account.auth_backends.AuthenticationBackend")
    for one in (here, phone, third, signed_client(world.ruben)):
        assert is_in(one)
    page = here.get("/account/").content.decode()
    assert page.count("127.0.0.1") == 3
    assert "Firefox on Linux" in page
    keys = re.findall(r'name="session"\s+value="(session_\w+)"', page)
    assert len(keys) == 2
    here.post("/account/sessions/end/", {"session": keys[0]})
    assert [is_in(one) for one in (here, phone, third)].count(True) == 2
    here.post("/account/sessions/end/")
    assert [is_in(one) for one in (here, phone, third)] == [True, False, False]


def test_nobody_ends_anothers_session(world: World) -> None:
    theirs = signed_client(world.ruben)
    page = theirs.get("/account/")
    key = SignIn.objects.get(agent=world.ruben).key
    assert page.status_code == 200
    assert signed_client(world.tessa).post("/account/sessions/end/", {"session": key}).status_code == 404
    assert is_in(theirs)


def test_new_password_ends_all_other_sessions(tessa: Agent) -> None:
    here, there = signed_client(tessa), signed_client(tessa)
    new = "another sentence to keep"
    given = {"old": "guessed", "password": new, "again": new}
    assert here.post("/account/", given).status_code == 422
    assert here.post("/account/", {**given, "old": PASSWORD}).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert Agent.objects.get(pk=tessa.pk).check_password(new)


def test_changed_role_ends_all_sessions(world: World, tessa: Agent) -> None:
    session = signed_client(tessa)
    change_agent(key=tessa.key, role=Role.SUPERVISOR, teams=[world.team], actor=world.owner)
    assert not is_in(session)


def test_session_ends_after_twelve_hours_however_much_it_is_used(tessa: Agent, later: Any) -> None:
    client = signed_client(tessa)
    assert is_in(client)
    ends = Session.objects.get(pk=client.cookies["hark_session"].value).expire_date
    assert abs(ends - now() - timedelta(hours=12)) < timedelta(minutes=1)
    later(hours=5)
    client.post("/account/", {})
    assert Session.objects.get(pk=client.cookies["hark_session"].value).expire_date == ends
    Session.objects.update(expire_date=now())
    assert not is_in(client)


def test_administrators_page_asks_again_after_an_idle_hour_and_the_desk_does_not(world: World, later: Any) -> None:
    client = signed_client(world.owner)
    assert client.get("/settings/people/").status_code == 200
    later(minutes=59)
    client.post("/presence/heartbeat/")
    later(minutes=61)
    assert is_in(client)
    later(minutes=110)
    assert client.get("/settings/people/").status_code == 200
    client.post("/presence/heartbeat/")
    later(minutes=180)
    answer = client.get("/settings/people/")
    assert answer["Location"].startswith("/sign-in/")
    assert not is_in(client)
