"""Several people in one mail conversation: named, copied in, answered, let in; each with an identity of his own."""

import pytest

from hark.conversations.actions.participants import copy_in, stop_copying
from hark.conversations.errors import CannotCopyIn
from hark.conversations.models import Message, Participant
from hark.conversations.queries.people import talks_of
from hark.conversations.queries.writing import ways_to_answer
from hark.delivery.models import OutboxItem
from hark.delivery.types import unpack
from hark.kernel.errors import NotAllowed, NotFound
from hark.organisation.models import Agent, Channel
from hark.organisation.types import Role
from tests.channels.mails import CUSTOMER, a_mail
from tests.conversations.desk import acts, an_agent, answers
from tests.journey.mail import ADDRESS, deliver, mail_channel, marks_of

pytestmark = pytest.mark.django_db
BRAM = "bram@mail.example"


@pytest.fixture
def channel() -> Channel:
    return mail_channel()


@pytest.fixture
def agent() -> Agent:
    return an_agent("Tessa", role=Role.SUPERVISOR)


@pytest.fixture
def asked(channel: Channel) -> Message:
    """A customer's mail, with somebody else in Cc."""
    cc = f"Bram Soetaert <{BRAM}>, {ADDRESS}, care+abc@plum.example"
    [message] = deliver(channel, a_mail(Message_ID="<first@mail.example>", Cc=cc))
    return message


def roles(agent: Agent, message: Message) -> list[tuple[str, str]]:
    assert message.conversation.case
    [talk] = talks_of(agent, message.conversation.case)
    return [(one.address, one.role) for one in talk.people]


def sent_to(agent: Agent, message: Message) -> tuple[str, tuple[str, ...]]:
    """Who gets a reply that is written now, and who a copy."""
    assert message.conversation.case
    newest = Message.objects.latest("pk").pk
    answers(agent, message.conversation.case, conversation=message.conversation, seen_message_id=newest)
    out = unpack(OutboxItem.objects.latest("pk").payload)
    return out.target.person, out.copies


def test_whom_a_mail_only_names_gets_nothing_until_an_agent_says_so(agent: Agent, asked: Message) -> None:
    assert roles(agent, asked) == [(CUSTOMER, "part"), (BRAM, "named")]
    assert sent_to(agent, asked) == (CUSTOMER, ())
    copy_in(conversation_id=asked.conversation_id, address=BRAM, name="Bram Soetaert", author=acts(agent))
    assert roles(agent, asked) == [(CUSTOMER, "copied"), (BRAM, "copied")]
    assert asked.conversation.case
    assert ways_to_answer(agent, asked.conversation.case)[0].copies == (BRAM,)
    assert sent_to(agent, asked) == (CUSTOMER, (BRAM,))


def test_who_was_copied_in_answers_in_the_same_talk_and_the_others_hear_of_it(
    channel: Channel, agent: Agent, asked: Message
) -> None:
    copy_in(conversation_id=asked.conversation_id, address=BRAM, author=acts(agent))
    sent_to(agent, asked)
    _, address = marks_of(asked.conversation)
    [his] = deliver(channel, a_mail("I have the same trouble.", From=f"Bram Soetaert <{BRAM}>", To=address))
    assert his.conversation_id == asked.conversation_id
    assert not Participant.objects.filter(pending=True).exists()
    assert his.identity
    assert asked.identity
    assert his.identity.contact_id != asked.identity.contact_id
    assert sent_to(agent, asked) == (BRAM, (CUSTOMER,))
    bram = Participant.objects.get(identity__key=BRAM)
    stop_copying(conversation_id=asked.conversation_id, participant_id=bram.pk, author=acts(agent))
    [hers] = deliver(channel, a_mail("And now?", References="<first@mail.example>"))
    assert hers.conversation_id == asked.conversation_id
    assert sent_to(agent, asked) == (CUSTOMER, ())


def test_a_pending_person_is_let_in_by_being_copied_in(channel: Channel, agent: Agent, asked: Message) -> None:
    sent_to(agent, asked)
    deliver(channel, a_mail("I am her lawyer.", From="lawyer@law.example", To=marks_of(asked.conversation)[1]))
    assert ("lawyer@law.example", "pending") in roles(agent, asked)
    assert sent_to(agent, asked)[1] == ()
    copy_in(conversation_id=asked.conversation_id, address=" Lawyer@law.example ", author=acts(agent))
    assert ("lawyer@law.example", "copied") in roles(agent, asked)


def test_only_who_answers_may_and_only_people_may_be_copied_in(agent: Agent, asked: Message) -> None:
    for address in ("", "no address", ADDRESS, "care+x@plum.example", "a@b.example, c@d.example"):
        with pytest.raises(CannotCopyIn):
            copy_in(conversation_id=asked.conversation_id, address=address, author=acts(agent))
    light, elsewhere = an_agent("Lia", role=Role.LIGHT_AGENT), an_agent("Sven")
    with pytest.raises(NotAllowed):
        copy_in(conversation_id=asked.conversation_id, address=BRAM, author=acts(light))
    with pytest.raises(NotFound):
        copy_in(conversation_id=asked.conversation_id, address=BRAM, author=acts(elsewhere))
    with pytest.raises(NotFound):
        stop_copying(conversation_id=asked.conversation_id, participant_id=0, author=acts(agent))
