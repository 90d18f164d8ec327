"""A mail channel in the tests of the journey: mails come in as a page of the mailbox would bring them."""

from datetime import timedelta
from typing import Any

from hark.channels.accounts import account_of
from hark.conversations.models import Conversation, Message
from hark.delivery.models import OutboxItem
from hark.delivery.types import unpack
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.kernel.time import now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Channel, Inbox
from tests.journey.makers import make_inbox
from tests.journey.venue import drain

ADDRESS = "care@plum.example"


def mail_channel(address: str = ADDRESS, inbox: Inbox | None = None, **more: Any) -> Channel:
    """A mailbox that can send."""
    return connect_channel(
        actor="system",
        venue="email",
        external_id=address,
        name=address,
        inbox=inbox or make_inbox(),
        settings={"address": address, "incoming": "pipe", "smtp_host": "127.0.0.1", **more},
        secrets={"password": "made-up"},
        connected_at=now() - timedelta(days=1),
    )


def deliver(channel: Channel, *mails: bytes, **headers: str) -> list[Message]:
    """These mails come in and are read; the messages they became, or were already, in their order."""
    before = set(Message.objects.values_list("pk", flat=True))
    for raw in mails:
        accept(channel_id=channel.pk, arrivals=[NewArrival("", "", headers, raw, now())])
    drain()
    return list(Message.objects.exclude(pk__in=before).order_by("pk"))


def marks_of(conversation: Conversation) -> tuple[str, str]:
    """Message-ID and reply address of the last reply in a conversation, as its recipient sees them."""
    from hark.channels.email.tokens import reply_address
    from hark.channels.registry import venue

    item = OutboxItem.objects.filter(channel=conversation.channel_id).order_by("-pk")[0]
    outbound, account = unpack(item.payload), account_of(conversation.channel)
    message_id = venue("email").marks(account, outbound)[0]
    return message_id, reply_address(account, outbound.target.thread, outbound.target.person)
