"""The whole way through Hark for proofs against real servers: a channel is read, a case is answered, replies leave."""

from collections.abc import Callable
from typing import Any

from hark.conversations.models import Message
from hark.delivery.jobs import send_due
from hark.intake.actions import polling
from hark.intake.models import Poller
from hark.intake.pollers import read
from hark.journey.jobs import react_step
from hark.kernel.time import monotonic, sleep
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Channel
from tests.journey.makers import make_inbox
from tests.journey.venue import drain

SECONDS = 180.0


def connected(venue: str, external_id: str, settings: dict[str, Any], secrets: dict[str, str]) -> Channel:
    """A channel without undo time, which begins with what comes from now on."""
    inbox = make_inbox(f"Inbox of {external_id}")
    type(inbox).objects.filter(pk=inbox.pk).update(undo_seconds=0)
    channel = connect_channel(
        actor="system",
        venue=venue,
        external_id=external_id,
        name=external_id,
        inbox=inbox,
        settings=settings,
        secrets=secrets,
    )
    look(channel)
    return channel


def look(channel: Channel) -> None:
    """One page, as the loop reads it, and what follows from it."""
    Poller.objects.update(not_before=None, lease_until=None)
    reader = polling.take_channel([channel.pk])
    assert reader
    read(reader, lambda: True)
    assert Poller.objects.get(channel=channel).problem == ""
    drain()


def until(wanted: Callable[[], Any], meanwhile: Callable[[], Any] = lambda: None) -> Any:
    """Look until there is something."""
    end = monotonic() + SECONDS
    while not (found := wanted()):
        assert monotonic() < end, "it did not come"
        meanwhile()
        sleep(0.05)
    return found


def arrived(channel: Channel, text: str) -> Message:
    """Read the channel until this has come in."""
    there = Message.objects.filter(channel=channel, direction="in", text=text)
    found: Message = until(there.first, lambda: look(channel))
    return found


def settle() -> None:
    """Replies leave, and what follows from that happens."""
    while react_step() or send_due():
        pass
