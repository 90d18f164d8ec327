"""Notices reach people who do not look at Hark: pushed to browsers, gathered into mails, not a word too much."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from django.test import Client
from pytest_django import Settings

from hark.channels.email.reader import read_mail
from hark.conversations.actions.following import follow
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.noticing import notice, read_notices, wish
from hark.conversations.models import Case, Notice
from hark.conversations.queries.notices import Wishes, wishes_of
from hark.conversations.types import Medium, NoticeKind
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.kernel import secrets
from hark.kernel.db import fetch_all
from hark.kernel.ids import new_uuid
from hark.kernel.queries import COLUMNS, journal_event
from hark.kernel.time import database_now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.actions.desk import change_desk
from hark.organisation.actions.people import deactivate_agent
from hark.organisation.actions.pushing import push_key
from hark.organisation.actions.sealing import rotate
from hark.organisation.models import Agent, AuditEntry, Channel, Organisation, PushSubscription, SignIn
from hark.workspace.actions.acts import author_of
from hark.workspace.actions.telling import mail_notices, push_notices
from tests.channels.mail_stand_in import PASSWORD, WHO, MailServers, mail_servers
from tests.workspace.fixtures import SignedIn, page_of
from tests.workspace.makers import World, case_of, known, say
from tests.workspace.push_service import Browser, PushService, push_service


@pytest.fixture
def service(settings: Settings) -> Iterator[PushService]:
    with push_service() as state:
        settings.HARK_ALLOWED_NETWORKS = [state.place]
        yield state


@pytest.fixture
def case(world: World) -> Case:
    found = case_of(say(world.chat, known("ann", name="Ann Archer"), "My secret number is 4711."))
    follow(case_id=found.pk, author=author_of(world.tessa))
    return found


def happen(case: Case, world: World, text: str = "Is anybody there?") -> None:
    """The customer writes once more, and the journal is read."""
    say(world.chat, known("ann"), text, ago=0)
    noticed()


def noticed() -> None:
    rows = fetch_all(f"SELECT {COLUMNS} FROM kernel_event ORDER BY id")  # noqa: S608 - a constant
    notice([journal_event(row) for row in rows], at=database_now())


def pushed(*, minutes: float = 2) -> int:
    """What the job does, so many minutes from now."""
    return push_notices(at=database_now() + timedelta(minutes=minutes))


def let_tell(client: Client, service: PushService, path: str = "/push/1") -> Browser:
    """The agent's browser lets itself be told."""
    browser = Browser(service.place, path)
    assert client.post("/notices/push/", {"act": "on", **browser.fields}, HTTP_HX_REQUEST="true").status_code == 204
    return browser


def test_browser_is_told_once_of_what_happened_and_where_and_nothing_more(
    world: World, case: Case, signed_in: SignedIn, service: PushService
) -> None:
    browser = let_tell(signed_in(world.tessa), service)
    assert pushed() == 0  # nothing is told of what was there before
    happen(case, world)
    assert (pushed(), pushed()) == (1, 0)
    [(headers, body)] = service.taken
    told = browser.read(body)
    newest = Notice.objects.get(agent=world.tessa).pk
    assert told == {"title": "New message in Care", "body": "", "path": f"/case/{case.key}/", "tag": f"hark-{newest}"}
    assert {"ttl": "1800", "urgency": "normal", "content-encoding": "aes128gcm"}.items() <= headers.items()
    assert len(headers["topic"]) == 32
    who = service.who()
    assert (who["sub"], who["key"]) == ("http://127.0.0.1:8420", page_key(signed_in(world.tessa)))


def page_key(client: Client) -> str:
    return page_of(client.get("/notices/settings/")).partition('data-push-key="')[2].partition('"')[0]


def test_many_things_on_one_case_are_one_push_and_the_most_pressing_is_said(
    world: World, case: Case, signed_in: SignedIn, service: PushService
) -> None:
    browser = let_tell(signed_in(world.tessa), service)
    change_desk(mailbox=None, notices_name_cases=True)
    add_note(case_id=case.pk, text="@Tessa", author=author_of(world.ruben), idempotency_key=new_uuid())
    happen(case, world)
    assert pushed() == 1
    [(headers, body)] = service.taken
    assert browser.read(body)["title"] == "A colleague mentions you in Care, and 1 more"
    assert browser.read(body)["body"].startswith("Ann Archer: ")
    assert headers["urgency"] == "high"


def test_nothing_is_pushed_to_whoever_sits_at_the_desk_has_read_it_or_is_off(
    world: World, case: Case, signed_in: SignedIn, service: PushService
) -> None:
    client = signed_in(world.tessa)
    client.get("/notices/")
    let_tell(client, service)
    happen(case, world)
    assert client.post("/notices/here/").status_code == 204
    assert SignIn.objects.get(agent=world.tessa).active_at is not None
    assert pushed(minutes=0.5) == 0
    wish(agent=world.tessa, wishes=Wishes(days=frozenset({(database_now().weekday() + 3) % 7})))
    assert pushed() == 0
    wish(agent=world.tessa, wishes=Wishes())
    read_notices(agent=world.tessa)
    assert pushed() == 0
    assert service.taken == []


def test_browser_that_is_gone_is_forgotten_and_a_busy_service_is_left_in_peace(
    world: World, case: Case, signed_in: SignedIn, service: PushService
) -> None:
    client = signed_in(world.tessa)
    let_tell(client, service)
    happen(case, world)
    service.answers = [(429, {"retry-after": "900"})]
    assert (pushed(), pushed()) == (0, 0)
    row = PushSubscription.objects.get()
    assert row.not_before > database_now() + timedelta(minutes=14)
    assert "its service does not answer" in page_of(client.get("/notices/settings/"))
    assert pushed(minutes=16) == 1
    happen(case, world, "Hello?")
    service.answers = [(410, {})]
    assert pushed() == 0
    assert not PushSubscription.objects.exists()
    assert len(service.taken) == 3


@pytest.mark.parametrize("end", ["sign out", "session", "others", "deactivated", "list"])
def test_subscription_ends_with_its_session(
    world: World, case: Case, signed_in: SignedIn, service: PushService, end: str
) -> None:
    phone, desk = signed_in(world.tessa), signed_in(world.tessa)
    phone.get("/notices/")
    let_tell(phone, service)
    lost = SignIn.objects.get(session_key=phone.session.session_key).key
    if end == "sign out":
        phone.post("/sign-out/")
    elif end == "session":
        desk.post("/account/sessions/end/", {"session": lost})
    elif end == "others":
        desk.post("/account/sessions/end/")
    elif end == "deactivated":
        deactivate_agent(key=world.tessa.key, actor=world.owner)
    else:
        desk.post("/notices/push/", {"key": PushSubscription.objects.get().key})
    happen(case, world)
    assert pushed() == 0
    assert not PushSubscription.objects.exists()


def test_browser_goes_on_for_the_person_who_asked_and_for_nobody_else(
    world: World, signed_in: SignedIn, service: PushService
) -> None:
    browser = let_tell(signed_in(world.tessa), service)
    back = {"act": "back", "endpoint": browser.fields["endpoint"]}
    again, other = signed_in(world.tessa), signed_in(world.ruben)
    assert other.post("/notices/push/", back).json() == {"told": False}
    assert again.post("/notices/push/", back).json() == {"told": True}
    assert PushSubscription.objects.get().session_key == again.session.session_key
    let_tell(other, service)  # a shared computer: now it is Ruben's
    assert PushSubscription.objects.get().agent == world.ruben
    assert other.post("/notices/push/", {"key": "push_x"}).status_code == 404
    for number in range(10):
        answer = other.post("/notices/push/", {"act": "on", **Browser(service.place, f"/{number}").fields})
    assert (answer.status_code, PushSubscription.objects.count()) == (302, 10)


def test_push_key_is_made_once_sealed_and_sealed_again_with_a_new_key(world: World, settings: Settings) -> None:
    first = push_key()
    kept = bytes(Organisation.objects.get().sealed_push_key)
    assert (push_key(), first in kept) == (first, False)
    settings.HARK_KEYS = f"{secrets.new_key().line()} {settings.HARK_KEYS}"
    secrets.check_database()
    rotate()
    assert secrets.sealed_with(bytes(Organisation.objects.get().sealed_push_key)) == secrets.key_ring()[0].id
    assert push_key() == first


# By e-mail


@contextmanager
def mailbox_of(world: World, settings: Settings) -> Iterator[tuple[MailServers, Channel]]:
    """The desk has a mailbox, and Tessa wants mails of everything."""
    with mail_servers() as servers:
        settings.HARK_ALLOWED_NETWORKS = servers.allowed
        channel = connect_channel(
            actor="test", venue="email", external_id=WHO, name="Care mail", inbox=world.care,
            settings=servers.settings(), secrets={"password": PASSWORD},
        )  # fmt: skip
        change_desk(mailbox=channel, notices_name_cases=False)
        want_mails(world.tessa)
        yield servers, channel


def want_mails(agent: Agent) -> None:
    wish(agent=agent, wishes=Wishes(by_kind={str(kind): frozenset(Medium.values) for kind in NoticeKind}))


def mailed(*, minutes: float = 6) -> int:
    return mail_notices(at=database_now() + timedelta(minutes=minutes))


def send_all() -> None:
    """The out-box's loop, as soon as it may."""
    OutboxItem.objects.update(not_before=database_now())
    while send_due():
        pass


def test_mails_gather_what_is_unread_say_little_and_cannot_loop(world: World, case: Case, settings: Settings) -> None:
    with mailbox_of(world, settings) as (servers, channel):
        happen(case, world)
        happen(case, world, "Hello?")
        assert mailed(minutes=4) == 0
        assert (mailed(), mailed()) == (1, 0)
        send_all()
        [(sender, recipient, raw)] = servers.sent
    mail = cast("EmailMessage", message_from_bytes(raw, policy=default))
    assert (sender, recipient, mail["From"]) == ("", "tessa@plum.example", WHO)
    assert mail["Subject"] == "New message in Care, and 1 more"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["In-Reply-To"] is None
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    words = mail.get_content()
    assert f"http://127.0.0.1:8420/case/{case.key}/" in words
    assert not {"4711", "Ann", "Archer", "Hello"} & set(words.replace(".", " ").split())
    assert read_mail(raw).auto_reply  # if it ever came back it would open no case
    assert OutboxItem.objects.get(channel=channel).state == "sent"


def test_what_was_read_meanwhile_is_not_mailed_nor_what_nobody_asked_for(
    world: World, case: Case, settings: Settings
) -> None:
    with mailbox_of(world, settings):
        follow(case_id=case.pk, author=author_of(world.ruben))
        happen(case, world)
        assert set(Notice.objects.values_list("agent__name", flat=True)) == {"Tessa Okonedo", "Ruben Asante"}
        read_notices(agent=world.tessa, case_id=case.pk)
        assert mailed() == 0
        happen(case, world, "Hello?")
        change_desk(mailbox=None, notices_name_cases=False)
        assert mailed() == 0


def test_mail_whose_fate_is_unknown_is_sent_again_under_the_same_name(
    world: World, case: Case, settings: Settings
) -> None:
    with mailbox_of(world, settings) as (servers, _):
        happen(case, world)
        assert mailed() == 1
        servers.smtp_faults = ["drop_reply"]
        send_all()
        item = OutboxItem.objects.get()
        assert (item.state, item.may_have_left) == ("queued", True)
        send_all()
        names = [message_from_bytes(raw)["Message-ID"] for _, _, raw in servers.sent]
    assert len(names) == 2
    assert len(set(names)) == 1
    item.refresh_from_db()
    assert (item.state, item.may_have_left) == ("sent", True)  # it may have come twice, and that is written down


def test_one_click_ends_the_mails_without_a_sign_in_and_looking_does_not(
    world: World, case: Case, settings: Settings
) -> None:
    with mailbox_of(world, settings):
        happen(case, world)
        mailed()
        address = OutboxItem.objects.get().payload["unsubscribe"].removeprefix("http://127.0.0.1:8420")
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(address).status_code == 200
    assert Medium.EMAIL in wishes_of([world.tessa])[world.tessa.pk].by_kind["followed"]
    assert stranger.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert wishes_of([world.tessa])[world.tessa.pk].by_kind["followed"] == {"desk", "browser", "push"}
    other = address.replace(world.tessa.key, world.ruben.key)
    assert [stranger.post(bad).status_code for bad in (other, f"/notices/mail/{world.tessa.key}/x/")] == [404, 404]


def test_desk_settings_take_a_mailbox_that_sends_and_are_audited(
    world: World, settings: Settings, signed_in: SignedIn
) -> None:
    with mailbox_of(world, settings) as (_, channel):
        client = signed_in(world.owner)
        values: dict[str, Any] = {"mailbox": channel.key, "notices_name_cases": "on"}
        assert client.post("/settings/desk/", values).status_code == 302
        assert client.post("/settings/desk/", {"mailbox": world.chat.key}).status_code == 422
        assert "Care mail" in page_of(client.get("/settings/desk/"))
        entry = AuditEntry.objects.filter(verb="organisation.changed").latest("number")
        assert entry.details == {"mailbox": [channel.key] * 2, "notices_name_cases": [False, True]}
        assert "Mails gather" in page_of(client.get("/notices/settings/"))


def test_worker_and_manifest_are_there_for_every_browser() -> None:
    answer = Client().get("/worker.js")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert b"showNotification" in answer.content
