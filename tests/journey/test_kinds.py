"""What follows from kinds, a brand's own words and intents, and moods, from the arrival to the case."""

from datetime import timedelta

import pytest

from hark.channels.types import Inbound, Person
from hark.conversations.actions.plans import shortened
from hark.conversations.models import Case, CaseTag, Clock, Message, Reading, Tag
from hark.journey.opening import reason_to_open
from hark.kernel.models import Event
from hark.kernel.time import now
from hark.organisation.actions.brand_reading import keep_intent, keep_plans, keep_words, switch_intents
from hark.organisation.models import Brand, Channel
from hark.organisation.types import OwnIntent, OwnReading, Plan
from hark.routing.actions import define_skill
from hark.routing.models import WorkItem
from tests.journey.makers import make_channel
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db
PLUM = Brand(name="Plum", handles=["@plumcare"])
FURIOUS = (
    "This is the worst company I have ever dealt with, I am so angry!!",
    "STILL NOTHING!!! You useless thieves, nobody answers, I hate you",
    "NOBODY ANSWERS AGAIN, this is disgusting, you lie to everybody, give me a person!!!",
)
POINTS = ("my bonus points are missing", "how do I spend my bonus points", "no points for my last purchase")


@pytest.fixture
def channel() -> Channel:
    """A channel of Plum."""
    return make_channel()


def brand_of(channel: Channel) -> Brand:
    """Its brand."""
    return channel.inbox.brand


def a_tag(name: str) -> Tag:
    """A tag."""
    return Tag.objects.create(key=f"tag_{name.lower()}", name=name)


def mention(number: int, text: str, **more: object) -> dict[str, object]:
    """A public post that names us."""
    return direct(number, thread=f"p{number}", who=f"w{number}", type="post", targets_us="mention", text=text, **more)


# --- a brand's own words


def test_own_word_makes_a_message_critical_and_says_so(channel: Channel) -> None:
    keep_words(brand=brand_of(channel), words={"critical": ["gizmo recall"]}, buying=("", ""), thanks="")
    arrive(channel, direct(1, text="Is my phone part of the gizmo recall?"))
    drain()
    reading = Reading.objects.get()
    assert reading.urgency == "critical"
    assert any("stands in the brand's own list" in one["why"] for one in reading.data["reasons"])


def test_word_that_never_counts_takes_back_what_a_list_has_found(channel: Channel) -> None:
    text = "There is a live wire on the stage tonight, what a band"
    arrive(channel, direct(1, text=text))
    drain()
    keep_words(brand=brand_of(channel), words={"ignore": ["live wire"]}, buying=("", ""), thanks="")
    arrive(channel, direct(2, thread="t2", who="u2", text=text))
    drain()
    first, second = Reading.objects.order_by("id")
    assert first.data["flags"]["safety"] is True
    assert second.data["flags"]["safety"] is False


def test_opt_out_of_the_brands_own_is_read_as_nothing_else(channel: Channel) -> None:
    keep_words(brand=brand_of(channel), words={"opt_out": ["keine werbung mehr"]}, buying=("", ""), thanks="")
    arrive(channel, direct(1, text="Keine Werbung mehr!"))
    drain()
    data = Reading.objects.get().data
    assert data["opt_out"] is True
    assert data["kind"]["label"] == ""


# --- own intents


def test_own_intent_puts_its_tag_on_the_case_and_asks_for_its_skill(channel: Channel) -> None:
    tag, skill = a_tag("Points"), define_skill(key="topic:points", name="Points")
    intent = OwnIntent("Loyalty points", POINTS, tag=tag.key, skill=skill.key)
    keep_intent(brand=brand_of(channel), intent=intent)
    arrive(channel, direct(1, text="Hello, my bonus points are missing since Friday"))
    drain()
    case = Case.objects.get()
    assert Reading.objects.get().data["intent"]["label"] == "Loyalty points"
    assert list(CaseTag.objects.filter(case=case).values_list("tag__name", flat=True)) == ["Points"]
    assert "topic:points" in WorkItem.objects.get(case=case).skills
    assert Event.objects.get(kind="case.tagged").data["because"] == "the intent Loyalty points"


def test_changed_intent_counts_from_the_next_message_on(channel: Channel) -> None:
    row = keep_intent(brand=brand_of(channel), intent=OwnIntent("Loyalty points", POINTS))
    arrive(channel, direct(1, text=POINTS[0]))
    drain()
    keep_intent(brand=brand_of(channel), intent=OwnIntent("Bonus", POINTS), key=row.key)
    switch_intents(brand=brand_of(channel), off={"refund"})
    arrive(channel, direct(2, text=POINTS[1]))
    drain()
    told = [one.data["intent"]["label"] for one in Reading.objects.order_by("message__external_id")]
    assert told == ["Loyalty points", "Bonus"]


def test_tag_that_is_gone_or_retired_asks_for_nothing(channel: Channel) -> None:
    tag = a_tag("Points")
    Tag.objects.filter(pk=tag.pk).update(retired_at=now())
    keep_intent(brand=brand_of(channel), intent=OwnIntent("Loyalty points", POINTS, tag=tag.key, skill="nobody:has"))
    arrive(channel, direct(1, text=POINTS[0]))
    drain()
    assert Case.objects.count() == 1
    assert not CaseTag.objects.exists()


def test_second_message_of_the_same_intent_tags_nothing_twice(channel: Channel) -> None:
    tag = a_tag("Points")
    keep_intent(brand=brand_of(channel), intent=OwnIntent("Loyalty points", POINTS, tag=tag.key))
    arrive(channel, direct(1, text=POINTS[0]), direct(2, text=POINTS[1]))
    drain()
    arrive(channel, direct(3, text=POINTS[2]))
    drain()
    assert CaseTag.objects.count() == 1
    assert Event.objects.filter(kind="case.tagged").count() == 1


# --- kinds


def test_case_is_of_the_weightiest_kind_that_was_said_in_it(channel: Channel) -> None:
    arrive(channel, direct(1, text="How do I change my address?"))
    drain()
    assert Case.objects.get().kind == "question"
    arrive(channel, direct(2, text="You charged me twice and nobody answers, that is a joke"))
    drain()
    assert Case.objects.get().kind == "complaint"
    arrive(channel, direct(3, text="good evening by the way"))
    drain()
    assert Case.objects.get().kind == "complaint"


def test_praise_in_public_stays_in_the_stream_and_a_problem_does_not(channel: Channel) -> None:
    arrive(channel, mention(1, "I love the new app, thank you so much @plumcare"))
    arrive(channel, mention(2, "@plumcare you charged me twice and nobody answers, that is a joke"))
    drain()
    told = {one.message.text[:6]: one.message.conversation.case_id for one in Reading.objects.all()}
    assert told["I love"] is None
    assert told["@plumc"] is not None
    assert Reading.objects.get(kind="praise").message.text.startswith("I love")


def test_praise_in_private_is_answered_like_everything_private(channel: Channel) -> None:
    arrive(channel, direct(1, text="I love the new app, thank you so much"))
    drain()
    assert Case.objects.get().kind == "praise"


def test_few_stars_are_never_praise_whatever_the_words_say() -> None:
    told = {"kind": {"label": "praise"}, "relevance": {"label": "relevant"}}

    def review(rating: int | None) -> str:
        where = {"visibility": "public", "targets_us": "owned_venue", "rating": rating}
        return reason_to_open(Inbound("review", text="Great", author=Person("u1"), **where), told, PLUM)  # type: ignore[arg-type]

    assert review(2) == "Review, 2 of 5"
    assert review(5) == ""
    assert review(None) == ""


def test_buying_question_that_was_overheard_opens_a_case_only_where_somebody_wants_it() -> None:
    inbound = Inbound("message", text="which Plum plan suits me?", visibility="public", targets_us="keyword")
    told = {"kind": {"label": "buying"}, "relevance": {"label": "relevant"}}
    assert reason_to_open(inbound, told, PLUM) == ""
    assert reason_to_open(inbound, told, PLUM, OwnReading(buying_tag="tag_x")) == "About us, a buying question"
    elsewhere = {**told, "relevance": {"label": "irrelevant"}}
    assert reason_to_open(inbound, elsewhere, PLUM, OwnReading(buying_skill="topic:sales")) == ""


def test_buying_question_gets_the_owners_tag_and_skill(channel: Channel) -> None:
    tag, skill = a_tag("Sales"), define_skill(key="topic:sales", name="Sales")
    keep_words(brand=brand_of(channel), words={}, buying=(tag.key, skill.key), thanks="")
    arrive(channel, direct(1, text="Which plan suits me if I travel a lot?"))
    drain()
    case = Case.objects.get()
    assert case.kind == "buying"
    assert CaseTag.objects.get(case=case).tag == tag
    assert "topic:sales" in WorkItem.objects.get(case=case).skills


# --- moods


def grow_angry(channel: Channel, who: str = "u1", thread: str = "t1", first: int = 1) -> Case:
    """Somebody writes three times, ever angrier."""
    for number, text in enumerate(FURIOUS, first):
        arrive(channel, direct(number, thread=thread, who=who, text=text))
        drain()
    return Case.objects.get(conversations__messages__external_id=f"p{first}")


def test_angry_series_rises_above_an_older_calm_question(channel: Channel) -> None:
    earlier = (now() - timedelta(minutes=3)).isoformat()
    arrive(channel, direct(50, thread="calm", who="calm", text="How do I change my address?", at=earlier))
    drain()
    angry = grow_angry(channel)
    calm = Case.objects.exclude(pk=angry.pk).get()
    assert (calm.plan, calm.plan_words) == ("", "")
    assert angry.plan in {"angry", "furious"}
    assert "of the promise" in angry.plan_words
    assert angry.due_at is not None
    assert calm.due_at is not None
    assert angry.due_at < calm.due_at
    clock = Clock.objects.get(case=angry, stopped_at=None)
    assert channel.inbox.first_response_seconds // 4 <= clock.target_seconds < channel.inbox.first_response_seconds
    assert angry.due_at == clock.due_at == clock.started_at + timedelta(seconds=clock.target_seconds)
    assert WorkItem.objects.get(case=angry).target_seconds == clock.target_seconds
    assert {one.data["mood"] for one in Event.objects.filter(kind="case.planned")} <= {"angry", "furious"}


def test_one_negative_message_is_no_anger_yet(channel: Channel) -> None:
    arrive(channel, direct(1, text="no signal since Monday and the bill is wrong"))
    drain()
    case = Case.objects.get()
    assert case.plan == ""
    assert Clock.objects.get(case=case).target_seconds == channel.inbox.first_response_seconds


def test_plan_of_the_brand_asks_for_its_skill_and_is_said_once(channel: Channel) -> None:
    define_skill(key="topic:retention", name="Retention")
    plans = [Plan(level, 40, "topic:retention", tells_seniors=True) for level in ("angry", "furious")]
    keep_plans(brand=brand_of(channel), plans=plans)
    case = grow_angry(channel)
    assert case.plan_words == "reply within 40 % of the promise, asks for Retention, supervisors are told"
    assert "topic:retention" in WorkItem.objects.get(case=case).skills
    before = Event.objects.filter(kind="case.planned").count()
    arrive(channel, direct(9, text=FURIOUS[2]))
    drain()
    assert Event.objects.filter(kind="case.planned").count() <= max(before, 2)
    assert Clock.objects.get(case=case, stopped_at=None).target_seconds == 360


def test_plan_that_changes_nothing_leaves_the_promise_alone(channel: Channel) -> None:
    keep_plans(brand=brand_of(channel), plans=[Plan("angry"), Plan("furious")])
    case = grow_angry(channel)
    assert case.plan == ""
    assert Clock.objects.get(case=case, stopped_at=None).target_seconds == channel.inbox.first_response_seconds


def test_shortening_is_bounded() -> None:
    assert shortened(900, 50) == 450
    assert shortened(900, 1) == 225
    assert shortened(100, 25) == 60
    assert shortened(30, 50) == 30
    assert shortened(900, 200) == 900


def test_nothing_is_followed_for_messages_without_a_reading_or_a_case(channel: Channel) -> None:
    arrive(channel, mention(1, "grandma's plum jam and a fruit tart"))
    drain()
    assert Message.objects.count() == 1
    assert not Event.objects.filter(kind__in=["case.planned", "case.tagged"]).exists()
