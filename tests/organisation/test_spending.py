"""Money is kept as whole millionths, per channel and day; at its ceiling a channel does not listen."""

from datetime import timedelta

import pytest

from hark.kernel.errors import NotFound
from hark.kernel.models import Event
from hark.kernel.time import database_now
from hark.organisation.actions.spending import CeilingTooHigh, note_reading, note_sending, set_ceiling
from hark.organisation.listening import listens_now, month_of
from hark.organisation.models import AuditEntry, Channel, ChannelCost
from hark.organisation.queries import costs_of, most_spent
from hark.organisation.spending import Spent, amount_words, spent
from tests.delivery.makers import a_channel, an_inbox


@pytest.fixture
def channel(db: None) -> Channel:
    """A channel of any venue: the ledger asks for none."""
    return a_channel(an_inbox(), venue="simulated")


@pytest.mark.parametrize(
    ("cost", "kept"),
    [
        (("0.005", "USD"), Spent(5_000, "USD")),
        (("0.2", "usd "), Spent(200_000, "USD")),
        (("0.0000001", "EUR"), Spent(1, "EUR")),  # rounded up: it is never nothing
        (("1e-2", "EUR"), Spent(10_000, "EUR")),
        (None, None),
        (("0", "USD"), None),
        (("-1", "USD"), None),
        (("NaN", "USD"), None),
        (("Infinity", "USD"), None),
        (("12,50", "USD"), None),
        (("9" * 30, "USD"), None),
        (("1", "dollars!"), None),
        (("1", ""), None),
    ],
)
def test_a_price_is_whole_millionths_or_none(cost: tuple[str, str] | None, kept: Spent | None) -> None:
    assert spent(cost) == kept


def test_sums_that_a_float_would_miss_are_exact(channel: Channel) -> None:
    for _ in range(1_000):
        note_reading(channel_id=channel.pk, cost=("0.1", "USD"), posts=1)
    assert ChannelCost.objects.get().reading_micros == 100_000_000
    assert str(Spent(100_000_000, "USD")) == "100.00 USD"


@pytest.mark.parametrize(
    ("micros", "words"),
    [
        (0, "0.00"),
        (5_000, "0.005"),
        (1, "0.000001"),
        (99_999, "0.099999"),
        (100_000, "0.10"),
        (1_204_000_000, "1,204.00"),
    ],
)
def test_amounts_in_words(micros: int, words: str) -> None:
    assert amount_words(micros) == words


def test_reading_and_sending_stand_apart_by_day_and_currency(channel: Channel) -> None:
    note_reading(channel_id=channel.pk, cost=("0.05", "USD"), posts=10)
    note_reading(channel_id=channel.pk, cost=("0.01", "USD"), posts=2)
    note_sending(channel_id=channel.pk, cost=("0.015", "USD"))
    note_sending(channel_id=channel.pk, cost=("0.07", "EUR"))
    note_sending(channel_id=channel.pk, cost=None)
    at = database_now()
    rows = [
        (one.currency, one.reading_micros, one.sending_micros, one.reads)
        for one in costs_of([channel.pk], days=0, at=at)
    ]
    assert rows == [("EUR", 0, 70_000, 0), ("USD", 60_000, 15_000, 12)]
    assert most_spent(channel.pk, at=at) == 75_000
    ChannelCost.objects.update(day=(at - timedelta(days=40)).date())
    assert most_spent(channel.pk, at=at) == 0  # another month


def test_the_ceiling_is_reached_once_and_said_once(channel: Channel) -> None:
    set_ceiling(channel_id=channel.pk, whole=1, actor="ada")
    note_reading(channel_id=channel.pk, cost=("0.60", "USD"), posts=1)
    channel.refresh_from_db()
    assert listens_now(channel, database_now())
    note_sending(channel_id=channel.pk, cost=("0.40", "USD"))
    note_reading(channel_id=channel.pk, cost=("0.10", "USD"), posts=1)
    channel.refresh_from_db()
    assert channel.ceiling_reached == month_of(database_now())
    assert not listens_now(channel, database_now())
    assert listens_now(channel, database_now() + timedelta(days=32))  # the next month
    assert Event.objects.filter(kind="channel.ceiling_reached", subject=channel.key).count() == 1


def test_a_ceiling_is_raised_lowered_and_taken_away(channel: Channel) -> None:
    note_reading(channel_id=channel.pk, cost=("5", "USD"), posts=1)
    for whole, listens in ((10, True), (5, False), (6, True), (0, False), (None, True)):
        set_ceiling(channel_id=channel.pk, whole=whole, actor="ada")
        channel.refresh_from_db()
        assert listens_now(channel, database_now()) is listens, whole
    told = AuditEntry.objects.filter(verb="channel.ceiling_changed", subject=channel.key).order_by("number")
    assert [one.details["after"] for one in told] == [10_000_000, 5_000_000, 6_000_000, 0, None]
    with pytest.raises(CeilingTooHigh):
        set_ceiling(channel_id=channel.pk, whole=1_000_001, actor="ada")
    with pytest.raises(NotFound):
        set_ceiling(channel_id=0, whole=1, actor="ada")


def test_a_price_that_is_none_is_said_in_the_log_and_stops_nothing(
    channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    note_reading(channel_id=channel.pk, cost=("free", "USD"), posts=1)
    note_reading(channel_id=channel.pk, cost=("0.00", "USD"), posts=1)
    assert not ChannelCost.objects.exists()
    assert len(caplog.records) == 1
