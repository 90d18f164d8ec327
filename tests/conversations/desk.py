"""A desk to answer at, made by the real actions: agents, people who write, and what agents do."""

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hark.contacts.actions import recognise
from hark.contacts.types import SeenAuthor
from hark.conversations.actions.reply import reply
from hark.conversations.actions.thread import thread
from hark.conversations.models import Case, Conversation, Message
from hark.conversations.types import Author, IncomingMessage, ThreadedMessage, Visibility
from hark.kernel.ids import new_uuid
from hark.kernel.time import database_now
from hark.organisation.actions.people import add_agent
from hark.organisation.models import Agent, Channel, Inbox
from hark.organisation.types import Role
from tests.journey.makers import make_reading

numbers = count(1)


def an_agent(name: str, *inboxes: Inbox, role: Role = Role.AGENT) -> Agent:
    """An agent in the teams of these inboxes."""
    teams = [team for inbox in inboxes for team in inbox.teams.all()]
    return add_agent(name=name, email=f"{name}.{next(numbers)}@plum.example".lower(), role=role, teams=teams)


def acts(agent: Agent) -> Author:
    """The agent as the one who acts."""
    return Author(agent.pk, agent.key, agent.name)


def a_post(
    channel: Channel, text: str = "It does not work.", *, who: str = "maud", ago: float = 5, **more: Any
) -> IncomingMessage:
    """A private message of somebody, written `ago` minutes ago, that opens a case unless `case_reason` is empty."""
    [author] = recognise([SeenAuthor("shelf", "", who, handle=f"@{who}", name=who.capitalize())])
    number = next(numbers)
    when = database_now() - timedelta(minutes=ago)
    fields: dict[str, Any] = {
        "arrival_id": None,
        "channel_id": channel.pk,
        "inbox_id": channel.inbox_id,
        "external_id": f"x{number}",
        "thread_id": f"t-{who}",
        "identity_id": author.identity_id,
        "contact_id": author.contact_id,
        "visibility": Visibility.PRIVATE,
        "kind": "direct",
        "text": text,
        "sent_at": when,
        "received_at": when,
        "case_reason": "Private message",
        "reading": make_reading(),
    }
    return IncomingMessage(**{**fields, **more})


def said(channel: Channel, text: str = "It does not work.", **more: Any) -> ThreadedMessage:
    """Somebody writes; the message is threaded."""
    [told] = thread([a_post(channel, text, **more)])
    return told


def a_case(channel: Channel, text: str = "It does not work.", **more: Any) -> Case:
    """Somebody writes, and a case opens or goes on."""
    return Case.objects.get(pk=said(channel, text, **more).case_id)


def answers(agent: Agent, case: Case, text: str = "We look at it.", **more: Any) -> Message:
    """An agent answers where the customer wrote last, having seen everything; `more` changes what the page sends."""
    conversation = more.pop("conversation", None) or Conversation.objects.filter(case=case).latest("last_inbound_at")
    newest = conversation.messages.order_by("-id").first()
    key: UUID = more.pop("idempotency_key", None) or new_uuid()
    return reply(
        **{
            "case_id": case.pk,
            "conversation_id": conversation.pk,
            "author": acts(agent),
            "text": text,
            "visibility": Visibility.PRIVATE,
            "idempotency_key": key,
            "seen_message_id": newest.pk if newest else None,
            **more,
        }
    )
