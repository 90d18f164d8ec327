"""One reply leaves the out-box: once, by plan, and with words for what went wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F
from django.test.utils import override_settings

from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry
from hark.channels.registry import register_for_tests
from hark.channels.types import Account, Outbound, Receipt
from hark.delivery import actions
from hark.delivery.actions import leases, outcomes
from hark.delivery.errors import FaultMade, NothingToSettle
from hark.delivery.jobs import send_due
from hark.delivery.models import Breaker, OutboxItem
from hark.delivery.queries import channels_resting, delivery_words
from hark.delivery.types import OutboxState, Settlement
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.actions.channels import resume_sending
from hark.organisation.actions.spending import set_ceiling
from hark.organisation.models import Channel, ChannelCost
from tests.delivery.makers import an_item
from tests.delivery.shelf import TAKEN_BUT_SILENT, Shelf

pytestmark = pytest.mark.django_db


def send_all() -> None:
    """Step until nothing is due."""
    while send_due():
        pass


def time_passes(**seconds: float) -> None:
    """Let the waiting, or the lease, of every reply be over."""
    gone = timedelta(**seconds)
    OutboxItem.objects.update(
        not_before=F("not_before") - gone, lease_until=F("lease_until") - gone, tried_since=F("tried_since") - gone
    )
    Breaker.objects.update(open_until=F("open_until") - gone, failing_since=F("failing_since") - gone)


def words(item: OutboxItem) -> str:
    item.refresh_from_db()
    return delivery_words(item, channel_state=Channel.objects.get(pk=item.channel_id).state, at=database_now()).words


def told(kind: str) -> list[str]:
    return [event.data["state"] for event in Event.objects.filter(kind=kind).order_by("id")]


def test_reply_is_sent_once_and_its_id_kept(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel)
    send_all()
    item.refresh_from_db()
    assert shelf.texts == ["Hello"]
    assert (item.state, item.external_ids) == (OutboxState.SENT, [f"shelf-{item.idempotency_key}"])
    assert item.sent_at is not None
    assert told("message.sent") == ["sent"]
    sent = Event.objects.get(kind="message.sent")
    assert (sent.inbox_id, sent.visitor, sent.data["message"]) == (channel.inbox_id, "conv_x", sent.subject)


def test_reply_waits_for_the_end_of_its_undo_time(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel, in_seconds=15)
    assert not send_due()
    assert delivery_words(item, channel_state=channel.state, at=database_now()).undo_seconds in {14, 15}
    time_passes(seconds=16)
    send_all()
    assert shelf.texts == ["Hello"]


def test_lease_is_committed_before_the_venue_is_called(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel)
    leased = leases.claim()
    assert leased is not None
    item.refresh_from_db()
    assert (item.state, item.attempts, item.fence > 0) == (OutboxState.SENDING, 1, True)
    assert leases.claim() is None


def test_venue_that_asks_for_patience_is_not_called_before(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.append(Retry(after_seconds=90))
    item, other = an_item(channel), an_item(channel, "Other", "t2")
    send_all()
    item.refresh_from_db()
    assert item.state == OutboxState.QUEUED
    assert item.not_before >= database_now() + timedelta(seconds=89)
    assert len(shelf.attempts) == 1, "the whole channel waits, not only this reply"
    assert channels_resting({channel.pk}, at=database_now()).keys() == {channel.pk}
    time_passes(seconds=100)
    send_all()
    assert sorted(shelf.texts) == ["Hello", "Other"]
    assert words(other) == "Sent"


def test_reply_is_tried_for_a_day_then_stands_as_failed(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.extend(Retry(detail="busy") for _ in range(3))
    item = an_item(channel)
    send_all()
    assert words(item) == "Not sent yet, Hark tries again by itself: busy"
    time_passes(hours=23)
    send_all()
    assert words(item).startswith("Not sent yet")
    time_passes(hours=2)
    send_all()
    assert words(item) == "Not sent, tried for a day: busy"
    assert shelf.texts == []


def test_back_off_grows_with_jitter_and_stays_below_five_minutes() -> None:
    waits = [outcomes.waiting_time(attempt, None).total_seconds() for attempt in range(1, 200)]
    assert max(waits) <= 240
    assert min(waits[20:]) >= 120
    assert len(set(waits)) > 100
    assert outcomes.waiting_time(3, 600).total_seconds() >= 600


def test_refusal_is_told_in_the_venues_words_and_not_tried_again(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.append(Refused("window", "The customer wrote more than a week ago; answer there by hand."))
    item = an_item(channel)
    send_all()
    time_passes(hours=1)
    send_all()
    assert words(item) == "Refused: The customer wrote more than a week ago; answer there by hand."
    assert len(shelf.attempts) == 1


def test_lost_permission_pauses_the_channel_and_loses_no_reply(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.append(AuthLost())
    item, other = an_item(channel), an_item(channel, "Other", "t2")
    send_all()
    channel.refresh_from_db()
    assert channel.state == "auth_lost"
    assert Event.objects.filter(kind="channel.auth_lost", subject=channel.key).count() == 1
    assert words(item).startswith("Waits: the channel has lost its permission")
    time_passes(hours=30)
    send_all()
    assert len(shelf.attempts) == 1
    resume_sending(channel_id=channel.pk, actor="test")
    send_all()
    assert sorted(shelf.texts) == ["Hello", "Other"]
    assert words(other) == "Sent"


def test_venue_that_is_gone_pauses_its_channel(channel: Channel) -> None:
    item = an_item(channel)
    send_all()
    item.refresh_from_db()
    channel.refresh_from_db()
    assert (item.state, channel.state) == (OutboxState.QUEUED, "auth_lost")


def test_send_of_unknown_fate_is_shown_and_never_repeated(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.append(Ambiguous())
    item = an_item(channel)
    send_all()
    time_passes(hours=5)
    send_all()
    shown = delivery_words(OutboxItem.objects.get(pk=item.pk), channel_state="active", at=database_now())
    assert shown.words == "This may have been sent. Look at the venue, then say."
    assert shown.acts == ("it_was_sent", "send_again", "drop")
    assert len(shelf.attempts) == 1


def test_send_of_unknown_fate_is_repeated_with_its_key_where_the_venue_remembers(channel: Channel) -> None:
    venue = Shelf(remembers=True)
    venue.fails.append(Ambiguous())
    with register_for_tests(venue):
        item = an_item(channel)
        send_all()
        time_passes(minutes=5)
        send_all()
    assert words(item) == "Sent"
    assert [each.id for each in venue.attempts] == [item.idempotency_key] * 2


def test_venue_with_an_echo_is_given_a_minute_to_show_the_reply(channel: Channel) -> None:
    venue = Shelf(echo=True)
    venue.fails.extend([Ambiguous(), Ambiguous()])
    with register_for_tests(venue):
        seen, unseen = an_item(channel, "Seen"), an_item(channel, "Unseen", "t2")
        send_all()
        assert words(seen) == words(unseen) == "Waiting for the venue to show it"
        matched = actions.match_echo(channel_id=channel.pk, client_ref="", external_id="e1", thread="t1", text="Seen ")
        assert matched == seen
        time_passes(seconds=61)
        send_all()
    assert words(seen) == "Sent"
    assert words(unseen).startswith("This may have been sent")
    assert venue.texts == []


@override_settings(HARK_TEST_FAULTS=True, HARK_FAULT="after_send:raise")
def test_worker_that_dies_after_the_send_leaves_it_shown_not_repeated(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel)
    with pytest.raises(FaultMade):
        send_due()
    with override_settings(HARK_FAULT=""):
        send_all()
        item.refresh_from_db()
        assert item.state == OutboxState.SENDING, "the lease is not over yet"
        time_passes(seconds=31)
        send_all()
    assert words(item).startswith("This may have been sent")
    assert shelf.texts == ["Hello"]


@override_settings(HARK_TEST_FAULTS=False, HARK_FAULT="after_send:kill")
def test_faults_are_made_in_drills_only(shelf: Shelf, channel: Channel) -> None:
    item = an_item(channel)
    send_all()
    assert words(item) == "Sent"


def test_sender_that_slept_through_its_lease_is_refused(channel: Channel) -> None:
    venue = Shelf(remembers=True)
    with register_for_tests(venue):
        item = an_item(channel)
        sleeper = leases.claim()
        assert sleeper is not None
        time_passes(seconds=31)
        send_all()
        time_passes(minutes=5)
        second = leases.claim()
        assert second is not None
        assert not outcomes.sent(sleeper, Receipt(("zombie",)))
        assert not outcomes.refused(sleeper, human="zombie")
        assert not outcomes.try_later(sleeper, after_seconds=None, error="zombie")
        assert outcomes.sent(second, Receipt(("right",)))
    item.refresh_from_db()
    assert (item.state, item.external_ids, item.error) == (OutboxState.SENT, ["right"], "")


@pytest.mark.parametrize(
    ("how", "state", "sends"),
    [
        (Settlement.IT_WAS_SENT, OutboxState.SENT, 1),
        (Settlement.SEND_AGAIN, OutboxState.SENT, 2),
        (Settlement.DROP, OutboxState.CANCELLED, 1),
    ],
)
def test_person_settles_what_may_have_been_sent(
    shelf: Shelf, channel: Channel, how: Settlement, state: OutboxState, sends: int
) -> None:
    shelf.fails.append(Ambiguous())
    item = an_item(channel)
    send_all()
    actions.settle(item_id=item.pk, how=how, actor="agent_x")
    send_all()
    item.refresh_from_db()
    assert (item.state, len(shelf.attempts)) == (state, sends)
    with pytest.raises(NothingToSettle):
        actions.settle(item_id=item.pk, how=how, actor="agent_x")


def test_reply_that_may_have_left_is_never_said_to_have_failed(channel: Channel) -> None:
    venue = Shelf(remembers=True)
    venue.fails.extend([TAKEN_BUT_SILENT, Retry(detail="busy")])
    with register_for_tests(venue):
        item = an_item(channel)
        send_all()
        time_passes(hours=25)
        send_all()
    assert words(item) == "This may have been sent. Look at the venue, then say: busy"


def test_reply_that_may_have_left_cannot_be_taken_back(channel: Channel) -> None:
    venue = Shelf(remembers=True)
    venue.fails.append(Ambiguous())
    with register_for_tests(venue):
        item = an_item(channel)
        send_all()
        item.refresh_from_db()
        assert item.state == OutboxState.QUEUED
        assert not actions.cancel(item_id=item.pk, actor="agent_x")
        assert "take_back" not in delivery_words(item, channel_state="active", at=database_now()).acts


def test_cancelled_reply_never_leaves_and_lets_the_next_one_pass(shelf: Shelf, channel: Channel) -> None:
    first, _ = an_item(channel, "First", in_seconds=15), an_item(channel, "Second")
    assert not send_due(), "the second waits for the first"
    assert actions.cancel(item_id=first.pk, actor="agent_x")
    assert not actions.cancel(item_id=first.pk, actor="agent_x")
    send_all()
    assert shelf.texts == ["Second"]
    assert told("message.state")[0] == "cancelled"


def test_breaker_opens_after_five_failures_and_lets_one_trial_through(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.extend(Retry() for _ in range(6))
    for number in range(8):
        an_item(channel, str(number), f"t{number}")
    send_all()
    assert len(shelf.attempts) == 5, "the other three were spared"
    assert not send_due()
    time_passes(minutes=5)
    send_all()
    assert len(shelf.attempts) == 6, "one trial, which fails"
    time_passes(minutes=5)
    send_all()
    assert len(shelf.texts) == 8, "the next trial works, and everything leaves"


def test_failures_spread_over_minutes_do_not_open_the_breaker(shelf: Shelf, channel: Channel) -> None:
    shelf.fails.extend(Retry() for _ in range(6))
    an_item(channel)
    for _ in range(7):
        send_all()
        time_passes(minutes=5)
    assert shelf.texts == ["Hello"]
    assert channels_resting({channel.pk}, at=database_now()) == {}


def test_hung_channel_does_not_take_every_sender(shelf: Shelf, channel: Channel) -> None:
    for number in range(6):
        an_item(channel, str(number), f"t{number}")
    taken = [leases.claim() for _ in range(6)]
    assert [item is not None for item in taken] == [True, True, True, False, False, False]


def test_a_venue_that_takes_its_time_keeps_its_lease_as_long(channel: Channel) -> None:
    """Mail servers may take minutes; nobody must call such a reply half sent meanwhile."""
    left: list[float] = []

    class Slow(Shelf):
        send_seconds = 400.0

        def send(self, account: Account, outbound: Outbound) -> Receipt:
            lease = OutboxItem.objects.get().lease_until
            left.append((lease - database_now()).total_seconds() if lease else 0)
            return super().send(account, outbound)

    an_item(channel)
    with register_for_tests(Slow()):
        send_all()
    assert left[0] > 300


class Charging(Shelf):
    """A shelf that charges for each reply."""

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """As the shelf, for fifteen thousandths of a dollar."""
        return replace(super().send(account, outbound), cost=("0.015", "USD"))


def test_what_a_reply_costs_is_kept_once_with_its_receipt(channel: Channel) -> None:
    venue = Charging(remembers=True)
    with register_for_tests(venue):
        an_item(channel)
        an_item(channel, "Second", thread="t2")
        venue.fails.extend([TAKEN_BUT_SILENT, Refused("no", "No.")])  # the first is sent again, the second never leaves
        send_all()
        time_passes(seconds=600)
        send_all()
    assert venue.texts == ["Hello"]
    cost = ChannelCost.objects.get()
    assert (cost.currency, cost.sending_micros, cost.reading_micros, cost.reads) == ("USD", 15_000, 0, 0)


def test_at_the_ceiling_replies_leave_all_the_same(channel: Channel) -> None:
    set_ceiling(channel_id=channel.pk, whole=0, actor="ada")
    venue = Charging()
    with register_for_tests(venue):
        for text in ("One", "Two"):
            an_item(channel, text)
            send_all()
    assert venue.texts == ["One", "Two"]
    assert ChannelCost.objects.get().sending_micros == 30_000
