"""A visitor's chat window hears of his own conversation and learns nothing about the house."""

import pytest

from hark.channels.accounts import account_of
from hark.channels.webchat import mint
from hark.contacts.models import Contact
from hark.conversations.models import Conversation
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.organisation.models import Channel
from tests.intake.running import make_channel, make_inbox, until
from tests.live.conftest import Listen
from tests.live.listening import Listener, happen, make_agent

pytestmark = pytest.mark.django_db(transaction=True)


def arrive(channel: Channel) -> tuple[str, str]:
    """A visitor's token and id."""
    token, visitor = mint(account_of(channel), at=database_now())
    return token, visitor.id


def talk(channel: Channel, visitor: str) -> Conversation:
    """The visitor has written."""
    contact = Contact.objects.create(key=public_key("contact"), name="", created_at=database_now())
    return Conversation.objects.create(key=public_key("conv"), channel=channel, thread_key=visitor, contact=contact)


def chat(listen: Listen, channel: Channel, token: str) -> Listener:
    """An open chat window."""
    return listen(headers={"authorization": f"Bearer {token}"}, path=f"/chat/{channel.key}/live")


def test_visitor_hears_of_his_own_conversation_only(listen: Listen) -> None:
    inbox, team = make_inbox()
    channel = make_channel("webchat", inbox)
    (token, visitor), (_, other) = arrive(channel), arrive(channel)
    mine, foreign = talk(channel, visitor), talk(channel, other)
    window, ann = chat(listen, channel, token), listen(make_agent("ann", team))
    told = {"message": "msg_1", "state": "sent", "case": "case_1", "reason": "secret"}
    happen("case_2", inbox, kind="message.sent", visitor=foreign.key, data=told)
    happen("case_1", inbox, kind="case.assigned", data=told)
    happen("case_1", inbox, kind="message.sent", visitor=mine.key, data=told)
    until(lambda: len(ann.heard()) == 3)
    until(window.heard)
    (event,) = window.events
    at = event.data.pop("at")
    assert at
    assert event.data == {"kind": "message.sent", "subject": mine.key, "data": {"message": "msg_1", "state": "sent"}}


def test_first_message_of_a_visitor_opens_his_stream(listen: Listen) -> None:
    channel = make_channel("webchat")
    token, visitor = arrive(channel)
    window = chat(listen, channel, token)
    assert window.status == 200
    conversation = talk(channel, visitor)
    until(lambda: window.named("reload"), seconds=5)
    happen("case_1", channel.inbox, visitor=conversation.key)
    until(window.heard)


def test_visitor_who_comes_back_gets_what_he_missed(listen: Listen) -> None:
    channel = make_channel("webchat")
    token, visitor = arrive(channel)
    conversation = talk(channel, visitor)
    window = chat(listen, channel, token)
    window.close()
    happen("case_1", channel.inbox, visitor=conversation.key)
    happen("case_1", channel.inbox)
    again = listen(
        headers={"authorization": f"Bearer {token}", "last-event-id": window.last_id}, path=f"/chat/{channel.key}/live"
    )
    until(again.heard)
    assert again.heard() == [conversation.key]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y", "Basic abc", "Bearer \x00", "Bearer " + "a" * 9_000])
def test_wrong_token_and_unknown_channel_are_refused_alike(listen: Listen, header: str) -> None:
    channel = make_channel("webchat")
    refused = [
        listen(headers={"authorization": header}, path=f"/chat/{key}/live") for key in (channel.key, "chan_nowhere")
    ]
    assert refused[0].status == refused[1].status
    assert refused[0].status in {400, 401}


def test_token_of_another_channel_opens_nothing(listen: Listen) -> None:
    channel = make_channel("webchat")
    other = make_channel("webchat", channel.inbox)
    token, _ = arrive(other)
    assert chat(listen, channel, token).status == 401
    assert chat(listen, make_channel("bell", channel.inbox), token).status == 401


def test_token_that_ends_closes_the_window(listen: Listen) -> None:
    channel = make_channel("webchat")
    token, _ = arrive(channel)
    window = chat(listen, channel, token)
    channel.delete()
    until(lambda: window.ended, seconds=5)
    assert window.named("closed")
