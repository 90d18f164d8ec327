"""Who looks and who types: short-lived, through the gate, and no storm of events."""

from datetime import timedelta

import pytest

from hark.conversations.actions.looking import forget_past_looks, look, look_away
from hark.conversations.models import Case, Looking
from hark.conversations.queries.looking import lookers
from hark.conversations.types import Author
from hark.kernel.db import fetch_all
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from tests.workspace.makers import World, case_of, known, make_world, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def case(world: World) -> Case:
    return case_of(say(world.chat, known("ann"), "Hello?"))


def by(agent: Agent) -> Author:
    return Author(agent.pk, agent.key, agent.name)


def seen_by(agent: Agent, case: Case) -> list[tuple[str, bool]]:
    return [(one.name, one.typing) for one in lookers(agent, case, at=database_now())]


def told() -> int:
    return int(fetch_all("SELECT count(*) FROM kernel_event WHERE kind = 'looking.changed'")[0][0])


def test_colleague_is_seen_looking_then_typing_then_gone(world: World, case: Case) -> None:
    look(case_id=case.pk, author=by(world.tessa), tab="t", typing=False)
    assert seen_by(world.ruben, case) == [("Tessa Okonedo", False)]
    assert seen_by(world.tessa, case) == []
    look(case_id=case.pk, author=by(world.tessa), tab="t", typing=True)
    look(case_id=case.pk, author=by(world.tessa), tab="other", typing=False)
    assert seen_by(world.ruben, case) == [("Tessa Okonedo", True)]
    for tab in ("t", "other"):
        look_away(author=by(world.tessa), tab=tab)
    assert seen_by(world.ruben, case) == []


def test_page_that_says_the_same_again_writes_one_row_and_no_event(world: World, case: Case) -> None:
    for _ in range(5):
        look(case_id=case.pk, author=by(world.tessa), tab="t", typing=False)
    assert (Looking.objects.count(), told()) == (1, 1)
    look(case_id=case.pk, author=by(world.tessa), tab="t", typing=True)
    assert (Looking.objects.count(), told()) == (1, 2)


def test_page_that_ended_without_a_word_is_forgotten(world: World, case: Case) -> None:
    look(case_id=case.pk, author=by(world.tessa), tab="t", typing=True)
    Looking.objects.update(until=database_now() - timedelta(seconds=1))
    assert seen_by(world.ruben, case) == []
    assert forget_past_looks() == 1


def test_page_that_moves_on_tells_both_cases(world: World, case: Case) -> None:
    other = case_of(say(world.chat, known("bob"), "Hello?"))
    look(case_id=case.pk, author=by(world.tessa), tab="t", typing=True)
    look(case_id=other.pk, author=by(world.tessa), tab="t", typing=False)
    assert seen_by(world.ruben, case) == []
    assert seen_by(world.ruben, other) == [("Tessa Okonedo", False)]
    assert told() == 3


def test_nobody_looks_at_a_case_that_he_may_not_see(world: World, case: Case) -> None:
    with pytest.raises(NotFound):
        look(case_id=case.pk, author=by(world.stranger), tab="t", typing=False)
    assert (Looking.objects.count(), told()) == (0, 0)


def test_table_is_unlogged() -> None:
    assert fetch_all("SELECT relpersistence FROM pg_class WHERE relname = 'conversations_looking'") == [("u",)]
