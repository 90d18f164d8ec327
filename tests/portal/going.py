"""Plum with a mailbox in another inbox, a visitor who leaves an address and goes, and the mail that follows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from django.http import HttpResponse
from django.test import Client, override_settings

from hark.conversations.actions.going_on import go_on_by_mail
from hark.conversations.models import LeftAddress, Message
from hark.delivery.jobs import send_due
from hark.journey.reactions import REACTIONS
from hark.kernel.time import database_now
from hark.kernel.types import JournalEvent, Position
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Channel
from tests.channels.mail_stand_in import PASSWORD, WHO, MailServers, mail_servers
from tests.journey.makers import make_inbox
from tests.portal.makers import Plum, a_visitor, answer, say

MIA = "mia@mail.example"


@dataclass
class Talk:
    """A visitor of Plum's chat, and the mail servers of its mailbox."""

    plum: Plum
    mailbox: Channel
    servers: MailServers
    token: str
    thread: str

    def post(self, what: str, **said: str) -> HttpResponse:
        """The visitor's page posts this."""
        address, bearer = f"/chat/{self.plum.chat.key}/{what}", {"authorization": f"Bearer {self.token}"}
        return Client().post(address, json.dumps(said), "application/json", headers=bearer)

    def looks(self, *, open_: bool = True) -> dict[str, Any]:
        """The visitor's page asks for the talk."""
        address, bearer = f"/chat/{self.plum.chat.key}/messages", {"authorization": f"Bearer {self.token}"}
        told: dict[str, Any] = Client().get(address, {"open": "1"} if open_ else {}, headers=bearer).json()
        return told

    def says(self, text: str) -> None:
        """The visitor writes."""
        say(self.plum.chat, self.token, text)

    def answers(self, text: str) -> Message:
        """Tessa answers, and what follows from that happens."""
        message = answer(self.plum.tessa, self.plum.chat, self.thread, text)
        react(message)
        return message

    def goes(self, minutes: int = 3) -> None:
        """So many minutes pass in which nobody looks at the chat."""
        left = LeftAddress.objects.get(conversation__thread_key=self.thread)
        left.here_at -= timedelta(minutes=minutes)
        left.due_at = left.due_at and left.due_at - timedelta(minutes=minutes)
        left.save()

    def works(self) -> list[EmailMessage]:
        """The workers do what is due; the mails that have left since the last time."""
        before, newest = len(self.servers.sent), Message.objects.latest("pk").pk
        while go_on_by_mail(at=database_now()):
            pass
        while send_due():
            pass
        for message in Message.objects.filter(pk__gt=newest, automatic=True):
            react(message)
        return [cast("EmailMessage", message_from_bytes(raw, policy=default)) for *_, raw in self.servers.sent[before:]]


@contextmanager
def a_talk(plum: Plum, **settings: Any) -> Iterator[Talk]:
    """A visitor has said hello in a chat that goes on by a mailbox."""
    with mail_servers() as servers, override_settings(HARK_ALLOWED_NETWORKS=servers.allowed):
        mailbox = connect_channel(
            actor="test", venue="email", external_id=WHO, name=WHO, inbox=make_inbox("Mail"),
            settings=servers.settings(incoming="pipe", from_name="Plum Care"), secrets={"password": PASSWORD},
        )  # fmt: skip
        plum.chat.settings = {**plum.chat.settings, "mailbox": mailbox.key, **settings}
        plum.chat.save()
        talk = Talk(plum, mailbox, servers, *a_visitor(plum.chat))
        talk.says("My SIM will not activate.")
        yield talk


def react(message: Message) -> None:
    """The reactions to a message that has left; the journal itself is read after a commit only."""
    case = message.conversation.case
    data = {"message": message.key}
    subject = case.key if case else ""
    event = JournalEvent(Position(0, 0), database_now(), "message.sent", subject, "system", None, None, "", data)
    for reaction in REACTIONS["message.sent"]:
        reaction(event)
