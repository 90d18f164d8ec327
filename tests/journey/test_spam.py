"""Spam: held with a reason when it comes, learnt from agents' marks, never of those whom we know, never deleted."""

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from hark.conversations.actions.accepted import sent
from hark.conversations.actions.cases import resolve
from hark.conversations.actions.learning import go_back_to
from hark.conversations.actions.spam import mark_case_no_spam, mark_case_spam, mark_no_spam, mark_spam
from hark.conversations.models import Case, Clock, Message, SpamMark, SpamModel
from hark.conversations.types import Author, Status
from hark.delivery.models import OutboxItem
from hark.journey.jobs import learn_spam_model, react_step
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Channel
from hark.organisation.types import Role
from hark.understanding.spam import SpamExample, learn_spam, try_spam
from tests.conversations.desk import answers
from tests.journey.makers import make_agent, make_channel
from tests.journey.venue import arrive, direct, drain

pytestmark = pytest.mark.django_db(transaction=True)
SPAM = [
    "Dear sir, guest posts and SEO backlinks for your website at a cheap price. https://rank-fast.biz/{}",
    "Boost your ranking with SEO backlinks, first page guaranteed, www.rank-fast.biz offer {}",
    "Cheap SEO backlinks and guest posts, our offer number {} ends soon",
    "Guest posts for your website, SEO experts, see https://rank-fast.biz and order {}",
    "We offer cheap SEO backlinks to boost your website number {}",
]
HAM = [
    "My SIM does not work in Portugal {}",
    "I was charged twice for roaming, invoice {}",
    "How can I change the address of contract {}?",
    "When does order {} arrive?",
    "The app crashes when I open bill {}",
    "Please cancel my contract {} at the end of the month",
]
NEXT = "SEO backlinks and guest posts at a cheap price for your website, https://rank-fast.biz/new"


@pytest.fixture
def channel() -> Channel:
    return make_channel()


@pytest.fixture
def agent(channel: Channel) -> Agent:
    return make_agent("Tessa", role=Role.OWNER)


def author_of(agent: Agent) -> Author:
    return Author(agent.pk, agent.key, agent.name)


def said(number: int) -> Message:
    return Message.objects.select_related("conversation__case").get(external_id=f"p{number}")


def writes(channel: Channel, number: int, text: str, who: str = "") -> Message:
    """A private message, through the journey."""
    arrive(channel, direct(number, thread=f"t{who or number}", who=who or f"w{number}", text=text))
    drain()
    return said(number)


def case_of(message: Message) -> Case:
    assert message.conversation.case_id is not None
    return Case.objects.get(pk=message.conversation.case_id)


def answered(agent: Agent, message: Message) -> None:
    """An agent answers, and the venue takes it."""
    ours = answers(agent, case_of(message))
    taken = {"state": "sent", "sent_at": database_now(), "external_ids": [f"out:{ours.key}"]}
    OutboxItem.objects.filter(pk=ours.outbox_item_id).update(**taken)
    assert sent(message_key=ours.key)


def _waiting(channel: Channel) -> list[ProcrastinateJob]:
    """The jobs that are to learn this brand's spam."""
    rows = ProcrastinateJob.objects.filter(task_name="journey.learn_spam", status="todo")
    return [row for row in rows if row.args["brand"] == channel.inbox.brand.key and not row.args["anew"]]


def taught(channel: Channel, agent: Agent) -> SpamModel:
    """Five cases called spam, a dozen answered, and what was learnt from that."""
    for number, text in enumerate(SPAM, 100):
        mark_case_spam(case_id=case_of(writes(channel, number, text.format(number))).pk, actor=author_of(agent))
    for number in range(12):
        answered(agent, writes(channel, 200 + number, HAM[number % len(HAM)].format(number)))
    learn_spam_model(brand=channel.inbox.brand.key)
    return SpamModel.objects.get()


def test_case_that_is_spam_leaves_the_queue_and_comes_back_as_it_was(channel: Channel, agent: Agent) -> None:
    case = case_of(writes(channel, 1, "Hello, buy followers"))
    due = case.due_at
    assert due is not None
    mark_case_spam(case_id=case.pk, actor=author_of(agent))
    mark_case_spam(case_id=case.pk, actor=author_of(agent))
    case.refresh_from_db()
    assert (case.spam, case.status, case.due_at) == (True, Status.RESOLVED, None)
    assert said(1).spam
    assert SpamMark.objects.count() == 1
    assert not Clock.objects.filter(case=case, stopped_at=None).exists()
    mark_case_no_spam(case_id=case.pk, actor=author_of(agent))
    case.refresh_from_db()
    assert (case.spam, case.status, case.due_at) == (False, Status.OPEN, due)
    assert not said(1).spam
    assert [mark.spam for mark in SpamMark.objects.order_by("id")] == [True, False], "every word stays"


def test_what_the_same_author_writes_next_is_held_and_opens_nothing(channel: Channel, agent: Agent) -> None:
    case = case_of(writes(channel, 1, "Buy followers now", who="seller"))
    mark_case_spam(case_id=case.pk, actor=author_of(agent))
    again = writes(channel, 2, "Only today: likes", who="seller")
    assert again.spam
    case.refresh_from_db()
    assert case.status == Status.RESOLVED
    held = SpamMark.objects.get(message=again)
    assert (held.agent, held.why) == (None, "Tessa called it spam what this author wrote before")
    mark_case_no_spam(case_id=case.pk, actor=author_of(agent), status=Status.RESOLVED)
    assert not writes(channel, 3, "A real question", who="seller").spam
    case.refresh_from_db()
    assert case.status == Status.OPEN


def test_marks_teach_and_what_is_held_says_why_and_opens_its_case_when_it_is_none(
    channel: Channel, agent: Agent
) -> None:
    model = taught(channel, agent)
    assert (model.active, model.relevant, model.examples, model.held) == (True, 5, 17, 0)
    cases = Case.objects.count()
    held = writes(channel, 300, NEXT)
    assert held.spam
    assert Case.objects.count() == cases
    mark = SpamMark.objects.get(message=held)
    assert mark.why.startswith("like what agents called spam: ")
    assert "backlinks" in mark.why
    assert mark.why.endswith("(model 1)")
    assert mark.p is not None
    assert mark.p >= 0.6
    for number, text in enumerate(("I won your raffle, how do I claim the price?", "Is roaming cheap in Malta?"), 301):
        assert not writes(channel, number, text).spam
    opened = mark_no_spam(message_id=held.pk, author=author_of(agent))
    assert opened is not None
    assert (opened.opened_because, opened.assignee, opened.status) == ("Private message", None, Status.OPEN)
    assert opened.due_at is not None
    with pytest.raises(NotFound):
        mark_spam(message_id=held.pk, author=author_of(agent))  # it is in a case now


def test_nothing_is_held_of_whom_we_know(channel: Channel, agent: Agent) -> None:
    taught(channel, agent)
    writes(channel, 400, "My SIM fails", who="open")
    assert not writes(channel, 401, NEXT, who="open").spam, "has an open case"
    before = writes(channel, 402, "My SIM fails again", who="known")
    answered(agent, before)
    resolve(case_id=case_of(before).pk, actor=author_of(agent))
    assert not writes(channel, 403, NEXT, who="known").spam, "was answered before"
    other = writes(channel, 406, "My SIM fails too", who="resolved")
    resolve(case_id=case_of(other).pk, actor=author_of(agent))
    assert not writes(channel, 407, NEXT, who="resolved").spam, "had a case that was none"
    comment = {"who": "stranger", "thread": "topen", "text": NEXT}
    arrive(channel, direct(408, **comment))
    drain()
    assert not said(408).spam, "nobody would see it in somebody else's case"
    danger = "SEO backlinks and guest posts for your website. My charger caught fire in my hand."
    assert not writes(channel, 404, danger).spam
    pressing = "SEO backlinks, guest posts. My charger is burning, there is smoke and fire in my room, help"
    assert not writes(channel, 405, pressing).spam


def test_public_post_is_marked_with_all_its_like_and_the_job_is_one(channel: Channel, agent: Agent) -> None:
    post = {"type": "post", "targets_us": "keyword", "text": "Buy Plum backlinks today"}
    arrive(channel, direct(1, thread="a", who="a", **post))
    drain()
    mark_spam(message_id=said(1).pk, author=author_of(agent))
    mark_spam(message_id=said(1).pk, author=author_of(agent))
    assert SpamMark.objects.count() == 1
    while react_step():
        pass
    assert len(_waiting(channel)) == 1
    assert mark_no_spam(message_id=said(1).pk, author=author_of(agent)) is None
    assert not said(1).spam


def test_who_may_not_answer_or_see_it_marks_nothing(channel: Channel, agent: Agent) -> None:
    message = writes(channel, 1, "Hello, buy followers")
    viewer = make_agent("Vic", role=Role.AUDITOR)
    with pytest.raises(NotAllowed):
        mark_case_spam(case_id=case_of(message).pk, actor=author_of(viewer))
    stranger = make_agent("Nils")
    with pytest.raises(NotFound):
        mark_case_spam(case_id=case_of(message).pk, actor=author_of(stranger))


def test_model_that_would_hold_what_is_no_spam_is_kept_back() -> None:
    """The guard: half of the others say just what spam says."""
    spam = [SpamExample("plum", text.format(n), relevant=True) for n, text in enumerate(SPAM)]
    others = [SpamExample("plum", text.format(n), relevant=False) for n, text in enumerate(HAM)]
    assert not try_spam([*others, *spam], None).worse
    alike = [SpamExample("plum", text.format(n + 50), relevant=False) for n, text in enumerate(SPAM[:2])]
    trial = try_spam([*others, *alike, *spam * 3], None)
    assert trial.held > 0
    assert trial.worse


def test_two_marks_teach_nothing() -> None:
    some = [SpamExample("plum", text, relevant=True) for text in SPAM[:2]]
    others = [SpamExample("plum", text, relevant=False) for text in HAM]
    assert learn_spam([*others, *some]) is None


def test_one_can_go_back_to_an_earlier_model(channel: Channel, agent: Agent) -> None:
    first = taught(channel, agent)
    mark_case_spam(case_id=case_of(writes(channel, 500, "Win crypto today")).pk, actor=author_of(agent))
    learn_spam_model(brand=channel.inbox.brand.key)
    assert [row.number for row in SpamModel.objects.filter(active=True)] == [2]
    go_back_to(brand=channel.inbox.brand, number=first.number, agent=agent, model=SpamModel)
    learn_spam_model(brand=channel.inbox.brand.key)
    assert [row.number for row in SpamModel.objects.filter(active=True)] == [1]
