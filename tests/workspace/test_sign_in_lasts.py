"""What a mailbox lives on after somebody has signed in: renewed by one of many, waited for, told of when it ends."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings

from hark.channels.accounts import account_at_work
from hark.channels.email.settings import mail_settings
from hark.channels.email.venue import Email
from hark.channels.errors import AuthLost, Refused
from hark.channels.types import Account
from hark.conversations.models import Notice
from hark.conversations.queries.notices import wishes_of
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.intake.jobs import check_channels
from hark.journey.noticing import notice_step
from hark.kernel import secrets
from hark.kernel.time import database_now
from hark.organisation.actions.sealing import rotate
from hark.organisation.models import Channel, Organisation
from hark.workspace.actions.telling import mail_notices
from tests.channels.mail_stand_in import words_of
from tests.conftest import KEYS
from tests.workspace.fixtures import page_of
from tests.workspace.makers import World, a_mailbox
from tests.workspace.oauth_place import Place, expire, place

__all__ = ["place"]


def at_once(place: Place, many: int) -> tuple[list[str], list[Exception]]:
    """So many processes want to work with the channel at the same moment."""
    got: list[str] = []
    failed: list[Exception] = []
    start = threading.Barrier(many)

    def work() -> None:
        start.wait()
        try:
            got.append(account_at_work(Channel.objects.get(pk=place.channel.pk)).secrets["access_token"])
        except Exception as error:  # noqa: BLE001 - looked at by the test
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got, failed


@pytest.mark.django_db(transaction=True)
def test_many_processes_renew_once_and_a_refresh_token_that_is_used_once_is_not_lost(place: Place) -> None:
    place.provider.rotates = True
    place.provider.pause = 0.3
    place.sign_in()
    asked = len(place.provider.asked)
    for round_ in (1, 2, 3):
        expire(place)
        got, failed = at_once(place, 8)
        assert failed == []
        assert len(set(got)) == 1
        assert len(place.provider.asked) == asked + round_
    assert place.state() == "active"


@pytest.mark.django_db(transaction=True)
def test_while_one_renews_the_others_work_on_with_what_still_lives(place: Place) -> None:
    place.sign_in()
    before = account_at_work(place.channel).secrets["access_token"]
    place.provider.pause = 0.5
    expire(place, left=timedelta(minutes=3))
    got, failed = at_once(place, 6)
    assert failed == []
    assert sorted(got.count(one) for one in set(got)) == [1, 5]
    assert got.count(before) == 5


def send_test(place: Place) -> OutboxItem:
    """A mail of the desk itself lies in the mailbox's out-box."""
    Organisation.objects.update(mailbox=place.channel)
    assert mail_notices(at=database_now() + timedelta(minutes=6)) > 0
    item = OutboxItem.objects.get(channel=place.channel)
    OutboxItem.objects.update(not_before=database_now())
    return item


@pytest.mark.django_db(transaction=True)
def test_people_who_can_mend_it_are_told_and_the_mail_waits_until_somebody_signs_in_again(
    place: Place, world: World
) -> None:
    place.sign_in()
    place.provider.take_back()
    expire(place)
    check_channels()
    notice_step()
    told = Notice.objects.get(channel=place.channel)
    assert (told.agent_id, told.what, told.case_id) == (world.owner.pk, "channel.auth_lost", None)
    assert "email" in told.media
    page = page_of(place.client.get("/notices/"))
    assert "A channel is cut off" in page
    assert f"/settings/channels/{place.channel.key}/" in page
    item = send_test(place)
    send_due()
    item.refresh_from_db()
    assert item.state == "queued"
    assert place.servers.sent == []
    place.sign_in()
    send_due()
    item.refresh_from_db()
    assert item.state == "sent"
    assert "A channel is cut off, replies wait: Mailbox" in words_of(place.servers.sent[0][2])
    assert not Notice.objects.filter(read_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_reply_that_finds_the_sign_in_dead_waits_in_the_out_box(place: Place) -> None:
    place.provider.refresh_seconds = 600_000
    place.sign_in()
    notice_step()
    item = send_test(place)
    place.provider.take_back()
    expire(place)
    send_due()
    item.refresh_from_db()
    assert (item.state, place.state()) == ("queued", "auth_lost")
    place.sign_in()
    send_due()
    item.refresh_from_db()
    assert item.state == "sent"


@pytest.mark.django_db(transaction=True)
def test_an_ending_is_told_once_and_again_when_it_is_near_by_mail_unless_somebody_wishes_otherwise(
    place: Place, world: World
) -> None:
    place.sign_in()
    told: list[int] = []
    for days in (20, 13, 6, 2, 0):
        ends = (database_now() + timedelta(days=days, hours=25)).date().isoformat()
        settings = {**place.channel.settings, "oauth_secret_ends": ends}
        Channel.objects.filter(pk=place.channel.pk).update(settings=settings)
        check_channels()
        notice_step()
        told.append(Notice.objects.filter(what="channel.ends_soon").count())
    assert told == [0, 1, 2, 3, 4]
    assert Notice.objects.filter(what="channel.ends_soon").first().media == ["browser", "desk", "email", "push"]  # type: ignore[union-attr]
    assert wishes_of([world.tessa])[world.tessa.pk].by_kind["mention"] == {"desk", "browser", "push"}
    assert set(Notice.objects.values_list("agent", flat=True)) == {world.owner.pk}


@pytest.mark.django_db(transaction=True)
def test_the_same_day_is_not_told_twice(place: Place) -> None:
    place.sign_in()
    ends = (database_now() + timedelta(days=10)).date().isoformat()
    Channel.objects.filter(pk=place.channel.pk).update(settings={**place.channel.settings, "oauth_secret_ends": ends})
    for _ in range(3):
        check_channels()
        notice_step()
    assert Notice.objects.filter(what="channel.ends_soon").count() == 1


@pytest.mark.parametrize("way", ["XOAUTH2", "OAUTHBEARER"])
def test_mail_is_read_and_sent_with_the_token_the_way_the_servers_offer(place: Place, way: str) -> None:
    place.servers.ways = (way,)
    assert "all is well" in place.sign_in()
    assert f"AUTHENTICATE {way}" in place.servers.commands
    place.provider.take_back()  # the token itself is dead: the server says why, then no
    found = Email().check(account_at_work(place.channel)).problems
    assert [problem.split(" did not")[0] for problem in found] == ["127.0.0.1"]
    assert "care@plum.example" in found[0]


def test_servers_that_know_no_such_way_or_have_it_switched_off_are_named(place: Place) -> None:
    place.sign_in()
    account = account_at_work(place.channel)
    place.servers.smtp_says = b"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled"
    place.servers.tokens = set()
    assert any("Authenticated SMTP switched off" in problem for problem in Email().check(account).problems)
    place.servers.ways = ()
    found = Email().check(account).problems
    assert any("does not take the sign-in" in problem for problem in found)
    with pytest.raises((Refused, AuthLost)):
        Email().poll(account, "")


def test_where_no_servers_are_named_they_are_the_provider_s(place: Place, world: World) -> None:
    said: dict[str, Any] = {"sign_in": "microsoft", "smtp_login": False}
    found = mail_settings(Account("c", "care@plum.example", said))
    assert (found.imap_host, found.imap_port, found.smtp_host) == ("outlook.office365.com", 993, "smtp.office365.com")
    assert (found.smtp_port, found.smtp_security, found.smtp_login) == (587, "starttls", True)
    own = mail_settings(Account("c", "care@plum.example", {"sign_in": "google", "imap_host": "127.0.0.1"}))
    assert (own.imap_host, own.smtp_host) == ("127.0.0.1", "smtp.gmail.com")
    assert mail_settings(Account("c", "care@plum.example", {})).smtp_host == ""


def test_a_new_key_seals_what_was_granted_again(place: Place) -> None:
    place.sign_in()
    before = bytes(place.row().sealed_tokens)
    with override_settings(HARK_KEYS=f"{secrets.new_key().line()} {KEYS}"):
        assert rotate() > 0
        assert secrets.sealed_with(place.row().sealed_tokens) != secrets.sealed_with(before)
        assert account_at_work(place.channel).secrets["access_token"].startswith("access-canary")


def test_a_mailbox_with_a_password_asks_for_nothing_of_this(place: Place, world: World) -> None:
    with_password = a_mailbox(world, "password@plum.example")
    page = page_of(place.client.get(f"/settings/channels/{with_password.key}/"))
    assert "Sign-in with" not in page
    assert place.client.post(f"/settings/channels/{with_password.key}/sign-in/").status_code == 404
