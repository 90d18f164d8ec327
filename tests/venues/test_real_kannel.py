"""The whole way through a real Kannel: a text in, an answer out in parts, reports, a joined text, STOP."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import override_settings

from hark.channels.accounts import account_of
from hark.channels.sms_kannel.venue import Kannel
from hark.channels.types import Accepted, Account
from hark.contacts.models import Identity
from hark.conversations.errors import CannotReply
from hark.conversations.models import Case, Message
from hark.delivery.models import OutboxItem
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.organisation.models import Channel
from hark.organisation.types import Role
from tests.conversations.desk import an_agent, answers
from tests.journey.venue import drain
from tests.venues.kannel import PASSWORD, RealKannel, real_kannel
from tests.venues.transcripts import Transcript
from tests.venues.whole_way import connected, said_in, settle, until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("kannel"),
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not os.environ.get("HARK_VENUES"), reason="a slow proof: run `make venues`"),
]
SECRET = "a-secret-of-the-suite-for-kannel-calls"
MAUD = "+32470123456"
VENUE = Kannel()
ANSWER = "Grüße 🎉, we have found it. " + "Your parcel left our house this morning and is on its way to you. " * 3


@pytest.fixture(scope="module")
def server() -> Iterator[RealKannel]:
    [(_, lines)] = VENUE.code(Account(""), "http://ADDRESS")
    for name, value in (("THE-SECRET", SECRET), ("THE-USER-NAME", "hark"), ("THE-PASSWORD", PASSWORD)):
        lines = lines.replace(name, value)
    with real_kannel(lines) as place:
        yield place


@pytest.fixture
def gateway(server: RealKannel) -> Iterator[RealKannel]:
    server.calls.clear()
    with override_settings(HARK_ALLOWED_NETWORKS=server.allowed):
        yield server


def number(gateway: RealKannel) -> Channel:
    """Our number as a channel."""
    settings = {"number": "4477", "base_url": gateway.base_url, "user": "hark", "public_url": gateway.address}
    return connected("sms-kannel", "4477", {**settings, "region": "BE"}, {"incoming": SECRET, "password": PASSWORD})


def take_in(gateway: RealKannel, channel: Channel, count: int) -> None:
    """So many calls of Kannel come, and what they bring is read, as at the front door."""
    until(lambda: len(gateway.calls) >= count)
    for request in list(gateway.calls):
        verdict = VENUE.verify(account_of(channel), request)
        assert isinstance(verdict, Accepted), request
        new = NewArrival(verdict.dedupe_key, verdict.lane_key, verdict.headers, request.body, request.received_at)
        accept(channel_id=channel.pk, arrivals=[new])
        gateway.calls.remove(request)
    drain()


def test_a_text_its_answer_in_parts_reports_a_joined_text_and_stop(gateway: RealKannel) -> None:
    told = Transcript()
    channel, agent = number(gateway), an_agent("Tessa", role=Role.SUPERVISOR)
    assert VENUE.check(account_of(channel)).problems == ()
    told.tell("Hark asks Kannel to text nobody; it refuses in words that show that it knows us")
    gateway.comes(MAUD, "Grüße 🎉 where is my parcel?")
    take_in(gateway, channel, 1)
    [first] = said_in(channel)
    told.tell("Maud texts our number; Kannel calls Hark, and the text is a case")
    assert (first.text, first.visibility) == ("Grüße 🎉 where is my parcel?", "private")
    case = first.conversation.case
    assert case

    reply = answers(agent, case, ANSWER)
    settle()
    until(gateway.received)
    told.tell("an agent answers with an emoji and 220 characters; Kannel takes it")
    until(lambda: [words for _, _, words in gateway.received() if len(words) >= len(ANSWER.strip())])
    sender, receiver, words = gateway.received()[-1]
    assert (sender, receiver, words) == ("4477", MAUD, ANSWER.strip())
    told.tell("her phone gets it in four joined messages, word for word")
    take_in(gateway, channel, 2)
    item = OutboxItem.objects.get(pk=reply.outbox_item_id)
    assert item.receipt_state == "delivered"
    told.tell("Kannel reports: given to the operator (8), delivered (1); the reply shows it")

    gateway.comes(MAUD, "This is a long answer that no phone sends in one message, so that it comes in two, joined.")
    take_in(gateway, channel, 1)
    second = said_in(channel)[-1]
    assert second.text.startswith("This is a long answer")
    assert second.text.endswith("in two, joined.")
    assert second.conversation_id == first.conversation_id
    told.tell("Maud texts more than fits into one message; it comes as one, in the same conversation")

    gateway.comes(MAUD, "STOP")
    take_in(gateway, channel, 1)
    assert Identity.objects.get(network="phone", key=MAUD).wants_none
    with pytest.raises(CannotReply):
        answers(agent, Case.objects.get(pk=case.pk), "One more thing.")
    told.tell("Maud texts STOP; from then on the composer says why nothing can be texted to her")
    assert Case.objects.count() == 1
    assert Message.objects.filter(channel=channel, direction="in").count() == 3
    told.keep("sms-kannel", f"Kannel 1.4.5 with fakesmsc on this machine (up in {gateway.seconds:.1f} s).")


def test_a_wrong_password_is_named(gateway: RealKannel) -> None:
    account = account_of(number(gateway))
    wrong = replace(account, secrets={**account.secrets, "password": "wrong"})
    [problem] = VENUE.check(wrong).problems
    assert "password of sendsms" in problem
