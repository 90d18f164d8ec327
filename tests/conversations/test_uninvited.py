"""Our own etiquette: one public answer to a person who had not asked, in so many days, and so many an hour."""

from datetime import timedelta

import pytest

from hark.contacts.models import Identity
from hark.conversations.errors import CannotReply
from hark.conversations.models import Message
from hark.conversations.queries.uninvited import NOT_AT_ALL, too_many
from hark.conversations.queries.writing import ways_to_answer
from hark.conversations.types import Visibility
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState
from hark.kernel.time import database_now
from hark.organisation.actions.listening import keep_etiquette
from hark.organisation.models import Agent, Channel
from tests.conversations.desk import a_case, answers, said
from tests.delivery.makers import a_channel, an_inbox

pytestmark = pytest.mark.django_db


def heard(channel: Channel, who: str = "maud", **more: object) -> Message:
    """Somebody complains in public, to nobody of us; it opens a case."""
    told = said(channel, who=who, **{"visibility": Visibility.PUBLIC, "targets_us": "keyword", **more})
    return Message.objects.select_related("conversation__case", "identity").get(pk=told.message_id)


def approach(agent: Agent, post: Message) -> Message:
    """An agent answers it in public."""
    case = post.conversation.case
    assert case
    return answers(agent, case, visibility=Visibility.PUBLIC, conversation=post.conversation)


def why(post: Message, *, days: float = 0, channel: Channel | None = None) -> str:
    """Why one more is too much, in so many days from now."""
    identity = Identity.objects.get(pk=post.identity_id)
    return too_many(identity, channel or post.channel, database_now() + timedelta(days=days))


def test_one_answer_to_a_person_who_had_not_asked_is_enough_for_the_days(tessa: Agent, channel: Channel) -> None:
    first = heard(channel)
    assert why(first) == ""
    approach(tessa, first)
    assert "had an answer in public on" in why(first)
    assert "as soon as they write to us" in why(first)
    assert why(heard(channel, thread_id="elsewhere", text="Still down."))  # in another talk, too
    assert why(heard(channel, who="idris")) == ""
    assert why(first, days=29)
    assert why(first, days=31) == ""


def test_the_composer_says_so_and_leaves_the_way_to_private_open(tessa: Agent, channel: Channel) -> None:
    post = heard(channel)
    approach(tessa, post)
    case = post.conversation.case
    assert case
    [way] = ways_to_answer(tessa, case)
    assert (way.visibilities, way.closed_because) == ((Visibility.PRIVATE,), "")
    assert way.refusals[Visibility.PUBLIC] == why(post)
    with pytest.raises(CannotReply, match="without asking us"):
        approach(tessa, post)
    heard(channel, targets_us="reply", text="Thank you, and now?")
    [way] = ways_to_answer(tessa, case)
    assert Visibility.PUBLIC in way.visibilities


def test_it_counts_over_all_channels_of_a_brand_and_not_over_those_of_another(tessa: Agent, channel: Channel) -> None:
    post = heard(channel)
    approach(tessa, post)
    beside, foreign = a_channel(channel.inbox, "plum2"), a_channel(an_inbox("Other"), "pear")
    assert why(post, channel=beside)
    assert why(post, channel=foreign) == ""


@pytest.mark.parametrize("asked", [{"targets_us": "mention"}, {"visibility": Visibility.PRIVATE}])
def test_an_answer_to_somebody_who_spoke_to_us_does_not_count(
    tessa: Agent, channel: Channel, asked: dict[str, object]
) -> None:
    post = heard(channel, **asked)
    case = post.conversation.case
    assert case
    answers(tessa, case, visibility=post.visibility, conversation=post.conversation)
    assert why(post) == ""


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (OutboxState.QUEUED, True),
        (OutboxState.SENT, True),
        (OutboxState.AMBIGUOUS, True),
        (OutboxState.CANCELLED, False),
        (OutboxState.REFUSED, False),
        (OutboxState.FAILED, False),
    ],
)
def test_what_never_left_does_not_count(tessa: Agent, channel: Channel, state: OutboxState, *, counts: bool) -> None:
    post = heard(channel)
    approach(tessa, post)
    OutboxItem.objects.update(state=state)
    assert bool(why(post)) is counts


def test_an_hour_over_one_channel_has_its_most(tessa: Agent, channel: Channel) -> None:
    brand = channel.inbox.brand
    keep_etiquette(brand=brand, days=30, per_hour=2)
    beside = a_channel(channel.inbox, "plum2")
    stranger = heard(channel, who="stranger")
    for who in ("maud", "idris"):
        assert why(stranger) == ""
        approach(tessa, heard(channel, who=who))
    assert why(stranger) == ("This channel has answered 2 people within an hour who had not asked us. Wait a little.")
    assert why(stranger, channel=beside) == ""
    Message.objects.filter(direction="out").update(received_at=database_now() - timedelta(minutes=61))
    assert why(stranger) == ""


def test_a_brand_can_switch_it_off(channel: Channel) -> None:
    keep_etiquette(brand=channel.inbox.brand, days=30, per_hour=0)
    assert why(heard(channel)) == NOT_AT_ALL


def test_a_case_that_nobody_answered_counts_for_nothing(channel: Channel) -> None:
    a_case(channel, visibility=Visibility.PUBLIC, targets_us="keyword")
    assert why(heard(channel)) == ""
