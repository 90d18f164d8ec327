"""Between the journey and the models: context in, stored readings out, and nothing is hidden when the models fail."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from hark.channels.registry import register_for_tests
from hark.channels.simulated import Simulated
from hark.channels.types import Account, Inbound, Raw
from hark.conversations.models import Case, Message, Reading
from hark.intake.models import Arrival
from hark.intake.types import ArrivalState
from hark.journey import reading
from hark.understanding.loading import load_models
from tests.journey.makers import make_channel, make_inbox
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db
ANGRY = "This is the third time I ask. You are useless thieves, nobody answers, I will cancel!!"


@pytest.fixture
def fresh_models() -> Iterator[None]:
    """The models are loaded anew before and after."""
    reading._models.cache_clear()
    yield
    reading._models.cache_clear()


def test_reading_is_stored_whole_and_its_columns_are_what_lists_ask() -> None:
    arrive(make_channel(), direct(1, text=ANGRY))
    drain()
    row = Reading.objects.get()
    assert (row.language, row.sentiment, row.relevance) == ("en", "negative", "relevant")
    assert row.complaint == row.data["complaint"]["p"]
    assert row.score is not None
    assert row.score < 0
    assert row.duplicate_key == row.data["duplicate_key"]
    assert {"reasons", "urgency", "flags", "signals"} <= set(row.data)


def test_earlier_messages_are_the_context_of_later_ones_within_a_batch_and_across() -> None:
    channel = make_channel()
    arrive(channel, direct(1, text=ANGRY), direct(2, text=ANGRY))
    drain()
    arrive(channel, direct(3, text=ANGRY))
    drain()
    signals = [row.data["signals"] for row in Reading.objects.order_by("message__external_id")]
    assert "repeat" not in signals[0]
    assert "repeat" in signals[1]
    assert "repeat" in signals[2]
    assert any(signal.startswith("unanswered") for signal in signals[2])


def test_anger_is_seen_on_the_case_when_it_opens() -> None:
    arrive(make_channel(), direct(1, text=ANGRY))
    drain()
    assert Case.objects.get().mood_at_opening in {"angry", "furious"}


def test_same_words_at_two_venues_join_one_case() -> None:
    inbox = make_inbox()
    one, two = make_channel(inbox), make_channel(inbox)
    words = "Waited a week for a SIM that was sent to my old street and nobody answers the phone."
    arrive(one, direct(1, text=words))
    drain()
    arrive(two, direct(2, thread="t9", text=words.upper()))
    drain()
    assert Case.objects.count() == 1
    assert Message.objects.count() == 2


@pytest.mark.usefixtures("fresh_models")
def test_messages_go_on_unread_when_the_models_are_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading, "load_models", lambda _: load_models(tmp_path))
    arrive(make_channel(), direct(1), direct(2))
    drain()
    assert (Message.objects.count(), Reading.objects.count(), Case.objects.count()) == (2, 0, 1)
    assert caplog.text.count("messages go on without a reading") == 1


@pytest.mark.usefixtures("fresh_models")
def test_messages_go_on_unread_when_the_models_break(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading, "load_models", lambda _: SimpleNamespace(deep=None))  # models that know nothing
    arrive(make_channel(), *[direct(number, text=f"words {number}") for number in range(5)])
    drain()
    assert (Message.objects.count(), Reading.objects.count()) == (5, 0)
    assert set(Arrival.objects.values_list("state", flat=True)) == {ArrivalState.DONE}
    assert "words" not in caplog.text.replace("without", "")


class Quoting(Simulated):
    """The simulated venue, where lines that begin with `>` are a quotation, as in mail."""

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        return [replace(one, quote_from=(one.text or "").find("\n>")) for one in super().parse(account, raw)]


def test_what_is_quoted_is_not_read_as_the_authors_words() -> None:
    with register_for_tests(Quoting()):
        arrive(make_channel(), direct(1, text=f"All works now, thank you so much!\n> {ANGRY}"))
        drain()
    row = Reading.objects.get()
    assert (row.sentiment, row.message.text) == ("positive", f"All works now, thank you so much!\n> {ANGRY}")
