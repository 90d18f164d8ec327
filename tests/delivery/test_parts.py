"""A long reply leaves as several posts: in order, each once, and whoever wrote it sees how far it has come."""

import pytest

from hark.channels.errors import Refused, Retry
from hark.channels.registry import register_for_tests
from hark.delivery import actions
from hark.delivery.actions import leases
from hark.delivery.jobs import send_due
from hark.delivery.models import OutboxItem
from hark.delivery.queries import delivery_words, parts_of
from hark.delivery.types import DeliveryWords, OutboxState, Settlement, part_key
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.models import Channel
from tests.delivery.makers import a_long_item, an_item
from tests.delivery.shelf import TAKEN_BUT_SILENT, Shelf
from tests.delivery.test_sending import send_all, time_passes

pytestmark = pytest.mark.django_db
THREE = ("1/3 One.", "2/3 Two.", "3/3 Three.")


def rows(whole: OutboxItem) -> list[OutboxItem]:
    return parts_of([whole])[whole.reply]


def states(whole: OutboxItem) -> list[str]:
    return [row.state for row in rows(whole)]


def said(whole: OutboxItem) -> DeliveryWords:
    whole.refresh_from_db()
    return delivery_words(whole, channel_state="active", at=database_now(), parts=rows(whole))


def told() -> list[tuple[str, str, int]]:
    events = Event.objects.filter(kind__startswith="message.").exclude(data__state="sending").order_by("id")
    return [(event.kind, event.data["state"], event.data["part"]) for event in events]


def test_parts_leave_in_order_each_under_a_key_of_its_own(shelf: Shelf, channel: Channel) -> None:
    whole = a_long_item(channel, THREE)
    send_all()
    assert shelf.texts == list(THREE)
    assert len({each.id for each in shelf.taken}) == 3
    assert [(each.part, each.parts) for each in shelf.taken] == [(1, 3), (2, 3), (3, 3)]
    assert shelf.taken[-1].id == whole.idempotency_key == whole.reply
    assert told() == [("message.state", "sent", 1), ("message.state", "sent", 2), ("message.sent", "sent", 3)]
    assert said(whole).words == "Sent"


def test_keys_of_parts_are_the_same_each_time_they_are_asked_for(channel: Channel) -> None:
    whole = a_long_item(channel, THREE)
    assert whole.reply is not None
    assert [row.idempotency_key for row in rows(whole)] == [part_key(whole.reply, part, 3) for part in (1, 2, 3)]


@pytest.mark.parametrize("threaded", [True, False])
def test_each_part_answers_the_one_before_where_the_venue_threads(channel: Channel, *, threaded: bool) -> None:
    venue = Shelf(threaded=threaded)
    with register_for_tests(venue):
        a_long_item(channel, THREE)
        send_all()
    first, second, third = venue.taken
    chain = [f"shelf-{first.id}", f"shelf-{second.id}"] if threaded else ["q1", "q1"]
    assert [each.target.parent for each in (first, second, third)] == ["q1", *chain]


def test_a_part_waits_until_the_one_before_is_accepted(shelf: Shelf, channel: Channel) -> None:
    a_long_item(channel, THREE)
    assert leases.claim() is not None
    assert leases.claim() is None
    assert not send_due()


def test_a_part_that_must_wait_is_tried_again_and_nothing_passes_it(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.extend([None, Retry()])
    whole = a_long_item(channel, THREE)
    an_item(channel, "later")
    send_all()
    assert shelf.texts == ["1/3 One."]
    assert "The customer has part 1 of 3. Part 2: not sent yet" in said(whole).words
    time_passes(minutes=5)
    send_all()
    assert shelf.texts == [*THREE, "later"]
    assert [each.id for each in shelf.attempts].count(shelf.taken[1].id) == 2, "the same key"


def test_a_refused_part_says_what_the_customer_has_and_holds_back_nobody(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.extend([None, Refused("no", "Too rude.")])
    whole = a_long_item(channel, THREE)
    an_item(channel, "later")
    send_all()
    assert shelf.texts == ["1/3 One.", "later"]
    words = said(whole)
    assert words.words == "The customer has part 1 of 3. Part 2: refused: Too rude."
    assert (words.bad, words.acts) == (True, ("send_again", "drop"))
    assert [(part.part, part.words) for part in words.parts] == [
        (1, "Sent"),
        (2, "Refused: Too rude."),
        (3, "Waits for the one before"),
    ]


def test_sending_the_rest_repeats_nothing_that_has_left(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.extend([None, Refused("no", "Too rude.")])
    whole = a_long_item(channel, THREE)
    send_all()
    actions.settle(item_id=whole.pk, how=Settlement.SEND_AGAIN, actor="agent_x")
    send_all()
    assert shelf.texts == list(THREE)
    assert set(states(whole)) == {OutboxState.SENT}


def test_leaving_the_rest_gives_up_all_that_has_not_left(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.extend([None, Refused("no", "Too rude.")])
    whole = a_long_item(channel, THREE)
    send_all()
    actions.settle(item_id=whole.pk, how=Settlement.DROP, actor="agent_x")
    send_all()
    assert shelf.texts == ["1/3 One."]
    assert states(whole) == ["sent", "cancelled", "cancelled"]
    assert said(whole).words == "Left alone; the customer has part 1 of 3"
    assert ("message.sent", "sent", 3) not in told()


def test_a_part_in_doubt_is_never_repeated_and_stops_those_behind_it(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.extend([None, TAKEN_BUT_SILENT])
    whole = a_long_item(channel, THREE)
    send_all()
    time_passes(hours=2)
    send_all()
    assert shelf.texts == ["1/3 One.", "2/3 Two."]
    assert said(whole).words.startswith("The customer has part 1 of 3. Part 2: this may have been sent")
    actions.settle(item_id=whole.pk, how=Settlement.IT_WAS_SENT, actor="agent_x")
    send_all()
    assert shelf.texts == list(THREE)


def test_an_echo_settles_the_part_that_it_is_and_the_rest_goes_on(channel: Channel) -> None:
    venue = Shelf(echo=True)
    with register_for_tests(venue):
        whole = a_long_item(channel, THREE)
        venue.fails.extend([None, TAKEN_BUT_SILENT])
        send_all()
        second = rows(whole)[1]
        ref = str(second.idempotency_key)
        found = actions.match_echo(channel_id=channel.pk, client_ref=ref, external_id="p2", thread="t1", text="")
        assert found is not None
        assert found.pk == second.pk
        send_all()
    assert venue.texts == list(THREE)


def test_taking_back_takes_every_part_or_none(shelf: Shelf, channel: Channel) -> None:
    kept, gone = a_long_item(channel, THREE), a_long_item(channel, THREE, "t2", in_seconds=15)
    assert said(gone).acts == ("take_back",)
    assert actions.cancel(item_id=gone.pk, actor="agent_x")
    assert states(gone) == ["cancelled"] * 3
    assert send_due()
    assert not actions.cancel(item_id=kept.pk, actor="agent_x")
    assert said(kept).acts == ()
    send_all()
    assert shelf.texts == list(THREE)


def test_a_receipt_is_about_its_part(shelf: Shelf, channel: Channel) -> None:
    whole = a_long_item(channel, THREE)
    send_all()
    for each, state in zip(shelf.taken, ("read", "delivered", "delivered"), strict=True):
        actions.record_receipt(channel_id=channel.pk, external_id=f"shelf-{each.id}", state=state)
    words = said(whole)
    assert (words.words, [part.words for part in words.parts]) == ("Delivered", ["Read", "Delivered", "Delivered"])
    actions.record_receipt(channel_id=channel.pk, external_id=f"shelf-{shelf.taken[1].id}", state="failed")
    assert said(whole).bad
