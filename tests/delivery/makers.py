"""What the tests of the out-box and of answering start from, made by the real actions where there are any."""

from collections.abc import Sequence
from datetime import timedelta

from hark.channels.types import Outbound, Target
from hark.conversations.actions.leaving import parts_in
from hark.delivery import actions
from hark.delivery.models import OutboxItem
from hark.delivery.types import About, pack
from hark.kernel.ids import new_uuid, public_key
from hark.kernel.time import database_now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.actions.people import add_brand, add_inbox, add_team
from hark.organisation.models import Channel, Inbox
from hark.organisation.types import NewBrand, NewInbox


def an_inbox(name: str = "Care", **changes: object) -> Inbox:
    """An inbox with a brand and a team of its own."""
    brand = add_brand(brand=NewBrand(name=f"{name} brand"))
    inbox = NewInbox(name=name, **changes)  # type: ignore[arg-type]
    return add_inbox(inbox=inbox, brand=brand, teams=[add_team(name=f"{name} team")])


def a_channel(inbox: Inbox, account: str = "plum", venue: str = "shelf") -> Channel:
    """A connected account at the shelf."""
    return connect_channel(
        actor="test", venue=venue, external_id=account, name=f"@{account}", inbox=inbox, settings={}, secrets={}
    )


def a_long_item(channel: Channel, texts: Sequence[str], thread: str = "t1", *, in_seconds: float = 0) -> OutboxItem:
    """A reply that leaves as several posts; its last row, which stands for the whole."""
    key, about = new_uuid(), About(public_key("msg"), visitor="conv_x")
    whole = Outbound(id=key, target=Target(thread=thread, parent="q1"), visibility="private", text=" ".join(texts))
    return actions.enqueue_parts(
        channel_id=channel.pk,
        idempotency_key=key,
        thread=thread,
        inbox_id=channel.inbox_id,
        payloads=[pack(part, about) for part in parts_in(whole, texts)],
        not_before=database_now() + timedelta(seconds=in_seconds),
    )


def an_item(channel: Channel, text: str = "Hello", thread: str = "t1", *, in_seconds: float = 0) -> OutboxItem:
    """A reply in the out-box."""
    key = new_uuid()
    outbound = Outbound(id=key, target=Target(thread=thread), visibility="private", text=text)
    return actions.enqueue(
        channel_id=channel.pk,
        idempotency_key=key,
        thread=thread,
        inbox_id=channel.inbox_id,
        payload=pack(outbound, About(public_key("msg"), visitor="conv_x")),
        not_before=database_now() + timedelta(seconds=in_seconds),
    )
