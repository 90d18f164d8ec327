"""A case is forwarded to somebody outside: his answer comes back to it, and the customer learns nothing of it."""

from datetime import timedelta
from typing import Any

import pytest

from hark.conversations.actions.accepted import sent
from hark.conversations.actions.cases import resolve
from hark.conversations.actions.forwarding import forward
from hark.conversations.actions.holding import send, take_held_back
from hark.conversations.actions.notes import add_note
from hark.conversations.actions.noticing import notice
from hark.conversations.actions.participants import copy_in
from hark.conversations.actions.reply import settle, take_back
from hark.conversations.errors import CannotCopyIn, CannotForward, NewerMessage, NothingWritten
from hark.conversations.models import Attachment, Case, Clock, Conversation, Draft, Message, Notice, Participant
from hark.conversations.queries.messages import messages_shown
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.types import FileState, Visibility
from hark.delivery.models import OutboxItem
from hark.delivery.types import Settlement, unpack
from hark.journey import ledger
from hark.journey.reacting import react_step
from hark.kernel.db import fetch_all
from hark.kernel.ids import new_uuid, public_key
from hark.kernel.queries import COLUMNS, journal_event
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel
from hark.organisation.types import Role
from hark.routing.models import WorkItem
from tests.channels.mails import CUSTOMER, a_mail
from tests.conversations.desk import acts, an_agent, answers
from tests.journey.mail import deliver, mail_channel, marks_of

pytestmark = pytest.mark.django_db
CARRIER = "ann@carrier.example"


@pytest.fixture
def channel() -> Channel:
    return mail_channel()


@pytest.fixture
def agent() -> Agent:
    return an_agent("Tessa", role=Role.SUPERVISOR)


@pytest.fixture
def asked(channel: Channel) -> Message:
    """A customer's mail with a file."""
    [message] = deliver(channel, a_mail("Where is parcel 4711?", Message_ID="<first@mail.example>"))
    Attachment.objects.create(
        key=public_key("file"), message=message, state=FileState.STORED, name="label.pdf", mime="application/pdf",
        size=9, sha256="a" * 64, added_at=message.sent_at,
    )  # fmt: skip
    return message


def case_of(message: Message) -> Case:
    return Case.objects.get(pk=message.conversation.case_id)


def forwards(agent: Agent, *messages: Message, **more: Any) -> Message:
    """The agent forwards these messages to the carrier, having seen everything."""
    fields: dict[str, Any] = {
        "case_id": messages[0].conversation.case_id,
        "author": acts(agent),
        "address": CARRIER,
        "name": "Ann Carrier",
        "text": "Where is it, please?",
        "messages": [one.key for one in messages],
        "idempotency_key": new_uuid(),
        "seen_message_id": Message.objects.latest("pk").pk,
    }
    return forward(**{**fields, **more})


def leaves(message: Message) -> None:
    """The mail server takes it."""
    ours, _ = marks_of(message.conversation)
    OutboxItem.objects.filter(pk=message.outbox_item_id).update(
        state="sent", external_ids=[ours], tried_at=database_now(), sent_at=database_now()
    )


def test_what_is_chosen_goes_out_in_a_thread_of_its_own(agent: Agent, asked: Message) -> None:
    add_note(case_id=case_of(asked).pk, text="She is upset.", author=acts(agent), idempotency_key=new_uuid())
    first = answers(agent, case_of(asked), "We ask the carrier.")
    leaves(first)
    file = asked.attachments.get()
    message = forwards(agent, asked, first, files=[file.key])
    assert message.outbox_item
    out = unpack(message.outbox_item.payload)
    assert (out.target.person, out.copies, out.visibility) == (CARRIER, (), "private")
    assert out.text.startswith("Where is it, please?")
    assert out.text.index("Where is parcel 4711?") < out.text.index("We ask the carrier.")
    assert [one.sha256 for one in out.attachments] == [file.sha256]
    for secret in ("upset", CUSTOMER):
        assert secret not in out.text
    assert message.conversation.outside
    assert message.conversation_id != asked.conversation_id
    assert message.conversation.case_id == asked.conversation.case_id
    assert message.text[message.quote_from :].startswith("----------")


def test_the_customers_promise_runs_on_and_nothing_of_hers_moves(agent: Agent, asked: Message) -> None:
    before = (case_of(asked).status, case_of(asked).last_text, list(Clock.objects.values()))
    message = forwards(agent, asked)
    leaves(message)
    assert sent(message_key=message.key) is False
    assert (case_of(asked).status, case_of(asked).last_text, list(Clock.objects.values())) == before
    assert case_of(asked).assignee_id == agent.pk


def test_the_answer_comes_back_to_the_case_and_starts_nothing(channel: Channel, agent: Agent, asked: Message) -> None:
    message = forwards(agent, asked)
    leaves(message)
    resolve(case_id=case_of(asked).pk, actor=acts(agent))
    _, address = marks_of(message.conversation)
    mood = case_of(asked).contact.mood_value
    raw = a_mail("Lost. This is a disgrace, never call again!", From=f"Ann Carrier <{CARRIER}>", To=address)
    [answer] = deliver(channel, raw)
    case = case_of(asked)
    assert answer.conversation_id == message.conversation_id
    assert (case.status, case.last_text[:14]) == ("open", "From outside: ")
    assert Clock.objects.filter(stopped_at=None).count() == 0
    assert (case.contact.mood_value, case.contact_id == answer.conversation.contact_id) == (mood, False)
    [shown] = messages_shown(agent, [answer], at=database_now())
    assert (shown.outside, shown.reading, shown.pending) == ("Ann Carrier", None, False)
    while react_step():
        pass
    assert ledger.check().findings == []
    assert WorkItem.objects.filter(case=case, ended_at=None).exists()
    events = [journal_event(row) for row in fetch_all(f"SELECT {COLUMNS} FROM kernel_event ORDER BY id")]  # noqa: S608
    notice(events, at=database_now())
    assert Notice.objects.filter(agent=agent, kind="outside").count() == 1


def test_a_reply_to_the_customer_never_goes_outside_nor_the_other_way(
    channel: Channel, agent: Agent, asked: Message
) -> None:
    message = forwards(agent, asked)
    leaves(message)
    _, address = marks_of(message.conversation)
    deliver(channel, a_mail("It is in Gent.", From=CARRIER, To=address))
    customers, outside = ways_to_answer(agent, case_of(asked))
    assert (customers.outside, outside.outside) == (False, True)
    for way, person in ((customers, CUSTOMER), (outside, CARRIER)):
        newest = Message.objects.latest("pk").pk
        ours = answers(agent, case_of(asked), conversation=way.conversation, seen_message_id=newest)
        assert ours.outbox_item
        out = unpack(ours.outbox_item.payload)
        assert (out.target.person, out.copies) == (person, ())
    with pytest.raises(CannotCopyIn):
        copy_in(conversation_id=customers.conversation.pk, address=CARRIER, author=acts(agent))


def test_a_reply_outside_lets_the_case_wait_for_nobody(channel: Channel, agent: Agent, asked: Message) -> None:
    message = forwards(agent, asked)
    leaves(message)
    deliver(channel, a_mail("Which parcel?", From=CARRIER, To=marks_of(message.conversation)[1]))
    ours = answers(agent, case_of(asked), "4711", conversation=message.conversation)
    assert case_of(asked).status == "open"
    take_back(message_id=ours.pk, author=acts(agent))
    assert not Draft.objects.filter(kind="reply").exists()
    assert Draft.objects.get(kind="outside").text == "4711"


def test_what_waits_for_its_time_goes_back_to_the_words_for_outside(
    channel: Channel, agent: Agent, asked: Message
) -> None:
    message = forwards(agent, asked)
    leaves(message)
    deliver(channel, a_mail("Which parcel?", From=CARRIER, To=marks_of(message.conversation)[1]))
    Draft.objects.create(case=case_of(asked), agent=agent, kind="outside", text="4711", updated_at=database_now())
    held = send(
        case_id=case_of(asked).pk, conversation_id=message.conversation_id, author=acts(agent), text="4711",
        visibility=Visibility.PRIVATE, idempotency_key=new_uuid(), seen_message_id=Message.objects.latest("pk").pk,
        leaves_at=database_now() + timedelta(hours=1),
    )  # fmt: skip
    assert not Draft.objects.exists()
    take_held_back(key=held.key, author=acts(agent))
    assert [(draft.kind, draft.text) for draft in Draft.objects.all()] == [("outside", "4711")]


@pytest.mark.parametrize("claims", [{"References": "<first@mail.example>"}, {"Subject": "Re: Fwd: My SIM"}, {}])
def test_a_forged_stranger_joins_no_talk_outside(
    channel: Channel, agent: Agent, asked: Message, claims: dict[str, str]
) -> None:
    message = forwards(agent, asked)
    leaves(message)
    [strange] = deliver(channel, a_mail("Send it to me.", From="eve@evil.example", **claims))
    assert strange.conversation.case_id != asked.conversation.case_id


def test_somebody_with_the_carriers_address_code_waits_to_be_let_in(
    channel: Channel, agent: Agent, asked: Message
) -> None:
    message = forwards(agent, asked)
    resolve(case_id=case_of(asked).pk, actor=acts(agent))
    _, address = marks_of(message.conversation)
    [strange] = deliver(channel, a_mail("Pay here.", From="eve@evil.example", To=address))
    [shown] = messages_shown(agent, [strange], at=database_now())
    assert (strange.conversation_id, shown.pending) == (message.conversation_id, True)
    assert case_of(asked).status == "resolved"


def test_the_same_key_is_one_forward_and_the_same_person_one_thread(agent: Agent, asked: Message) -> None:
    key = new_uuid()
    first = forwards(agent, asked, idempotency_key=key)
    assert forwards(agent, asked, idempotency_key=key) == first
    again = forwards(agent, asked, text="Any news?")
    assert again.conversation_id == first.conversation_id
    assert OutboxItem.objects.count() == 2
    assert Participant.objects.filter(conversation=first.conversation).count() == 1


def test_something_newer_stops_it_unless_it_is_sent_all_the_same(
    channel: Channel, agent: Agent, asked: Message
) -> None:
    deliver(channel, a_mail("It has come!", References="<first@mail.example>"))
    with pytest.raises(NewerMessage):
        forwards(agent, asked, seen_message_id=asked.pk)
    assert forwards(agent, asked, seen_message_id=asked.pk, send_anyway=True)


def test_undo_keeps_the_words_and_a_send_in_doubt_is_settled(agent: Agent, asked: Message) -> None:
    message = forwards(agent, asked)
    take_back(message_id=message.pk, author=acts(agent))
    assert Draft.objects.get().kind == "forward"
    assert Draft.objects.get().text == "Where is it, please?"
    second = forwards(agent, asked)
    OutboxItem.objects.filter(pk=second.outbox_item_id).update(state="ambiguous", may_have_left=True)
    settle(message_id=second.pk, author=acts(agent), how=Settlement.IT_WAS_SENT)
    assert case_of(asked).status == "open"


def test_card_numbers_are_cut_and_what_must_not_go_does_not(channel: Channel, agent: Agent, asked: Message) -> None:
    Message.objects.filter(pk=asked.pk).update(text="My card 4111 1111 1111 1111")
    out = forwards(agent, asked, text="Hers is 5555 5555 5555 4444.")
    assert "4111 1111" not in out.text
    assert "5555 5555" not in out.text
    mail_channel("sales@plum.example", channel.inbox)
    for address in (CUSTOMER, "sales@plum.example", "care+x@plum.example", "nobody", "a@b.example, c@d.example"):
        with pytest.raises(CannotForward):
            forwards(agent, asked, address=address)
    with pytest.raises(CannotForward):
        forwards(agent, out)
    with pytest.raises(NothingWritten):
        forwards(agent, asked, text=" ")
    assert Conversation.objects.filter(outside=True).count() == 1
