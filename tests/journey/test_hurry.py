"""Reading when behind: by the words alone at once, marked; by the encoder when there is quiet; corrections stay."""

from datetime import timedelta

import pytest

from hark.conversations.actions.corrections import correct
from hark.conversations.models import Case, Correction, Hurried, Message, Reading
from hark.conversations.queries.readings import corrected, corrections_of, newest_reading
from hark.conversations.types import Author
from hark.intake.models import Arrival
from hark.intake.queries import more_wait_than
from hark.journey import hurry
from hark.journey.hurry import read_hurried
from hark.journey.jobs import drain_step, read_again
from hark.kernel.time import database_now
from hark.organisation.models import Channel
from hark.organisation.types import Role
from tests.journey.makers import make_agent, make_channel
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "@plumcare this is the third time that I ask. You charged me twice and nobody answers."


@pytest.fixture
def channel() -> Channel:
    return make_channel()


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three that wait are many."""
    monkeypatch.setattr(hurry, "BEHIND_WAITING", 2)


def crowd(channel: Channel, count: int) -> None:
    """So many messages that wait."""
    arrive(channel, *(direct(n, thread=f"t{n}", who=f"w{n}", text=f"{TEXT} ({n})") for n in range(count)))


def versions() -> list[bool]:
    """Of each reading, oldest first: was it by the words alone?"""
    rows = Reading.objects.order_by("message__external_id", "id").values_list("model_version", flat=True)
    return [version.endswith("+linear") for version in rows]


@pytest.mark.usefixtures("behind")
def test_many_that_wait_are_read_by_their_words_and_then_by_the_encoder(channel: Channel) -> None:
    crowd(channel, 3)
    drain()
    assert versions() == [True] * 3
    assert Case.objects.count() == 3, "what they want is known at once"
    assert Hurried.objects.count() == 3
    read_again()
    assert versions() == [True, False] * 3, "the quick reading stays beside"
    assert not Hurried.objects.exists()
    assert not read_hurried()
    assert Case.objects.count() == 3


@pytest.mark.usefixtures("behind")
def test_corrections_lie_over_both(channel: Channel) -> None:
    crowd(channel, 3)
    drain()
    agent = make_agent("Tessa", role=Role.OWNER)
    message = Message.objects.earliest("pk")
    author = Author(agent.pk, agent.key, agent.name)
    correct(message_id=message.pk, field="intent", value="refund", author=author)
    before = list(Correction.objects.values())
    read_hurried()
    assert list(Correction.objects.values()) == before
    reading = newest_reading(message)
    assert reading is not None
    assert not reading.model_version.endswith("+linear")
    assert corrected(reading, corrections_of([message.pk])[message.pk]).intent == "refund"


@pytest.mark.usefixtures("behind")
def test_nothing_is_read_again_while_new_ones_wait(channel: Channel) -> None:
    crowd(channel, 3)
    drain()
    arrive(channel, direct(9, thread="t9", who="w9"))
    assert not read_hurried()
    assert Hurried.objects.count() == 3


def test_few_are_read_by_the_encoder_however_late_and_many_late_ones_by_their_words(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(channel, 2)
    Arrival.objects.update(received_at=database_now() - timedelta(minutes=5))
    drain()
    assert versions() == [False, False]
    monkeypatch.setattr(hurry, "BEHIND_FEW", 1)
    arrive(channel, *(direct(n, thread=f"t{n}", who=f"w{n}") for n in (5, 6)))
    Arrival.objects.filter(state="received").update(received_at=database_now() - timedelta(seconds=40))
    assert drain_step(0, 1)
    assert sorted(versions()) == [False, False, True, True]


def test_counting_what_waits_ends_early(channel: Channel) -> None:
    crowd(channel, 3)
    assert more_wait_than(2)
    assert not more_wait_than(3)
