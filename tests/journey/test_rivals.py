"""What is found by a competitor's name is kept apart: no case, no kind, no part of a mood, never counted as ours."""

import pytest

from hark.contacts.models import Contact
from hark.conversations.models import Case, Reading
from hark.journey.rivals import as_rivals, rival_of
from hark.organisation.actions.listening import add_term, switch_term
from hark.organisation.models import Brand, Channel
from tests.journey.makers import make_channel
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db
ANGRY = "{} has been down for three days, nobody answers, you are useless thieves and I want my money back!"


@pytest.fixture
def channel() -> Channel:
    """A channel of Plum, which listens for Plum and for Pear, who is another operator."""
    made = make_channel()
    brand = made.inbox.brand
    add_term(brand=brand, kind="competitor", text="Pear Mobile")
    for word in ("Pear Mobile", "Plum"):
        switch_term(brand=brand, text=word, on=True)
    return made


def post(number: int, text: str, targets_us: str = "keyword") -> dict[str, object]:
    """Somebody's public post."""
    return direct(number, type="post", thread=f"t{number}", who=f"u{number}", text=text, targets_us=targets_us)


def test_a_find_about_a_competitor_opens_no_case_and_is_marked(channel: Channel) -> None:
    arrive(channel, post(1, ANGRY.format("Pear Mobile")))
    drain()
    reading = Reading.objects.get()
    assert (reading.relevance, reading.kind, reading.score) == ("competitor", "", None)
    assert reading.data["reasons"][0]["why"] == "names the competitor Pear Mobile, and nothing of yours"
    assert reading.complaint > 0.5  # what it says is read all the same
    assert not Case.objects.exists()
    assert Contact.objects.get().mood_level == "calm"


def test_what_names_us_too_or_was_said_to_us_is_read_as_ours(channel: Channel) -> None:
    arrive(channel, post(1, ANGRY.format("Since I left Pear Mobile for Plum it")))
    arrive(channel, post(2, ANGRY.format("@plumcare your friends at Pear Mobile say the network"), "mention"))
    drain()
    assert "competitor" not in set(Reading.objects.values_list("relevance", flat=True))
    assert Case.objects.filter(conversations__messages__external_id="p2").exists()


def test_only_a_find_can_be_a_competitors(channel: Channel) -> None:
    brand = Brand.objects.get(pk=channel.inbox.brand_id)
    assert rival_of("Pear Mobile is down", "keyword", brand) == "Pear Mobile"
    for targets in ("mention", "reply", "owned_venue", "none"):
        assert rival_of("Pear Mobile is down", targets, brand) == ""
    assert as_rivals({}, "Pear Mobile") == {}
