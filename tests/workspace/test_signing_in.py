"""Somebody signs in for a mailbox at a provider: there and back over real HTTP, and what is said when it ends.

The provider is a stand-in written from documentation (tests/channels/provider_stand_in.py), so are the mail servers.
"""

import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from hark.channels.accounts import account_at_work
from hark.channels.email.venue import Email
from hark.channels.errors import AuthLost, Retry
from hark.intake.jobs import check_channels
from hark.kernel.db import fetch_all
from hark.kernel.time import database_now
from hark.organisation.models import AuditEntry, Channel, ChannelHealth, ChannelSignIn
from tests.channels.mail_stand_in import WHO
from tests.channels.provider_stand_in import CLIENT, SECRET
from tests.workspace.fixtures import page_of
from tests.workspace.oauth_place import Place, expire, place

__all__ = ["place"]
BACK = "/settings/channels/sign-in/"


def test_somebody_signs_in_and_the_mailbox_is_read_and_switched_on(place: Place) -> None:
    page = place.client.get(place.path).content.decode()
    assert "Nobody has signed in with Google yet" in page
    assert "Sign in with Google" in page
    page = place.sign_in()
    assert "Signed in, and checked: all is well." in page
    assert "Sign in again" in page
    assert place.state() == "active"
    asked = place.provider.asked[0]
    assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, f"http://testserver{BACK}")
    assert "AUTHENTICATE XOAUTH2" in place.servers.commands
    entries = AuditEntry.objects.filter(subject=place.channel.key).order_by("number")
    assert list(entries.values_list("verb", flat=True)) == ["channel.connected", "channel.signed_in", "channel.resumed"]
    place.sign_in()
    assert AuditEntry.objects.filter(verb="channel.signed_in_again").exists()


def test_the_provider_is_asked_for_lasting_access_with_a_proof_key(place: Place) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(place.address()).query).items()}
    assert asked["scope"] == "https://mail.google.com/"
    assert (asked["access_type"], asked["prompt"], asked["login_hint"]) == ("offline", "consent", WHO)
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) == 43
    Channel.objects.filter(pk=place.channel.pk).update(
        settings={**place.channel.settings, "sign_in": "microsoft", "oauth_tenant": "plum.example"}
    )
    address = urlsplit(place.address())
    assert address.path == "/plum.example/oauth2/v2.0/authorize"
    assert parse_qs(address.query)["scope"] == [
        "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access"
    ]


def test_microsoft_s_shortened_scopes_are_known_and_its_next_refresh_token_takes_the_place(place: Place) -> None:
    settings = {**place.channel.settings, "sign_in": "microsoft"}
    Channel.objects.filter(pk=place.channel.pk).update(settings=settings)
    place.provider.rotates = True
    place.provider.scope = "https://outlook.office365.com/IMAP.AccessAsUser.All SMTP.Send"
    assert "all is well" in place.sign_in()
    for _ in range(3):
        expire(place)
        account_at_work(Channel.objects.get(pk=place.channel.pk))
    assert [one["refresh_token"] for one in place.provider.asked[1:]] == [
        word for word in place.provider.given if word.startswith("refresh")
    ][:-1]


def test_a_code_stands_in_no_page_log_or_address_also_where_nobody_is_signed_in(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    there = place.provider.agree(place.address())
    code = parse_qs(urlsplit(there).query)["code"][0]
    stranger = Client()
    answer = stranger.get(there.removeprefix("http://testserver"))
    assert answer.status_code == 302
    assert code not in answer.headers["Location"]
    with caplog.at_level(logging.DEBUG):
        page = place.come_back(there)
    assert code not in page
    assert all(word not in caplog.text for word in place.provider.given)


def test_no_secret_word_is_on_a_page_in_the_audit_in_a_repr_or_in_the_database(place: Place) -> None:
    place.sign_in()
    expire(place)
    account = account_at_work(Channel.objects.get(pk=place.channel.pk))
    words = [*place.provider.given, SECRET]
    page = place.client.get(place.path).content.decode() + place.client.get("/settings/channels/").content.decode()
    page += place.client.get("/audit/").content.decode() + place.client.get("/audit/export/").content.decode()
    assert [word for word in words if word in page + repr(account)] == []
    tables = ("organisation_channel", "organisation_channelsignin", "kernel_event", "organisation_audit")
    dump = "".join(str(fetch_all(f"SELECT t::text FROM {table} t")) for table in tables)  # noqa: S608 - names above
    assert [word for word in words if word in dump] == []
    sealed = bytes(place.row().sealed_tokens)
    assert not any(word.encode() in sealed for word in words)


def test_access_is_renewed_before_it_ends_and_a_provider_that_is_away_costs_nothing_yet(place: Place) -> None:
    place.sign_in()
    before = len(place.provider.asked)
    first = account_at_work(place.channel).secrets["access_token"]
    assert len(place.provider.asked) == before
    expire(place, left=timedelta(minutes=4))
    second = account_at_work(place.channel).secrets["access_token"]
    assert second != first
    expire(place, left=timedelta(minutes=4))
    place.provider.answers = [(503, {}), (503, {})]
    assert account_at_work(place.channel).secrets["access_token"] == second
    expire(place)
    with pytest.raises(Retry, match="cannot renew"):
        account_at_work(place.channel)
    assert place.state() == "active"


def test_a_sign_in_that_was_taken_back_cuts_off_says_why_and_signing_in_again_mends_it(place: Place) -> None:
    place.sign_in()
    place.provider.take_back()
    expire(place)
    check_channels()
    assert place.state() == "auth_lost"
    page = page_of(place.client.get(place.path))
    assert "Google no longer accepts the sign-in" in page
    assert "still in testing" in page
    assert "replies wait in the out-box" in page
    assert "Cut off" in page_of(place.client.get("/settings/channels/"))
    asked = len(place.provider.asked)
    check_channels()
    assert len(place.provider.asked) == asked, "nobody is asked again with what is dead"
    assert bytes(place.row().sealed_tokens) == b""
    page = place.sign_in()
    assert "all is well" in page
    assert place.state() == "active"
    assert Channel.objects.get(pk=place.channel.pk).settings["oauth_client"] == CLIENT


def test_a_wrong_client_secret_is_said_and_a_new_one_mends_it_without_a_sign_in(place: Place) -> None:
    place.sign_in()
    expire(place)
    place.provider.secret = "another"
    check_channels()
    assert place.state() == "auth_lost"
    assert "client id or the client secret" in page_of(place.client.get(place.path))
    form = {f"set_{name}": value for name, value in place.channel.settings.items()}
    more = {"name": "Mailbox", "inbox": place.channel.inbox.key, "set_oauth_secret": "another", "set_folder": "INBOX"}
    more |= {"set_read_back_days": 0}
    answer = place.client.post(place.path, {**form, **more}, follow=True)
    assert "Kept, and checked: all is well." in answer.content.decode()
    assert place.state() == "active"


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (
            400,
            {"error": "invalid_client", "error_description": "AADSTS7000222: x"},
            "client secret at Microsoft has ended",
        ),
        (400, {"error": "invalid_grant", "error_description": "AADSTS700082: canary"}, "not used for 90 days"),
        (400, {"error": "what<is>this", "error_description": "canary"}, "Microsoft refused the sign-in (what)"),
        (200, {"access_token": "a", "scope": "x", "refresh_token": "r"}, "granted no access to"),
        (200, {"access_token": "a"}, "no lasting permission"),
        (500, {}, "cannot renew the sign-in just now"),
    ],
)
def test_what_the_provider_refuses_is_said_in_our_words(
    place: Place, status: int, said: dict[str, str], words: str
) -> None:
    Channel.objects.filter(pk=place.channel.pk).update(settings={**place.channel.settings, "sign_in": "microsoft"})
    place.provider.answers = [(status, said)]
    page = place.sign_in()
    assert words in page
    assert "canary" not in page
    assert not ChannelSignIn.objects.exists()


def test_somebody_who_cancels_there_is_told_what_it_means(place: Place) -> None:
    there = f"{BACK}?error=access_denied&error_description=canary&state={state_of(place.address())}"
    page = place.come_back(there)
    assert "pressed Cancel" in page
    assert "canary" not in page


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def test_what_ends_is_said_days_before_and_changes_nothing_yet(place: Place) -> None:
    place.provider.refresh_seconds = 604_799  # Google's, while an app is in testing
    place.sign_in()
    assert place.state() == "active"
    page = page_of(place.client.get("/settings/channels/"))
    assert "Ends soon" in page
    assert "Google ends the sign-in on" in page
    assert "in testing" in page
    place.provider.refresh_seconds = None
    place.sign_in()
    assert "Ends soon" not in page_of(place.client.get("/settings/channels/"))
    ends = (database_now() + timedelta(days=10)).date().isoformat()
    Channel.objects.filter(pk=place.channel.pk).update(settings={**place.channel.settings, "oauth_secret_ends": ends})
    check_channels()
    assert "client secret at Google ends on" in page_of(place.client.get(place.path))
    health = ChannelHealth.objects.get(channel=place.channel)
    assert (health.problems, health.ends_at and health.ends_at.date().isoformat()) == ([], ends)


def test_another_client_needs_another_sign_in(place: Place) -> None:
    place.sign_in()
    Channel.objects.filter(pk=place.channel.pk).update(settings={**place.channel.settings, "oauth_client": "other"})
    assert "somebody has to sign in again" in page_of(place.client.get(place.path))
    with pytest.raises(AuthLost, match="Nobody has signed in"):
        account_at_work(Channel.objects.get(pk=place.channel.pk))


def test_mail_that_waited_is_read_when_somebody_has_signed_in_again(place: Place) -> None:
    place.sign_in()
    cursor = Email().poll(account_at_work(place.channel), "").next_cursor
    place.provider.take_back()
    expire(place)
    place.servers.put(b"From: maud@mail.example\r\nSubject: Still here\r\n\r\nHello\r\n")
    with pytest.raises(AuthLost):
        account_at_work(place.channel)
    place.sign_in()
    page = Email().poll(account_at_work(place.channel), cursor)
    assert b"Still here" in page.raws[0].body
