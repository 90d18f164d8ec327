"""What is muted opens no case and stands among the noise with the reason; danger and private words are heard."""

from datetime import timedelta

import pytest

from hark.conversations.actions.muting import MuteTooLong, mute_said, mute_term, unmute
from hark.conversations.models import Case, Message, Mute, Reading
from hark.conversations.types import Author
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.time import database_now
from hark.organisation.actions.people import add_brand
from hark.organisation.models import Channel, Inbox
from hark.organisation.types import NewBrand, Role
from tests.journey.makers import make_agent, make_channel, make_inbox
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db
COMPLAINT = "@plumcare you charged me twice and nobody answers, win a giveaway"


@pytest.fixture
def channel() -> Channel:
    """A channel of Plum."""
    return make_channel()


@pytest.fixture
def owner() -> Author:
    """Somebody who may do everything."""
    agent = make_agent("Ada", role=Role.OWNER)
    return Author(agent.pk, agent.key, agent.name)


def post(number: int, text: str = COMPLAINT, **more: object) -> dict[str, object]:
    """A public post that mentions us."""
    told = {"thread": f"th{number}", "who": f"w{number}", "type": "post", "targets_us": "mention", "text": text, **more}
    return direct(number, **told)  # type: ignore[arg-type]


def said(number: int) -> Message:
    """The message of that number."""
    return Message.objects.get(external_id=f"p{number}")


def test_muted_term_opens_no_case_and_says_why(channel: Channel, owner: Author) -> None:
    mute = mute_term(brand=channel.inbox.brand, term="giveaway*", days=7, author=owner)
    arrive(channel, post(1))
    drain()
    reading = Reading.objects.get()
    assert not Case.objects.exists()
    assert reading.relevance == "irrelevant"
    assert reading.data["reasons"][0]["why"].startswith("Ada muted “giveaway*” until")
    unmute(key=mute.key, author=owner)
    unmute(key=mute.key, author=owner)
    arrive(channel, post(2))
    drain()
    assert Case.objects.count() == 1


def test_mute_ends_by_itself(channel: Channel, owner: Author) -> None:
    mute = mute_term(brand=channel.inbox.brand, term="giveaway*", days=1, author=owner)
    earlier = database_now() - timedelta(days=2)
    Mute.objects.filter(pk=mute.pk).update(made_at=earlier, until_at=earlier + timedelta(days=1))
    arrive(channel, post(1))
    drain()
    assert Case.objects.count() == 1


def test_author_is_muted_wherever_he_posts_and_nobody_else(channel: Channel, owner: Author) -> None:
    arrive(channel, post(1, "nice weather", who="loud", targets_us="keyword"))
    drain()
    mute_said(message_id=said(1).pk, what="author", days=7, author=owner)
    arrive(channel, post(2, who="loud"), post(3, who="other"))
    drain()
    assert said(2).conversation.case is None
    assert said(3).conversation.case is not None


def test_thread_is_muted_for_everybody_in_it(channel: Channel, owner: Author) -> None:
    arrive(channel, post(1, "nice weather", thread="long", targets_us="keyword"))
    drain()
    mute_said(message_id=said(1).pk, what="thread", days=7, author=owner)
    arrive(channel, post(2, thread="long", who="another"), post(3, thread="short"))
    drain()
    assert said(2).conversation.case is None
    assert said(3).conversation.case is not None


def test_danger_and_private_words_are_heard_all_the_same(channel: Channel, owner: Author) -> None:
    mute_term(brand=channel.inbox.brand, term="charger", days=7, author=owner)
    arrive(channel, post(1, "@plumcare your charger caught fire and my hand is burned"))
    arrive(channel, direct(2, thread="dm", who="dm", text="my charger does not charge"))
    drain()
    assert Case.objects.count() == 2


def test_mute_of_one_brand_is_nothing_to_another(channel: Channel, owner: Author) -> None:
    brand = add_brand(brand=NewBrand(name="Mango", handles=("@plumcare",)))
    other = make_inbox("Mango care")
    Inbox.objects.filter(pk=other.pk).update(brand=brand)
    other.refresh_from_db()
    mute_term(brand=channel.inbox.brand, term="giveaway*", days=7, author=owner)
    arrive(make_channel(other), post(1))
    drain()
    assert Case.objects.count() == 1


def test_muting_asks_for_rights_and_an_end(channel: Channel, owner: Author) -> None:
    arrive(channel, post(1, "nice weather", targets_us="keyword"))
    drain()
    stranger = make_agent("Sam")
    by = Author(stranger.pk, stranger.key, stranger.name)
    with pytest.raises(NotAllowed):
        mute_term(brand=channel.inbox.brand, term="giveaway", days=7, author=by)
    with pytest.raises(NotFound):
        mute_said(message_id=said(1).pk, what="author", days=7, author=by)
    with pytest.raises(NotFound):
        mute_said(message_id=said(1).pk, what="everything", days=7, author=owner)
    for days in (0, 91):
        with pytest.raises(MuteTooLong):
            mute_term(brand=channel.inbox.brand, term="giveaway", days=days, author=owner)
    with pytest.raises(NotFound):
        unmute(key="mute_nobody", author=owner)
    assert not Mute.objects.exists()
