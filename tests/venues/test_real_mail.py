"""The whole way through a real Postfix and a real Dovecot: mail in, reply out, answer joined, robots stopped."""

import imaplib
import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from email import message_from_bytes
from email.message import Message as Parsed
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from hark.channels.accounts import account_of
from hark.channels.email.venue import Email
from hark.conversations.actions.fetching import fetch_next_file
from hark.conversations.actions.files import add_piece, begin_file
from hark.conversations.models import Case, Message
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.intake.actions import polling
from hark.intake.models import Arrival, Poller
from hark.intake.pollers import read
from hark.intake.types import ArrivalState
from hark.journey.jobs import react_step
from hark.kernel import lines
from hark.kernel.ids import new_uuid
from hark.kernel.time import monotonic, sleep
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Channel
from hark.organisation.types import Role
from tests.channels.mails import a_mail
from tests.conversations.desk import acts, an_agent, answers
from tests.journey.makers import make_inbox
from tests.journey.venue import drain
from tests.venues.dovecot_postfix import GONE, PASSWORD, RealMail, real_mail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("mail"), pytest.mark.slow]
whole = pytest.mark.skipif(not os.environ.get("HARK_VENUES"), reason="a slow proof: run `make venues`")
ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60.0
SAMPLE = ROOT / "tests" / "channels" / "samples" / "email" / "pictured.raw"


@pytest.fixture(scope="module")
def servers() -> Iterator[RealMail]:
    with real_mail() as place:
        yield place


@pytest.fixture
def place(servers: RealMail) -> Iterator[RealMail]:
    with override_settings(HARK_ALLOWED_NETWORKS=servers.allowed):
        yield servers


def mailbox(place: RealMail, name: str, **more: Any) -> Channel:
    """A mailbox nobody has used, as a channel."""
    address = f"{name}.{new_uuid().hex[:8]}@plum.example"
    inbox = make_inbox(f"Inbox of {address}")
    type(inbox).objects.filter(pk=inbox.pk).update(undo_seconds=0)
    channel = connect_channel(
        actor="system",
        venue="email",
        external_id=address,
        name=address,
        inbox=inbox,
        settings=place.settings(address, **more),
        secrets={"password": PASSWORD},
    )
    poll(channel)  # it begins with what comes from now on
    return channel


def poll(channel: Channel) -> None:
    """One look, as the loop takes it."""
    Poller.objects.update(not_before=None, lease_until=None)
    reader = polling.take_channel([channel.pk])
    assert reader
    pages = 0

    def after_the_first_wait() -> bool:
        nonlocal pages
        pages += 1
        return pages > 1

    read(reader, after_the_first_wait)
    assert Poller.objects.get(channel=channel).problem == ""


def send(place: RealMail, raw: bytes, sender: str, recipient: str) -> None:
    """A customer's mail program."""
    with smtplib.SMTP("127.0.0.1", place.smtp_port, timeout=30) as line:
        line.sendmail(sender, [recipient], raw)


def until(look: Callable[[], Any]) -> Any:
    """Look until there is something."""
    end = monotonic() + SECONDS
    while not (found := look()):
        assert monotonic() < end, "it did not come"
        sleep(0.2)
    return found


def received(place: RealMail, who: str) -> list[Parsed]:
    """What lies in a customer's mailbox."""
    box = imaplib.IMAP4("127.0.0.1", place.imap_port, timeout=30)
    try:
        box.login(who, PASSWORD)
        box.select("INBOX", readonly=True)
        numbers = box.search(None, "ALL")[1][0].split()
        raws = [box.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]  # type: ignore[index]
        return [message_from_bytes(raw, policy=default) for raw in raws]  # type: ignore[arg-type]
    finally:
        box.logout()


def arrived(channel: Channel, count: int) -> list[Message]:
    """Read the mailbox until so many messages are there."""

    def look() -> list[Message]:
        poll(channel)
        drain()
        found = list(Message.objects.filter(channel=channel, direction="in").order_by("pk"))
        return found if len(found) >= count else []

    return until(look)  # type: ignore[no-any-return]


def settle() -> None:
    """Replies leave, and what follows from that happens."""
    while react_step() or send_due():
        pass


def test_mail_in_reply_out_answer_joined_stranger_outside(place: RealMail) -> None:
    channel, agent = mailbox(place, "care"), an_agent("Tessa", role=Role.SUPERVISOR)
    customer = f"maud.{new_uuid().hex[:8]}@mail.example"
    asked = a_mail(
        "Grüße 🎉, no signal.", From=f"Maud <{customer}>", To=channel.external_id, Message_ID="<q1@mail.example>"
    )
    send(place, asked, customer, channel.external_id)
    [first] = arrived(channel, 1)
    assert first.text == "Grüße 🎉, no signal."
    case = first.conversation.case
    assert case

    answers(agent, case, "We look at it.")
    settle()
    [reply] = until(lambda: received(place, customer))
    assert (reply["In-Reply-To"], reply["References"]) == ("<q1@mail.example>", "<q1@mail.example>")
    assert reply["Subject"] == "Re: My SIM"
    assert reply.get_content().strip() == "We look at it."  # type: ignore[attr-defined]
    assert Message.objects.get(direction="out").external_id == reply["Message-ID"]

    back = a_mail("Still nothing.", From=customer, To=reply["Reply-To"], Subject="Re: something", References="")
    send(place, back, customer, reply["Reply-To"].addresses[0].addr_spec)
    [_, second] = arrived(channel, 2)
    assert second.conversation_id == first.conversation_id

    eve = "eve@mail.example"
    forged = a_mail("New address, please.", From=eve, To=channel.external_id, In_Reply_To="<q1@mail.example>")
    send(place, forged, eve, channel.external_id)
    third = arrived(channel, 3)[-1]
    assert third.conversation.case_id != case.pk
    assert Case.objects.count() == 2


@whole
def test_files_come_in_and_go_out(place: RealMail) -> None:
    channel, agent = mailbox(place, "care"), an_agent("Tessa", role=Role.SUPERVISOR)
    customer = f"maud.{new_uuid().hex[:8]}@mail.example"
    mail = SAMPLE.read_bytes().replace(b"maud@mail.example", customer.encode())
    send(place, mail, customer, channel.external_id)
    [first] = arrived(channel, 1)
    case = first.conversation.case
    assert case
    while fetch_next_file():
        pass
    came = dict(first.attachments.values_list("name", "state"))
    assert came == {"it.png": "stored", "rückgabe.pdf": "stored"}

    bill = bytes(range(256)) * 12_000  # 3 MB
    ours = begin_file(case_id=case.pk, kind="reply", name="Rechnung „Mai“.bin", size=len(bill), author=acts(agent))
    add_piece(key=ours.key, piece=bill, at=0, author=acts(agent))
    answers(agent, case, "Here it is.", files=[ours.key])
    settle()
    [reply] = until(lambda: received(place, customer))
    [part] = reply.iter_attachments()  # type: ignore[attr-defined]
    assert (part.get_filename(), part.get_content()) == ("Rechnung „Mai“.bin", bill)


@whole
def test_a_reply_that_bounces_is_red_and_the_case_is_ours_again(place: RealMail) -> None:
    channel, agent = mailbox(place, "care"), an_agent("Tessa", role=Role.SUPERVISOR)
    send(place, a_mail(From=GONE, To=channel.external_id), GONE, channel.external_id)
    [first] = arrived(channel, 1)
    case = first.conversation.case
    assert case
    reply = answers(agent, case)
    settle()

    def bounced() -> bool:
        poll(channel)
        drain()
        return OutboxItem.objects.get(pk=reply.outbox_item_id).receipt_state == "failed"

    until(bounced)
    settle()
    case.refresh_from_db()
    assert case.status == "open"
    assert Case.objects.count() == 1


@whole
def test_two_harks_that_answer_each_other_stop(place: RealMail) -> None:
    words = {"acknowledgement": "We have your mail and answer within a day."}
    plum, pear = mailbox(place, "plum", **words), mailbox(place, "pear", **words)
    customer = pear.external_id
    # Not ours, as far as the first knows: two companies, each with a Hark of its own.
    Channel.objects.filter(pk=pear.pk).update(external_id=f"not-{customer}")
    send(place, a_mail("Hello?", From=customer, To=plum.external_id), customer, plum.external_id)
    arrived(plum, 1)
    settle()
    Channel.objects.filter(pk=pear.pk).update(external_id=customer)
    arrived(pear, 1)
    for _ in range(5):
        settle()
        for channel in (plum, pear):
            poll(channel)
        drain()
    automatic = Message.objects.filter(direction="out", automatic=True).count()
    assert 1 <= automatic <= 2
    assert Message.objects.filter(direction="in").count() <= 3
    assert Message.objects.get(channel=pear, direction="in").conversation.case is None


@whole
def test_kill_between_fetch_and_commit_loses_nothing_and_doubles_nothing(place: RealMail) -> None:
    channel = mailbox(place, "care")
    customer = "maud@mail.example"
    for number in range(5):
        send(place, a_mail(f"Line {number}", To=channel.external_id), customer, channel.external_id)
    until(lambda: len(received(place, channel.external_id)) == 5)
    Poller.objects.update(not_before=None, lease_until=None)
    for when in ("fetched", "stored", ""):
        status = run_reader(place, channel, when)
        assert status == (-signal.SIGKILL if when else 0)
        with suppress(Poller.DoesNotExist):
            Poller.objects.update(lease_until=None, not_before=None)  # fifteen seconds later
    drain()
    assert Arrival.objects.filter(state=ArrivalState.DONE).count() == 5
    assert sorted(Message.objects.values_list("text", flat=True)) == [f"Line {number}" for number in range(5)]


def run_reader(place: RealMail, channel: Channel, when: str) -> int:
    """A process of its own reads the mailbox once and dies where it is told to."""
    where = connection.settings_dict
    address = f"postgresql://{where['USER']}:{where['PASSWORD']}@localhost:{where['PORT']}/{where['NAME']}"
    environment = {
        **os.environ,
        "HARK_DATABASE_URL": f"{address}?host={where['HOST']}",
        "HARK_KEYS": settings.HARK_KEYS,
        "HARK_ALLOWED_NETWORKS": ",".join(place.allowed),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    command = [sys.executable, "-m", "tests.venues.dying_reader", str(channel.pk), when]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False, timeout=120).returncode


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_encrypted_lines_are_checked(place: RealMail, security: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = place.imaps_port if security == "tls" else place.imap_port
    more = {"imap_security": security, "imap_port": port, "smtp_security": "starttls"}
    channel = mailbox(place, "care")
    Channel.objects.filter(pk=channel.pk).update(settings=place.settings(channel.external_id, **more))
    channel.refresh_from_db()
    lines.tls.cache_clear()
    assert any("certificate is not valid" in problem for problem in Email().check(account_of(channel)).problems)
    monkeypatch.setenv("SSL_CERT_FILE", str(place.cafile))
    lines.tls.cache_clear()
    try:
        assert Email().check(account_of(channel)).problems == ()
    finally:
        lines.tls.cache_clear()
