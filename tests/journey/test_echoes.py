"""Our replies come back as echoes and receipts: matched with the out-box, never a second message."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from hark.channels.testing.stand_in import StandIn
from hark.conversations.actions.reply import reply
from hark.conversations.models import Case, Clock, Conversation, Message
from hark.conversations.types import Author, Status, Visibility
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.intake.models import Arrival
from hark.journey.jobs import react_step
from hark.journey.reacting import READER
from hark.kernel.actions import move_reader
from hark.kernel.ids import new_uuid
from hark.kernel.queries import newest_position
from hark.kernel.time import now
from hark.organisation.models import Channel, Inbox
from hark.organisation.types import Role
from hark.routing.models import WorkItem
from tests.journey.makers import make_agent, make_channel, make_inbox
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db(transaction=True)  # reactions see only what is committed


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    """A channel at a running stand-in, with one question in it, and no undo time."""
    move_reader(name=READER, position=newest_position())
    with StandIn(tmp_path / "venue.jsonl") as venue, override_settings(HARK_ALLOWED_NETWORKS=[venue.place]):
        inbox = make_inbox()
        Inbox.objects.filter(pk=inbox.pk).update(undo_seconds=0)
        channel = make_channel(inbox, base_url=venue.base_url("acct"))
        arrive(channel, direct(1))
        drain()
        yield channel


def write(text: str = "Please restart it.") -> OutboxItem:
    """An agent answers the case."""
    agent, case = make_agent(role=Role.OWNER), Case.objects.get()
    message = reply(
        case_id=case.pk, conversation_id=Conversation.objects.get().pk, author=Author(agent.pk, agent.key, agent.name),
        text=text, visibility=Visibility.PRIVATE, idempotency_key=new_uuid(), seen_message_id=None, send_anyway=True,
    )  # fmt: skip
    assert message.outbox_item
    return message.outbox_item


def echo(number: str, text: str = "Please restart it.", **more: Any) -> dict[str, Any]:
    """Our own post, as the venue reports it."""
    return direct(number, id=number, author={"id": "self"}, text=text, **more)


def react() -> None:
    while react_step():
        pass


def outcome() -> str:
    return Arrival.objects.order_by("-id")[0].outcome


def test_reply_that_was_sent_stops_the_clock_ends_the_work_and_its_echo_changes_nothing(channel: Channel) -> None:
    item = write()
    react()
    assert Clock.objects.get().stopped_at is None  # written is not sent
    while send_due():
        pass
    react()
    item.refresh_from_db()
    assert Clock.objects.get().stopped_at == item.sent_at
    assert WorkItem.objects.get().state == "done"
    ours = Message.objects.get(direction="out")
    assert ours.external_id == item.external_ids[0]
    arrive(channel, echo(item.external_ids[0]), echo(item.external_ids[0], client_ref=str(item.idempotency_key)))
    drain()
    assert outcome() == "echo"
    assert Message.objects.count() == 2
    assert Case.objects.get().status == Status.WAITING


@pytest.mark.parametrize("told_by", ["client reference", "words"])
def test_echo_settles_a_reply_whose_fate_was_unknown(channel: Channel, told_by: str) -> None:
    item = write()
    OutboxItem.objects.update(state="ambiguous", may_have_left=True, tried_at=now())
    more = {"client_ref": str(item.idempotency_key)} if told_by == "client reference" else {}
    arrive(channel, echo("sim-1", **more))
    drain()
    react()
    item.refresh_from_db()
    assert (outcome(), item.state, item.external_ids) == ("echo", "sent", ["sim-1"])
    assert Message.objects.get(direction="out").external_id == "sim-1"
    assert Clock.objects.get().stopped_at is not None


def test_answer_in_the_venues_own_app_is_no_reply_of_ours(channel: Channel) -> None:
    item = write("Something else.")
    arrive(channel, echo("own-1", text="I have answered on my phone."))
    drain()
    react()
    item.refresh_from_db()
    assert (outcome(), item.state) == ("native", "queued")
    assert Message.objects.get(native=True).text == "I have answered on my phone."
    assert Clock.objects.get().stopped_at is not None


def test_receipts_travel_with_the_reply_and_never_go_back(channel: Channel) -> None:
    item = write()
    while send_due():
        pass
    number = OutboxItem.objects.get().external_ids[0]
    for state in ("delivered", "read", "delivered"):
        arrive(channel, direct(f"r-{state}", type="receipt", of=number, state=state), key=str(new_uuid()))
        drain()
    assert outcome() == "receipt"
    assert OutboxItem.objects.get(pk=item.pk).receipt_state == "read"
    assert Message.objects.count() == 2


def test_reply_that_the_venue_refuses_gives_the_case_back(channel: Channel) -> None:
    write()
    Channel.objects.filter(pk=channel.pk).update(settings={**channel.settings, "base_url": "http://203.0.113.1/none"})
    while send_due():
        pass
    react()
    assert OutboxItem.objects.get().state == "refused"
    assert Case.objects.get().status == Status.OPEN
    assert WorkItem.objects.filter(state="queued").count() == 1


def test_edit_of_an_answer_from_before_we_read_is_no_customer_s_message(channel: Channel) -> None:
    before = Message.objects.count(), Case.objects.count()
    arrive(channel, direct("e9", who="self", type="edit", of="older than the channel", text="Better words."))
    drain()
    assert Arrival.objects.latest("pk").outcome == "foreign"
    assert (Message.objects.count(), Case.objects.count()) == before
