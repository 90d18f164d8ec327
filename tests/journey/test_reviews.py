"""A review's way: from the list of a venue into the desk, with all that becomes of it there."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hark.channels.accounts import account_of
from hark.channels.google_business import GoogleBusiness
from hark.conversations.models import Case, Message
from hark.delivery.models import OutboxItem
from hark.intake.actions import accept
from hark.intake.types import NewArrival
from hark.kernel.time import now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Channel
from tests.channels.venues.test_google_business import PLACE, Google, a_review
from tests.journey.makers import make_inbox
from tests.journey.venue import drain

pytestmark = pytest.mark.django_db(transaction=True)


class Reader:
    """A channel and the stand-in that it is read from."""

    def __init__(self, channel: Channel, google: Google) -> None:
        """Nothing was read yet."""
        self.channel, self.google, self.cursor = channel, google, ""

    def read(self) -> None:
        """One reading, and what becomes of it."""
        page = GoogleBusiness().poll(self.google.account, self.cursor)
        raws = [NewArrival(raw.id, "", raw.headers, raw.body, now()) for raw in page.raws]
        accept(channel_id=self.channel.pk, arrivals=raws, cursor=("poll", page.next_cursor))
        self.cursor = page.next_cursor
        drain()


@pytest.fixture
def reader() -> Iterator[Reader]:
    channel = connect_channel(
        actor="system",
        venue="google-business",
        external_id=PLACE,
        name="Plum Ghent",
        inbox=make_inbox(),
        settings={"place": PLACE, "read_back_days": 30},
        secrets={"access_token": "made-up"},
        connected_at=now() - timedelta(days=1),
    )
    with Google(account_of(channel)) as google:
        yield Reader(channel, google)


def test_review_opens_a_case_and_its_change_brings_other_words_and_stars(reader: Reader) -> None:
    reader.read()
    reader.google.reviews = [a_review("r1", "They lost my order. Nobody answers.", now(), starRating="ONE")]
    reader.read()
    message = Message.objects.get()
    assert (message.rating, message.visibility, message.kind) == (1, "public", "review")
    assert Case.objects.count() == 1
    later = (now() + timedelta(seconds=5)).isoformat()
    reader.google.reviews[0] |= {"comment": "They found it. Fine.", "starRating": "FOUR", "updateTime": later}
    reader.read()
    message.refresh_from_db()
    assert (message.text, message.rating) == ("They found it. Fine.", 4)
    assert [one.text for one in message.versions.all()] == ["They lost my order. Nobody answers."]
    later = (now() + timedelta(seconds=9)).isoformat()
    reader.google.reviews[0] |= {"starRating": "FIVE", "updateTime": later}
    reader.read()
    message.refresh_from_db()
    assert (message.text, message.rating) == ("They found it. Fine.", 5)
    assert message.versions.count() == 1
    reader.google.reviews = [a_review("r2", "Fine here.", now())]
    reader.read()
    message.refresh_from_db()
    assert message.deleted_at is not None


def test_answer_given_at_google_is_ours_and_opens_nothing(reader: Reader) -> None:
    reader.read()
    reader.google.reviews = [a_review("r1", "They lost my order. Nobody answers.", now(), starRating="ONE")]
    reader.read()
    reply = {"comment": "Sorry.", "updateTime": now().isoformat(), "reviewReplyState": "PENDING"}
    reader.google.replies[f"{PLACE}/reviews/r1"] = reply
    reader.read()
    ours = Message.objects.get(direction="out")
    assert (ours.text, ours.native, ours.external_id) == ("Sorry.", True, f"{PLACE}/reviews/r1/reply")
    reply["comment"] = "Sorry, Maud."
    reader.read()
    ours.refresh_from_db()
    assert ours.text == "Sorry, Maud."
    reader.google.replies.clear()
    reader.read()
    ours.refresh_from_db()
    assert ours.deleted_at is not None
    assert Case.objects.count() == 1
    assert not OutboxItem.objects.exists()


def test_reviews_that_were_there_before_open_no_case(reader: Reader) -> None:
    reader.google.reviews = [a_review("r1", "They lost my order. Nobody answers.", now() - timedelta(days=3))]
    reader.read()
    assert Message.objects.get().backfilled
    assert not Case.objects.exists()
