"""Plum with one agent, a chat and a form; customers who write through the real in-box, an agent who answers."""

import json
from dataclasses import dataclass
from uuid import UUID, uuid4

from hark.channels.accounts import account_of
from hark.channels.registry import venue
from hark.channels.types import Accepted, Request
from hark.channels.webchat import mint
from hark.conversations.actions.reply import reply
from hark.conversations.models import Conversation, Message
from hark.conversations.types import Author
from hark.delivery.jobs import send_due
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.journey.jobs import drain_step
from hark.kernel.ids import public_key
from hark.kernel.time import now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.actions.people import add_agent
from hark.organisation.actions.set_up import set_up
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import NewBrand, NewInbox

SITES = ["https://shop.example", "http://localhost:8000"]


@dataclass
class Plum:
    """The organisation."""

    inbox: Inbox
    tessa: Agent
    chat: Channel
    form: Channel


def make_plum(*, undo_seconds: int = 0) -> Plum:
    """One brand, one inbox, one agent, two channels."""
    founded = set_up(
        organisation="Plum",
        owner_name="Ada Owner",
        owner_email="ada@plum.example",
        password="a sentence is easy to keep",
        brand=NewBrand(name="Plum", colour="#5b2a6e"),
        inbox=NewInbox(name="Care", undo_seconds=undo_seconds),
    )
    tessa = add_agent(name="Tessa Okonedo", email="tessa@plum.example", teams=[founded.team], password=None)
    chat = connect_channel(
        actor="test", venue="webchat", external_id="plum.example", name="Chat", inbox=founded.inbox,
        settings={"sites": SITES, "greeting": "Hello!"}, secrets={"identity": "i" * 43},
    )  # fmt: skip
    form = connect_channel(
        actor="test", venue="form", external_id="plum.example", name="Form", inbox=founded.inbox,
        settings={"sites": SITES, "title": "Write to Plum"}, secrets={},
    )  # fmt: skip
    return Plum(founded.inbox, tessa, chat, form)


def a_visitor(chat: Channel) -> tuple[str, str]:
    """A visitor's token and thread."""
    token, visitor = mint(account_of(chat), at=now())
    return token, visitor.conversation_thread


def say(chat: Channel, token: str, text: str = "", **act: str | list[str]) -> str:
    """A visitor posts a line, and the journey reads it; returns the line's id."""
    number = str(uuid4())
    post(chat, json.dumps({"id": number, "text": text, **act}).encode(), {"authorization": f"Bearer {token}"})
    return number


def post(channel: Channel, body: bytes, headers: dict[str, str]) -> Accepted:
    """A genuine call, stored as the front door stores it, and read."""
    verdict = venue(channel.venue).verify(account_of(channel), Request("POST", "/in/x", "", headers, body, now()))
    assert isinstance(verdict, Accepted), verdict
    arrival = NewArrival(verdict.dedupe_key, verdict.lane_key, verdict.headers, body, now())
    accept(channel_id=channel.pk, arrivals=[arrival])
    read_everything()
    return verdict


def read_everything() -> None:
    """The workers' part."""
    while drain_step(0, 1):
        pass


def answer(agent: Agent, channel: Channel, thread: str, text: str, *, send: bool = True) -> Message:
    """An agent answers in a thread; it leaves at once where the inbox has no time to undo."""
    conversation = Conversation.objects.get(channel=channel, thread_key=thread)
    assert conversation.case_id
    message = reply(
        case_id=conversation.case_id,
        conversation_id=conversation.pk,
        author=Author(agent.pk, agent.key, agent.name),
        text=text,
        visibility="private",
        idempotency_key=UUID(int=int.from_bytes(public_key("k").encode()[-12:])),
        seen_message_id=None,
        send_anyway=True,
    )
    while send and send_due():
        pass
    return message
