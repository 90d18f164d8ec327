"""A real Dovecot and a real Postfix take what we log in with: they ask the provider of the tests whether it lives."""

import os
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import override_settings

from hark.channels.email.venue import Email
from hark.channels.kit.oauth import ACCESS
from hark.channels.types import Account, Outbound, Target
from hark.kernel.time import monotonic, sleep
from tests.channels.provider_stand_in import Provider, provider_stand_in
from tests.venues.dovecot_postfix import RealMail, real_mail

pytestmark = [pytest.mark.xdist_group("mail"), pytest.mark.slow]
whole = pytest.mark.skipif(not os.environ.get("HARK_VENUES"), reason="a slow proof: run `make venues`")
WHO = "care@plum.example"
SECONDS = 60.0


@pytest.fixture(params=["xoauth2", pytest.param("oauthbearer", marks=whole)])
def servers(request: pytest.FixtureRequest) -> Iterator[tuple[RealMail, Provider]]:
    with (
        provider_stand_in() as provider,
        real_mail(f"http://{provider.place}/introspect", way=request.param) as place,
        override_settings(HARK_ALLOWED_NETWORKS=place.allowed),
    ):
        provider.whose = WHO
        yield place, provider


def test_real_servers_take_a_live_token_and_refuse_a_dead_one_and_another_person_s(
    servers: tuple[RealMail, Provider],
) -> None:
    place, provider = servers
    provider.access.add("a-live-token")
    settings = place.settings(WHO, sign_in="google")
    account = Account("chan_real", WHO, settings, {ACCESS: "a-live-token", "signing": "s" * 43})
    assert Email().check(account).problems == ()
    cursor = Email().poll(account, "").next_cursor
    target = Target(person=WHO, thread="t")
    Email().send(account, Outbound(uuid4(), target, "private", "By a token alone", author_kind="bot"))
    until = monotonic() + SECONDS
    while not (page := Email().poll(account, cursor)).raws:
        assert monotonic() < until
        sleep(0.2)
    assert b"By a token alone" in page.raws[0].body
    dead = replace(account, secrets={**account.secrets, ACCESS: "a-dead-token"})
    only_sending = replace(dead, settings={**settings, "incoming": "pipe"})
    for one in (dead, only_sending):
        found = Email().check(one).problems
        assert len(found) == 1
        assert found[0].startswith(f"localhost did not accept the sign-in for {WHO}.")
    provider.whose = "somebody@plum.example"
    assert Email().check(account).problems
