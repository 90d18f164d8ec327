"""Corrections teach: an agent's word on a post changes the next judgement, through the table, in every process."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from hark.conversations.actions.corrections import correct
from hark.conversations.actions.learning import GOES_BACK_TO, ModelIsGone, go_back_to, learn_anew
from hark.conversations.models import BrandModel, Correction, Message, Reading
from hark.conversations.types import Author
from hark.journey import learning, reading, teaching
from hark.journey.jobs import learn_brand_model, react_step
from hark.journey.reacting import READER
from hark.kernel.actions import move_reader
from hark.kernel.db import execute
from hark.kernel.errors import NotAllowed
from hark.kernel.queries import newest_position
from hark.organisation.actions.people import add_agent, add_team
from hark.organisation.models import Agent, AuditEntry, Brand, Channel, Inbox
from hark.organisation.types import Role
from tests.journey.makers import make_channel, make_inbox
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db(transaction=True)
ABOUT = "We moved to plum {}, the family one, so far so good."  # by the profile alone: more no than yes
NOT_ABOUT = "The plum tree behind our house carries so much that the branches bend. {} Come and pick."
ASIDES = [
    "Monday",
    "again",
    "in Ghent",
    "for real",
    "with my sister",
    "at noon",
    "twice",
    "since May",
    "somehow",
    "here",
]
number = iter(range(1, 10_000))


@pytest.fixture(autouse=True)
def _from_now_on() -> None:
    """Earlier tests' events are none of our business, and the linear models read fast."""
    move_reader(name=READER, position=newest_position())


@pytest.fixture
def inbox() -> Inbox:
    """Care, with a team."""
    made = make_inbox()
    made.teams.add(add_team(name="Care"))
    return made


@pytest.fixture
def channel(inbox: Inbox) -> Channel:
    """What listens for the word."""
    return make_channel(inbox)


@pytest.fixture
def agents(inbox: Inbox) -> list[Agent]:
    """Tessa and Ruben, who see it."""
    return [
        add_agent(name=name, email=f"{name}@plum.example", teams=list(inbox.teams.all())) for name in ("tessa", "ruben")
    ]


@pytest.fixture
def other_process() -> Iterator[learning.InUseHere]:
    """What another worker holds."""
    return learning.InUseHere()


def heard(channel: Channel, *texts: str) -> list[Message]:
    """Posts that nobody addressed to us, read by the journey."""
    numbers = [next(number) for _ in texts]
    heard_at = {"type": "post", "audience": "public", "targets_us": "keyword"}
    posts = [
        direct(f"q{n}", thread=f"q{n}", who=f"w{n}", text=text, **heard_at)
        for n, text in zip(numbers, texts, strict=True)
    ]
    arrive(channel, posts)
    drain()
    found = {row.external_id: row for row in Message.objects.order_by("-id")[: len(texts)]}
    return sorted(found.values(), key=lambda row: row.pk)


def judge(message: Message, agent: Agent, value: str) -> Correction:
    """An agent's word on a post."""
    return correct(message_id=message.pk, field="relevance", value=value, author=acts(agent))


def acts(agent: Agent) -> Author:
    """The agent as the one who acts."""
    return Author(agent.pk, agent.key, agent.name)


def react() -> None:
    """Let the events have their effects."""
    while react_step():
        pass


def waiting() -> list[ProcrastinateJob]:
    """The jobs that are to learn."""
    return list(ProcrastinateJob.objects.filter(task_name=teaching.LEARN, status="todo"))


def done() -> None:
    """No job is left."""
    execute("DELETE FROM procrastinate_jobs WHERE task_name = %s", [teaching.LEARN])


def run_jobs() -> None:
    """As a worker runs them."""
    for job in waiting():
        learn_brand_model(**job.args)
    done()


def taught(channel: Channel, agents: list[Agent], pairs: int = 6) -> None:
    """Agents in turn have said of so many posts of either kind which it is."""
    posts = heard(channel, *[text.format(aside) for aside in ASIDES[:pairs] for text in (ABOUT, NOT_ABOUT)])
    for place, post in enumerate(posts):
        judge(post, agents[place // 2 % len(agents)], ("relevant", "irrelevant")[place % 2])
    react()
    run_jobs()


def p_of(message: Message) -> float:
    """How probably it is about the brand."""
    return float(Reading.objects.get(message=message).data["relevance"]["p"])


def test_corrections_of_two_agents_change_the_judgement_of_the_next_post(channel: Channel, agents: list[Agent]) -> None:
    [first] = heard(channel, ABOUT.format("Nobody knows why."))
    taught(channel, agents)
    model = BrandModel.objects.get(active=True)
    assert (model.number, model.examples, model.relevant, model.agents) == (1, 12, 6, 2)
    [about, other] = heard(channel, ABOUT.format("Any idea?"), NOT_ABOUT.format("Bring a basket."))
    assert p_of(about) > p_of(first) + 0.05
    assert (about_label := Reading.objects.get(message=about).relevance) == "relevant", about_label
    assert Reading.objects.get(message=other).relevance == "irrelevant"
    version = Reading.objects.get(message=about).model_version
    assert learning.stamped(Reading.objects.get(message=first).model_version, 1) == version


def test_a_correction_is_one_job_that_waits_for_others_a_few_seconds(channel: Channel, agents: list[Agent]) -> None:
    posts = heard(channel, *[ABOUT.format(aside) for aside in ASIDES[:3]])
    for post in posts:
        judge(post, agents[0], "relevant")
    react()
    [job] = waiting()
    assert job.args == {"brand": Brand.objects.get().key, "anew": False}
    assert job.scheduled_at is not None
    assert timedelta(seconds=20) > teaching.GATHERING
    correct(message_id=posts[0].pk, field="complaint", value="true", author=acts(agents[0]))
    done()
    react()
    assert waiting() == [], "other fields teach no brand's model"


def test_learning_twice_from_the_same_makes_no_second_model(channel: Channel, agents: list[Agent]) -> None:
    taught(channel, agents)
    assert teaching.learn_now(Brand.objects.get().key) is None
    assert BrandModel.objects.count() == 1
    assert teaching.learn_now("brand_unknown") is None


def test_other_processes_take_the_model_with_their_next_batch(
    channel: Channel, agents: list[Agent], other_process: learning.InUseHere, django_assert_num_queries: object
) -> None:
    assert other_process.now().numbers == {}
    taught(channel, agents)
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert set(other_process.now().numbers.values()) == {1}
    with django_assert_num_queries(1):  # type: ignore[operator]
        other_process.now()
    assert other_process.now().beside("another release").weights == {}


def test_what_was_learnt_beside_other_shipped_models_is_not_used_and_learnt_anew(
    channel: Channel, agents: list[Agent]
) -> None:
    taught(channel, agents)
    BrandModel.objects.update(base="2020.1+00000000", held_by=agents[0])
    [post] = heard(channel, ABOUT.format("Hm."))
    assert "." not in Reading.objects.get(message=post).model_version.partition("+")[2]
    teaching.catch_up()
    run_jobs()
    assert BrandModel.objects.get(active=True).number == 2
    teaching.catch_up()
    assert waiting() == []


def test_a_model_that_is_worse_on_the_newest_corrections_is_kept_back(
    channel: Channel, agents: list[Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    taught(channel, agents, pairs=8)
    assert BrandModel.objects.get().tested == 3
    inverse = BrandModel.objects.get().probe
    posts = heard(channel, *[ABOUT.format(f"{aside}, honestly.") for aside in ASIDES[:9]])
    for post in posts[:6]:  # somebody who presses the wrong key, on what the newest judge rightly
        judge(post, agents[0], "irrelevant")
    for post in posts[6:]:
        judge(post, agents[1], "relevant")
    react()
    run_jobs()
    newest = BrandModel.objects.get(number=2)
    assert inverse is not None
    assert newest.kept_back == (newest.right < newest.right_before)
    assert newest.active is not newest.kept_back
    assert newest.tested == 5


def test_guard_refuses_and_the_one_in_use_stays(
    channel: Channel, agents: list[Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    taught(channel, agents, pairs=8)
    judged = iter([0, 3])  # the new one is right never, the one in use always
    monkeypatch.setattr("hark.understanding.trials._right", lambda *_: next(judged))
    judge(heard(channel, ABOUT.format("Once more."))[0], agents[0], "relevant")
    react()
    run_jobs()
    assert list(BrandModel.objects.order_by("number").values_list("number", "active")) == [(1, True), (2, False)]
    assert BrandModel.objects.get(number=2).kept_back


def test_going_back_holds_until_somebody_lets_it_learn_anew(channel: Channel, agents: list[Agent]) -> None:
    brand, owner = Brand.objects.get(), add_agent(name="Ada", email="ada@plum.example", role=Role.OWNER, teams=[])
    taught(channel, agents)
    judge(heard(channel, ABOUT.format("More."))[0], agents[0], "relevant")
    react()
    run_jobs()
    assert BrandModel.objects.get(active=True).number == 2
    go_back_to(brand=brand, number=1, agent=owner)
    [post] = heard(channel, ABOUT.format("Still."))
    assert Reading.objects.get(message=post).model_version.removesuffix("+linear").endswith(".1")
    judge(post, agents[0], "relevant")
    react()
    run_jobs()
    assert BrandModel.objects.count() == 2, "nothing replaces what somebody went back to"
    learn_anew(brand=brand, agent=owner)
    react()
    run_jobs()
    assert BrandModel.objects.get(active=True).number == 3
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"brand.model_chosen", "brand.learn_anew"}


def test_model_that_was_being_learnt_does_not_replace_what_somebody_goes_back_to_meanwhile(
    channel: Channel, agents: list[Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    brand, owner = Brand.objects.get(), add_agent(name="Ada", email="ada@plum.example", role=Role.OWNER, teams=[])
    taught(channel, agents)
    judge(heard(channel, ABOUT.format("Later."))[0], agents[0], "relevant")
    learns = teaching.try_out

    def slowly(*given: Any) -> Any:
        go_back_to(brand=brand, number=1, agent=owner)
        return learns(*given)

    monkeypatch.setattr(teaching, "try_out", slowly)
    react()
    run_jobs()
    assert list(BrandModel.objects.order_by("number").values_list("number", "active")) == [(1, True), (2, False)]


def test_only_who_may_change_brands_goes_back_and_not_to_what_is_gone(channel: Channel, agents: list[Agent]) -> None:
    brand, owner = Brand.objects.get(), add_agent(name="Ada", email="ada@plum.example", role=Role.OWNER, teams=[])
    taught(channel, agents)
    with pytest.raises(NotAllowed):
        go_back_to(brand=brand, number=1, agent=agents[0])
    with pytest.raises(NotAllowed):
        learn_anew(brand=brand, agent=agents[0])
    for _ in range(GOES_BACK_TO):
        teaching.learn_now(brand.key, anew=True)
    assert BrandModel.objects.get(number=1).weights is None
    with pytest.raises(ModelIsGone):
        go_back_to(brand=brand, number=1, agent=owner)


def test_brands_learn_apart(channel: Channel, agents: list[Agent]) -> None:
    taught(channel, agents)
    other = Brand.objects.create(key="brand_kite", name="Kite")
    assert teaching.learn_now(other.key) is None
    assert reading.IN_USE.now().numbers == {Brand.objects.get(name="Plum").key: 1}
