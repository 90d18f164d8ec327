"""Whoever comes again goes to a senior, where there is one who can; nobody waits for one who does not come."""

import pytest

from hark.conversations.models import Case
from hark.journey.reactions import REACTIONS
from hark.kernel.time import database_now
from hark.kernel.types import JournalEvent, Position
from hark.organisation.models import AuditEntry
from hark.routing import actions
from hark.routing.queries import asks_for_senior, is_senior
from hark.routing.types import NewWork
from tests.routing.makers import Desk, check_truth, events, item_of, make_agent, make_case, make_desk, work_on

pytestmark = pytest.mark.django_db


def again(desk: Desk, *skills: str, waited: float = 0) -> Case:
    """The work of somebody who has come again."""
    case = make_case(desk)
    Case.objects.filter(pk=case.pk).update(again=3)
    work = work_on(case, "async", *skills, waited=waited)
    fields = {name: getattr(work, name) for name in NewWork.__slots__ if name != "senior"}
    actions.place([NewWork(**fields, senior=True)])
    return case


def given(case: Case) -> str:
    actions.route()
    item = item_of(case)
    return item.agent.name if item.agent else ""


def test_senior_gets_it_and_others_do_not() -> None:
    desk = make_desk()
    make_agent("Tessa", desk, french=3)
    lea = make_agent("Lea", desk, french=3)
    actions.set_senior(agent=lea, is_senior=True, actor="test")
    first, second, third = again(desk), again(desk, "french"), again(desk)
    assert item_of(second).skills == ["french", "senior"]
    assert [given(first), given(second)] == ["Lea", "Lea"]
    assert given(third) == "", "she has her hands full, and Tessa is no senior"
    assert asks_for_senior(third) == "asked"
    check_truth()


def test_nobody_waits_where_there_is_no_senior() -> None:
    desk, elsewhere = make_desk(), make_desk("Elsewhere")
    make_agent("Tessa", desk)
    actions.set_senior(agent=make_agent("Lea", elsewhere), is_senior=True, actor="test")
    case = again(desk)
    assert asks_for_senior(case) == "nobody"
    assert given(case) == "Tessa"


def test_after_half_its_promise_anybody_may_take_it_and_the_timeline_says_so() -> None:
    desk = make_desk()
    make_agent("Tessa", desk)
    lea = make_agent("Lea", desk, here=False)
    actions.set_senior(agent=lea, is_senior=True, actor="test")
    early = again(desk, waited=100)
    assert given(early) == ""
    item = item_of(early)
    item.arrived_at = database_now().replace(year=2020)
    item.save()
    assert given(early) == "Tessa"
    assert events("case.no_senior") == [early.key]
    late = again(desk, waited=500)
    assert item_of(late).skills == [], "its promise is half over as it comes"
    assert events("case.no_senior") == [early.key]
    assert asks_for_senior(late) == "late"


def test_senior_who_goes_is_not_waited_for() -> None:
    desk = make_desk()
    make_agent("Tessa", desk)
    lea = make_agent("Lea", desk, here=False)
    actions.set_senior(agent=lea, is_senior=True, actor="test")
    case = again(desk)
    assert given(case) == ""
    actions.set_senior(agent=lea, is_senior=False, actor="test")
    assert not is_senior(lea)
    assert given(case) == "Tessa"
    assert (
        list(AuditEntry.objects.filter(subject=lea.key).values_list("verb", flat=True)) == ["agent.senior_changed"] * 2
    )


def test_mark_that_changes_changes_what_waiting_work_asks_for() -> None:
    desk = make_desk()
    lea = make_agent("Lea", desk, here=False)
    actions.set_senior(agent=lea, is_senior=True, actor="test")
    actions.define_skill(key="venue:email", name="E-mail")
    case = make_case(desk)
    actions.place([work_on(case, "async", "venue:email")])
    for number, skills in ((3, ["senior", "venue:email"]), (3, ["senior", "venue:email"]), (0, ["venue:email"])):
        Case.objects.filter(pk=case.pk).update(again=number)
        told = JournalEvent(
            Position(0, 0), database_now(), "case.again", case.key, "system", None, None, "", {"contacts": number}
        )
        for reaction in REACTIONS["case.again"]:
            reaction(told)
        assert item_of(case).skills == skills
    Case.objects.filter(pk=case.pk).update(again=3)
    reopened = JournalEvent(Position(0, 0), database_now(), "case.reopened", case.key, "agent_x", None, None, "", {})
    for reaction in REACTIONS["case.reopened"]:
        reaction(reopened)
    assert item_of(case).skills == ["senior", "venue:email"]
