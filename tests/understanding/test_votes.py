"""Whose word teaches how much: opposites cancel out, copies count once, nobody bends a brand's model alone."""

from collections import Counter
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from hark.understanding.votes import COUNTED_ANYWAY, MOST_OF_ONE, Taught, Vote, counted, limits_of

numbers = count(1)


def vote(agent: int, text: str, *, relevant: bool = True, message: int = 0) -> Vote:
    """A word of an agent, later than those before."""
    number = next(numbers)
    return Vote(agent, message or number, text, relevant, number)


def told(taught: Taught) -> list[tuple[str, bool, float]]:
    """What is taught."""
    return [(one.text, one.relevant, one.weight) for one in taught.examples]


def test_two_agents_who_disagree_cancel_out_and_a_third_decides() -> None:
    yes, no = vote(1, "plum roaming"), vote(2, "plum roaming", relevant=False)
    assert told(counted("plum", [yes, no])) == []
    assert counted("plum", [yes, no]).cancelled == 2
    third = counted("plum", [yes, no, vote(3, "plum roaming")])
    assert told(third) == [("plum roaming", True, 1.0)]
    assert (third.agents, third.cancelled) == (1, 2)


def test_an_agent_may_change_his_own_mind() -> None:
    first, second = vote(1, "plum jam", message=7), vote(1, "plum jam", relevant=False, message=7)
    assert told(counted("plum", [second, first])) == [("plum jam", False, 1.0)]


def test_the_same_words_count_once_however_often_one_agent_judges_them() -> None:
    copies = [vote(1, f"Plum jam is out again https://x.example/{number}") for number in range(5)]
    assert len(counted("plum", copies).examples) == 1
    assert len(counted("plum", [vote(1, "🍑"), vote(1, "🍇")]).examples) == 2, "without words each stands for itself"


def test_examples_stand_in_the_order_of_the_newest_word_on_them() -> None:
    old, new = vote(1, "plum one"), vote(1, "plum two")
    again = vote(2, "plum one")
    assert [one.text for one in counted("plum", [again, new, old]).examples] == ["plum two", "plum one"]


def test_one_agent_alone_teaches_in_full() -> None:
    assert limits_of({1: 300}) == {1: 300.0}


def test_from_four_agents_on_nobody_weighs_more_than_a_quarter() -> None:
    limits = limits_of({1: 400, 2: 50, 3: 40, 4: 60})
    assert limits[1] == 50.0 or limits[1] / sum(limits.values()) <= MOST_OF_ONE + 1e-9
    assert (limits[2], limits[3]) == (50.0, 40.0) or max(limits.values()) / sum(limits.values()) <= MOST_OF_ONE + 1e-9


def test_a_newcomer_does_not_undo_what_others_taught() -> None:
    assert limits_of({1: 100, 2: 1}) == {1: float(COUNTED_ANYWAY), 2: 1.0}


@given(st.lists(st.integers(COUNTED_ANYWAY, 500), min_size=4, max_size=12))
def test_no_share_exceeds_a_quarter_where_all_have_taught_enough(given_by: list[int]) -> None:
    limits = limits_of(dict(enumerate(given_by)))
    assert max(limits.values()) <= MOST_OF_ONE * sum(limits.values()) + 1e-6
    assert all(limits[agent] <= number for agent, number in enumerate(given_by))


def test_weights_of_an_agents_examples_add_up_to_his_limit() -> None:
    votes = [vote(1, f"plum {number} of one") for number in range(90)]
    votes += [vote(agent, f"plum {number} of {agent}") for agent in (2, 3, 4) for number in range(30)]
    taught = counted("plum", votes)
    total: Counter[str] = Counter()
    for one in taught.examples:
        total[one.text.rsplit(" ", 1)[1]] += one.weight  # type: ignore[assignment]
    assert round(total["one"], 6) == 30.0
    assert total["one"] / sum(total.values()) <= MOST_OF_ONE + 1e-9
