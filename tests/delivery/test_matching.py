"""Our own messages coming back: which reply was it, and how far did it get?"""

from datetime import timedelta

import pytest

from hark.channels.errors import Ambiguous
from hark.channels.registry import register_for_tests
from hark.channels.types import Receipt
from hark.delivery import actions
from hark.delivery.actions import leases, outcomes
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.queries import delivery_words
from hark.delivery.types import OutboxState
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.models import Channel
from tests.delivery.makers import a_channel, an_item
from tests.delivery.shelf import Shelf

pytestmark = pytest.mark.django_db


def echo(channel: Channel, **said: str) -> OutboxItem | None:
    return actions.match_echo(
        channel_id=channel.pk, **{"client_ref": "", "external_id": "", "thread": "", "text": "", **said}
    )


def test_echo_is_matched_by_reference_then_by_id(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel)
    send_due()
    assert echo(channel, client_ref=str(item.idempotency_key), external_id="part-2") == item
    assert echo(channel, external_id=f"shelf-{item.idempotency_key}") == item
    assert echo(channel, external_id="part-2") == item
    assert echo(channel, external_id="unheard") is None
    assert echo(channel, client_ref="not a uuid") is None
    assert Event.objects.filter(kind="message.sent").count() == 1


def test_echo_by_text_is_matched_in_its_thread_within_ten_minutes_and_once(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.append(Ambiguous())
    item = an_item(channel, "Two  words", "t1")
    send_due()
    said = {"thread": "t1", "text": "Two words", "external_id": "e1"}
    assert echo(channel, **{**said, "thread": "t2"}) is None
    long_ago = database_now() - timedelta(minutes=11)
    assert actions.match_echo(channel_id=channel.pk, client_ref="", at=long_ago, **said) is None
    assert echo(channel, **said) == item
    item.refresh_from_db()
    assert (item.state, item.external_ids) == (OutboxState.SENT, ["e1"])
    assert echo(channel, **{**said, "external_id": "e2"}) is None, "the same words again were written at the venue"


def test_lease_is_as_long_as_files_take_on_a_slow_line(shelf: Shelf, channel: Channel) -> None:
    for thread, size in (("plain", 0), ("files", 20_000_000)):
        item = an_item(channel, thread=thread)
        item.payload["attachments"] = [{"sha256": "0" * 64, "name": "a", "mime": "x/y", "size": size}] * bool(size)
        item.save(update_fields=["payload"])
    at = database_now()
    leased = {item.thread: (item.lease_until - at).total_seconds() for item in (leases.claim(), leases.claim()) if item}
    assert 29 < leased["plain"] < 60
    assert 229 < leased["files"] < 260


def test_echo_never_settles_a_reply_that_was_not_tried(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel, in_seconds=15)
    assert echo(channel, client_ref=str(item.idempotency_key)) is None
    assert echo(channel, thread="t1", text="Hello") is None


def test_echo_of_another_channel_is_not_ours(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel)
    send_due()
    other = a_channel(channel.inbox, "other")
    assert echo(other, client_ref=str(item.idempotency_key)) is None


def test_echo_that_is_quicker_than_the_answer_loses_nothing(shelf: Shelf, channel: Channel) -> None:
    an_item(channel)
    leased = leases.claim()
    assert leased is not None
    echo(channel, client_ref=str(leased.idempotency_key), external_id="e1")
    assert outcomes.sent(leased, Receipt(("e1", "e2"), permalink="https://shelf.example/e1"))
    leased.refresh_from_db()
    assert (leased.external_ids, leased.permalink) == (["e1", "e2"], "https://shelf.example/e1")
    assert Event.objects.filter(kind="message.sent").count() == 1


def test_receipts_go_forward_only(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel)
    send_due()
    external_id = f"shelf-{item.idempotency_key}"
    for state in ("delivered", "read", "delivered", "sent"):
        assert actions.record_receipt(channel_id=channel.pk, external_id=external_id, state=state) == item
    item.refresh_from_db()
    assert delivery_words(item, channel_state="active", at=database_now()).words == "Read"
    assert [event.data["state"] for event in Event.objects.filter(kind="message.state").order_by("id")][-2:] == [
        "delivered",
        "read",
    ]
    assert actions.record_receipt(channel_id=channel.pk, external_id="unheard", state="read") is None


def test_receipt_of_failure_stands_red(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel)
    send_due()
    actions.record_receipt(channel_id=channel.pk, external_id=f"shelf-{item.idempotency_key}", state="failed")
    item.refresh_from_db()
    shown = delivery_words(item, channel_state="active", at=database_now())
    assert (shown.state, shown.bad) == ("not_delivered", True)


def test_receipt_settles_a_reply_in_doubt(channel: Channel) -> None:
    venue = Shelf(echo=True)
    venue.fails.append(Ambiguous())
    with register_for_tests(venue):
        item = an_item(channel)
        send_due()
        key = str(item.idempotency_key)
        actions.record_receipt(channel_id=channel.pk, external_id="x1", state="delivered", client_ref=key)
    item.refresh_from_db()
    assert (item.state, item.receipt_state, item.external_ids) == (OutboxState.SENT, "delivered", ["x1"])
