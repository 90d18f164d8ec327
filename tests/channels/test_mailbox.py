"""A mailbox is read to the last mail, whatever the server or the line does."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings

from hark.channels.email.venue import Email
from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.types import Account
from tests.channels.mail_stand_in import PASSWORD, WHO, MailServers, mail_servers
from tests.channels.mails import a_mail

VENUE = Email()


@pytest.fixture
def servers() -> Iterator[MailServers]:
    with mail_servers() as state, override_settings(HARK_ALLOWED_NETWORKS=state.allowed):
        yield state


def account(servers: MailServers, **more: object) -> Account:
    return Account("chan_mail", WHO, servers.settings(**more), {"password": PASSWORD, "signing": "s" * 43})


def bodies(servers: MailServers, cursor: str, **more: object) -> tuple[list[bytes], str]:
    """Everything behind a cursor."""
    found: list[bytes] = []
    while True:
        page = VENUE.poll(account(servers, **more), cursor)
        found += [raw.body for raw in page.raws]
        cursor = page.next_cursor
        if not page.more:
            return found, cursor


def test_a_new_mailbox_begins_with_what_comes_from_now_on(servers: MailServers) -> None:
    servers.put(a_mail("old"))
    found, cursor = bodies(servers, "")
    assert found == []
    fresh = a_mail("new")
    servers.put(fresh)
    assert bodies(servers, cursor)[0] == [fresh]


def test_days_read_back_are_marked_and_older_mails_are_left(servers: MailServers) -> None:
    ago = datetime.now(UTC) - timedelta(days=40)
    servers.put(a_mail("too old"), at=ago)
    recent = a_mail("last week")
    servers.put(recent, at=datetime.now(UTC) - timedelta(days=6))
    page = VENUE.poll(account(servers, read_back_days=10), "")
    assert [raw.body for raw in page.raws] == [recent]
    assert page.raws[0].headers["backfilled"]
    servers.put(a_mail("now"))
    page = VENUE.poll(account(servers, read_back_days=10), page.next_cursor)
    assert "backfilled" not in page.raws[0].headers


def test_the_last_mail_is_not_given_again_and_again(servers: MailServers) -> None:
    """`UID n:*` gives the last mail when there is nothing behind n."""
    servers.put(a_mail())
    _, cursor = bodies(servers, "", read_back_days=1)
    assert bodies(servers, cursor, read_back_days=1) == ([], cursor)


def test_a_line_that_breaks_in_a_mail_keeps_what_came_before_and_goes_on(servers: MailServers) -> None:
    _, cursor = bodies(servers, "")
    mails = [a_mail(f"line {n}") for n in range(5)]
    for raw in mails:
        servers.put(raw)
    servers.break_after_mails = 2
    page = VENUE.poll(account(servers), cursor)
    assert [raw.body for raw in page.raws] == mails[:2]
    assert page.more
    assert bodies(servers, page.next_cursor)[0] == mails[2:]


def test_other_uids_mean_reading_again_what_may_be_new(servers: MailServers) -> None:
    _, cursor = bodies(servers, "")
    first, second = a_mail("first"), a_mail("second")
    servers.put(first)
    _, cursor = bodies(servers, cursor)
    servers.put(second)
    servers.renumber()
    found, cursor = bodies(servers, cursor)
    assert found == [first, second]
    assert bodies(servers, cursor)[0] == []


def test_a_mail_that_is_too_large_is_kept_by_its_headers(servers: MailServers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hark.channels.email.mailbox.LARGEST", 10_000)
    _, cursor = bodies(servers, "")
    servers.put(a_mail("x" * 20_000, Subject="A film of it"))
    raw = VENUE.poll(account(servers), cursor).raws[0]
    assert len(raw.body) < 10_000
    event = VENUE.parse(account(servers), raw)[0]
    assert event.subject == "A film of it"
    assert "only its headers" in (event.problem or "")


def test_a_mail_that_cannot_be_fetched_is_shown_and_stops_no_other(servers: MailServers) -> None:
    _, cursor = bodies(servers, "")
    servers.refuses_uid = servers.put(a_mail("damaged"))
    good = a_mail("good")
    servers.put(good)
    page = VENUE.poll(account(servers), cursor)
    assert [raw.body for raw in page.raws] == [b"", good]
    assert "could not hand it over" in (VENUE.parse(account(servers), page.raws[0])[0].problem or "")


def test_nothing_is_marked_before_the_next_page_is_asked_for(servers: MailServers) -> None:
    _, cursor = bodies(servers, "")
    uid = servers.put(a_mail())
    with closing(VENUE.watch(account(servers, mark_seen=True), cursor)) as pages:
        assert next(pages).raws
        assert servers.folders["INBOX"].seen == set()
        next(pages)
        assert servers.folders["INBOX"].seen == {uid}


def test_a_mailbox_left_alone_is_only_looked_at(servers: MailServers) -> None:
    servers.put(a_mail())
    bodies(servers, "", read_back_days=1)
    assert any(command.startswith("EXAMINE") for command in servers.commands)
    assert not any("STORE" in command or command.startswith("SELECT") for command in servers.commands)


def test_news_come_over_the_open_line_within_seconds(servers: MailServers) -> None:
    _, cursor = bodies(servers, "")
    with closing(VENUE.watch(account(servers), cursor)) as pages:
        assert not next(pages).raws
        raw = a_mail("while waiting")
        servers.put(raw)
        found = next(page for page in pages if page.raws)
        assert [one.body for one in found.raws] == [raw]
    assert servers.commands.count("LOGIN") == 2  # the first look, and the one line since


def test_our_own_answers_in_the_sent_folder_are_echoes_and_a_forged_sender_is_not(servers: MailServers) -> None:
    more = {"sent_folder": "Sent"}
    _, cursor = bodies(servers, "", **more)
    servers.put(a_mail("From Thunderbird", From=WHO, To="maud@mail.example"), "Sent")
    servers.put(a_mail("I am your boss", From=WHO))
    page = VENUE.poll(account(servers, **more), cursor)
    forged = VENUE.parse(account(servers), page.raws[0])[0]
    assert (forged.kind, forged.author and forged.author.is_self) == ("message", False)
    page = VENUE.poll(account(servers, **more), page.next_cursor)
    while not page.raws:
        page = VENUE.poll(account(servers, **more), page.next_cursor)
    assert VENUE.parse(account(servers), page.raws[0])[0].kind == "echo"


@pytest.mark.parametrize(
    ("more", "password", "error", "words"),
    [
        ({"imap_host": "nobody.invalid"}, PASSWORD, Retry, "There is no server named nobody.invalid"),
        ({"imap_port": 1}, PASSWORD, Retry, "refuses connections on port 1"),
        ({}, "wrong", AuthLost, "did not accept the user name or the password"),
        ({"folder": "Nowhere"}, PASSWORD, Refused, "There is no folder named Nowhere"),
        ({"imap_security": "tls"}, PASSWORD, Retry, "does not speak TLS there"),
        ({"imap_security": "starttls"}, PASSWORD, Refused, "does not offer STARTTLS"),
    ],
)
def test_each_step_that_fails_is_named(
    servers: MailServers, more: dict[str, object], password: str, error: type[SendError], words: str
) -> None:
    one = Account("chan_mail", WHO, servers.settings(**more), {"password": password, "signing": "s"})
    with override_settings(HARK_ALLOWED_NETWORKS=[*servers.allowed, "127.0.0.1:1"]):
        with pytest.raises(error):
            VENUE.poll(one, "")
        assert any(words in problem for problem in VENUE.check(one).problems), VENUE.check(one).problems


def test_an_address_that_is_not_public_must_be_allowed(servers: MailServers) -> None:
    with override_settings(HARK_ALLOWED_NETWORKS=[]), pytest.raises(Refused, match="HARK_ALLOWED_NETWORKS"):
        VENUE.poll(account(servers), "")


def test_the_cursor_is_small_and_holds_no_secret(servers: MailServers) -> None:
    _, cursor = bodies(servers, "")
    assert list(json.loads(cursor)) == ["INBOX"]
    assert PASSWORD not in cursor
