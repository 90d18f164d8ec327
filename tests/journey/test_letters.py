"""Which conversation a mail joins, and which it does not, whatever it claims."""

from uuid import UUID

import pytest

from hark.conversations.actions.accepted import sent
from hark.conversations.actions.automatic import acknowledge
from hark.conversations.actions.participants import admit
from hark.conversations.errors import CannotReply
from hark.conversations.models import Case, Clock, Conversation, Message, Participant
from hark.conversations.queries.messages import messages_shown
from hark.delivery.models import OutboxItem
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel
from hark.organisation.types import Role
from tests.channels.mails import CUSTOMER, a_mail
from tests.conversations.desk import acts, an_agent, answers
from tests.journey.mail import ADDRESS, deliver, mail_channel, marks_of
from tests.journey.makers import make_inbox
from tests.journey.venue import drain

pytestmark = pytest.mark.django_db
EVE = "Eve <eve@evil.example>"


@pytest.fixture
def channel() -> Channel:
    return mail_channel()


@pytest.fixture
def agent() -> Agent:
    return an_agent("Tessa", role=Role.SUPERVISOR)


def asked(channel: Channel, **more: str) -> Message:
    """A customer's first mail."""
    [message] = deliver(channel, a_mail(Message_ID="<first@mail.example>", **more))
    return message


def test_a_mail_becomes_a_case_with_its_words(channel: Channel) -> None:
    message = asked(channel)
    assert message.text == "My SIM will not activate."
    assert message.conversation.subject == "My SIM"
    assert message.identity
    assert message.identity.key == CUSTOMER
    case = message.conversation.case
    assert case
    assert case.clocks.count() == 1


def test_an_answer_to_the_token_joins_whatever_its_subject_and_references(channel: Channel, agent: Agent) -> None:
    first = asked(channel)
    assert first.conversation.case
    answers(agent, first.conversation.case)
    _, address = marks_of(first.conversation)
    [second] = deliver(channel, a_mail("Still nothing.", To=address, Subject="Quite another matter"))
    assert second.conversation_id == first.conversation_id
    assert not Participant.objects.filter(pending=True).exists()


def test_an_answer_to_our_message_id_joins(channel: Channel, agent: Agent) -> None:
    first = asked(channel)
    assert first.conversation.case
    answers(agent, first.conversation.case)
    ours, _ = marks_of(first.conversation)
    [second] = deliver(channel, a_mail("Still nothing.", In_Reply_To=ours))
    assert second.conversation_id == first.conversation_id


def test_a_second_mail_of_the_same_person_joins_by_its_references(channel: Channel) -> None:
    first = asked(channel)
    [second] = deliver(channel, a_mail("One more thing.", References="<first@mail.example>"))
    assert second.conversation_id == first.conversation_id


def test_mails_of_one_batch_join_in_whatever_order_they_lie(channel: Channel) -> None:
    mails = [a_mail("two", Message_ID="<b@x.example>", In_Reply_To="<a@x.example>"), a_mail(Message_ID="<a@x.example>")]
    from hark.intake.actions import accept
    from hark.intake.types import NewArrival
    from hark.kernel.time import now

    accept(channel_id=channel.pk, arrivals=[NewArrival("", "", {}, raw, now()) for raw in mails])
    drain()
    assert Message.objects.count() == 2
    assert Conversation.objects.count() in {1, 2}  # `Date` tells which is first only to the second


@pytest.mark.parametrize(
    "claims",
    [
        {"In_Reply_To": "<first@mail.example>"},
        {"References": "<first@mail.example>"},
        {"Message_ID": "<first@mail.example>"},
        {"Message_ID": "<first@mail.example>", "References": "<first@mail.example>"},
        {"Subject": "Re: My SIM"},
        {"To": "care+aaaaaaaaaaaaaaaaaaaaaaaaaa@plum.example"},
        {"In_Reply_To": "<00000000000000000000000000000009.aaaaaaaaaaaaaaaaaaaaaaaaaa@plum.example>"},
        {"In_Reply_To": "<>"},
        {"Message_ID": "", "In_Reply_To": ""},
        {"Reply_To": CUSTOMER, "In_Reply_To": "<first@mail.example>"},
        {"Sender": CUSTOMER, "In_Reply_To": "<first@mail.example>"},
        {"X_Hark_Conversation": "1", "In_Reply_To": "<first@mail.example>"},
        {"Cc": CUSTOMER, "References": "<first@mail.example>"},
        {"From": f"{CUSTOMER} <eve@evil.example>", "In_Reply_To": "<first@mail.example>"},
    ],
)
def test_a_stranger_joins_nothing_by_what_can_be_guessed(
    channel: Channel, agent: Agent, claims: dict[str, str]
) -> None:
    first = asked(channel)
    assert first.conversation.case
    answers(agent, first.conversation.case)
    [strange] = deliver(channel, a_mail("Send it to my new address.", **{"From": EVE, **claims}))
    first.refresh_from_db()
    assert strange.conversation_id != first.conversation_id
    assert strange.conversation.case_id != first.conversation.case_id
    assert first.text == "My SIM will not activate."
    assert first.versions.count() == 0


def test_forty_ways_to_knock_open_no_door(channel: Channel, agent: Agent) -> None:
    """Who is named as sender × what is claimed: nobody but the customer is believed, and his token is not known."""
    first = asked(channel)
    assert first.conversation.case
    answers(agent, first.conversation.case)
    senders = (
        {"From": EVE},
        {"From": f'"{CUSTOMER}" <eve@evil.example>'},
        {"From": "care@plum.example", "Reply_To": "eve@evil.example"},
        {"From": f"eve@evil.example, {CUSTOMER}"},
        {"From": EVE, "Sender": CUSTOMER, "Reply_To": CUSTOMER, "Authentication_Results": "plum.example; dmarc=pass"},
    )
    claims = (
        {"In_Reply_To": "<first@mail.example>"},
        {"References": "<x@x.example> <first@mail.example>"},
        {"Subject": "Re: My SIM", "Thread_Topic": "My SIM"},
        {"To": "care+first@plum.example"},
        {"To": f"care+{'a' * 26}@plum.example", "References": "<first@mail.example>"},
        {"In_Reply_To": f"<{'0' * 32}.{'a' * 26}@plum.example>"},
        {"X_Hark_Conversation": first.conversation.key, "X_Hark_Token": "x"},
        {"Cc": CUSTOMER, "In_Reply_To": "<first@mail.example>", "Subject": f"[{first.conversation.case.key}]"},
    )
    mails = [a_mail("Pay here.", **{**who, **what}) for who in senders for what in claims]
    knocked = deliver(channel, *mails)
    assert len(knocked) == 40
    assert [one for one in knocked if one.conversation_id == first.conversation_id] == []
    assert [one for one in knocked if one.direction != "in"] == []
    assert not Participant.objects.filter(conversation=first.conversation_id).exclude(identity=first.identity).exists()


def test_a_sender_whom_his_own_domain_disowns_joins_nothing() -> None:
    channel = mail_channel(authserv="mx.plum.example")
    first = asked(channel)
    failed = "mx.plum.example; dmarc=fail header.from=mail.example"
    more = {"References": "<first@mail.example>"}
    [forged] = deliver(channel, a_mail("It is me.", Authentication_Results=failed, **more))
    assert forged.conversation_id != first.conversation_id
    [true] = deliver(channel, a_mail("It is me.", Authentication_Results="evil.example; dmarc=fail", **more))
    assert true.conversation_id == first.conversation_id


def test_who_comes_by_somebody_elses_token_waits_to_be_let_in(channel: Channel, agent: Agent) -> None:
    first = asked(channel)
    case = first.conversation.case
    assert case
    answers(agent, case)
    _, address = marks_of(first.conversation)
    [strange] = deliver(channel, a_mail("I am his lawyer.", From=EVE, To=address))
    assert strange.conversation_id == first.conversation_id
    [shown] = messages_shown(agent, [strange], at=database_now())
    assert shown.pending
    answers(agent, case, "Only to the customer.")
    assert OutboxItem.objects.latest("pk").payload["target"]["person"] == CUSTOMER
    admit(message_id=strange.pk, author=acts(agent))
    [shown] = messages_shown(agent, [strange], at=database_now())
    assert not shown.pending
    answers(agent, case, "Welcome.")
    assert OutboxItem.objects.latest("pk").payload["target"]["person"] == "eve@evil.example"


def test_a_conversation_of_pending_writers_alone_cannot_be_answered(channel: Channel, agent: Agent) -> None:
    first = asked(channel)
    assert first.conversation.case
    Participant.objects.update(pending=True)
    with pytest.raises(CannotReply):
        answers(agent, first.conversation.case)


def test_one_mail_to_two_of_our_addresses_is_one_matter_within_an_inbox(channel: Channel, agent: Agent) -> None:
    sales = mail_channel("sales@plum.example", channel.inbox)
    raw = a_mail(To=f"{ADDRESS}, sales@plum.example")
    [first] = deliver(channel, raw)
    [second] = deliver(sales, raw.replace(b"To:", b"Delivered-To: sales@plum.example\r\nTo:"))
    assert (first.channel_id, second.channel_id) == (channel.pk, sales.pk)
    assert first.conversation_id == second.conversation_id
    assert Case.objects.count() == 1
    assert Clock.objects.count() == 1
    shown = messages_shown(agent, [first, second], at=database_now())
    assert [[one.channel for one in each.also_came_to] for each in shown] == [["sales@plum.example"], [ADDRESS]]


def test_one_mail_to_two_inboxes_is_two_cases_that_know_of_each_other(channel: Channel, agent: Agent) -> None:
    other = mail_channel("sales@plum.example", make_inbox("Sales"))
    raw = a_mail(To=f"{ADDRESS}, sales@plum.example")
    [first] = deliver(channel, raw)
    [second] = deliver(other, raw)
    assert first.conversation.case_id != second.conversation.case_id
    shown = messages_shown(agent, [first], at=database_now())
    assert second.conversation.case
    assert [one.case_key for one in shown[0].also_came_to] == [second.conversation.case.key]


def test_the_same_mail_read_again_changes_nothing(channel: Channel) -> None:
    raw = a_mail()
    deliver(channel, raw)
    deliver(channel, b"Received: by another way\r\n" + raw)
    assert Message.objects.count() == 1
    assert Case.objects.count() == 1


def test_another_mail_under_a_used_message_id_is_shown_beside_it(channel: Channel) -> None:
    first = asked(channel)
    [second] = deliver(channel, a_mail("Quite other words.", Message_ID="<first@mail.example>"))
    first.refresh_from_db()
    assert first.text == "My SIM will not activate."
    assert second.text == "Quite other words."
    deliver(channel, a_mail("Quite other words.", Message_ID="<first@mail.example>"))
    assert Message.objects.count() == 2


def test_an_out_of_office_is_shown_and_asks_nothing(channel: Channel, agent: Agent) -> None:
    first = asked(channel)
    case = first.conversation.case
    assert case
    answers(agent, case)
    _, address = marks_of(first.conversation)
    Clock.objects.update(stopped_at=database_now())
    [auto] = deliver(channel, a_mail("I am away.", To=address, Auto_Submitted="auto-replied"))
    case.refresh_from_db()
    assert auto.conversation_id == first.conversation_id
    assert auto.automatic
    assert case.status == "waiting"
    assert Clock.objects.filter(stopped_at=None).count() == 0
    [alone] = deliver(channel, a_mail("Newsletter", From=EVE, Auto_Submitted="auto-generated"))
    assert alone.conversation.case is None


def test_a_mail_that_bounced_says_so_on_the_reply_and_opens_the_case(channel: Channel, agent: Agent) -> None:
    first = asked(channel)
    case = first.conversation.case
    assert case
    reply = answers(agent, case)
    ours, _ = marks_of(first.conversation)
    OutboxItem.objects.update(state="sent", external_ids=[ours], tried_at=database_now(), sent_at=database_now())
    assert deliver(channel, a_bounce(ours)) == []
    item = OutboxItem.objects.get(pk=reply.outbox_item_id)
    assert item.receipt_state == "failed"
    foreign = "<00000000000000000000000000000009.aaaaaaaaaaaaaaaaaaaaaaaaaa@plum.example>"
    [shown] = deliver(channel, a_bounce(foreign))
    assert shown.conversation.case is None


def test_a_reply_from_our_own_mail_program_stops_the_clock(channel: Channel) -> None:
    first = asked(channel)
    raw = a_mail("Answered at home.", From=ADDRESS, To=CUSTOMER, In_Reply_To="<first@mail.example>")
    [ours] = deliver(channel, raw, folder="sent")
    assert ours.native
    assert ours.conversation_id == first.conversation_id
    assert Clock.objects.filter(stopped_at=None).count() == 0
    [answer] = deliver(channel, a_mail("Thank you!", In_Reply_To=ours.external_id or ""))
    assert answer.conversation_id == first.conversation_id


def test_what_is_read_back_opens_nothing(channel: Channel) -> None:
    [old] = deliver(channel, a_mail(), backfilled="yes")
    assert old.backfilled
    assert old.conversation.case is None


def a_bounce(original: str) -> bytes:
    """A delivery status notification."""
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: care@plum.example\r\nSubject: Undelivered Mail\r\n"
        f"Message-ID: <b{UUID(int=hash(original) % 2**64).hex}@mx.example>\r\nAuto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nI could not deliver it.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {CUSTOMER}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {original}\r\nSubject: Re: My SIM\r\n\r\n--b--\r\n"
    ).encode()


WORDS = {"acknowledgement": "We have your mail."}


def robots() -> list[Message]:
    """What Hark has sent by itself."""
    return list(Message.objects.filter(direction="out", automatic=True).order_by("pk"))


def opened(channel: Channel, *mails: bytes) -> list[Message]:
    """These mails come in, and the reaction to cases that open runs twice, as it may."""
    found = deliver(channel, *mails)
    for one in found:
        acknowledge(message_key=one.key)
        acknowledge(message_key=one.key)
    return found


def test_a_new_case_is_acknowledged_once_and_its_clock_runs_on() -> None:
    [asked_once] = opened(mail_channel(**WORDS), a_mail())
    [robot] = robots()
    assert robot.text == "We have your mail."
    item = robot.outbox_item
    assert item
    assert item.payload["author_kind"] == "bot"
    OutboxItem.objects.update(state="sent", external_ids=["<ack@plum.example>"], sent_at=database_now())
    assert sent(message_key=robot.key) is False
    assert Clock.objects.filter(stopped_at=None).count() == 1
    assert asked_once.conversation.case


def test_a_naive_robot_gets_one_mail_a_day_however_often_it_writes() -> None:
    channel = mail_channel(**WORDS)
    opened(channel, *(a_mail(f"Ticket {n} was opened.", From="robot@shop.example", Subject=f"#{n}") for n in range(8)))
    assert len(robots()) == 1


def test_what_must_not_be_answered_by_itself_is_not() -> None:
    channel = mail_channel(**WORDS)
    other = mail_channel("sales@plum.example")
    opened(channel, a_mail(Auto_Submitted="auto-generated"), a_mail(Precedence="bulk"))
    opened(channel, a_mail(From=other.external_id))
    opened(channel, a_bounce("<x@y.example>"))
    deliver(channel, a_mail(From="old@mail.example"), backfilled="yes")
    for one in Message.objects.all():
        acknowledge(message_key=one.key)
    assert robots() == []


def test_an_agent_who_was_quicker_is_followed_by_no_robot(agent: Agent) -> None:
    channel = mail_channel(**WORDS)
    [first] = deliver(channel, a_mail())
    assert first.conversation.case
    answers(agent, first.conversation.case)
    assert acknowledge(message_key=first.key) is None
