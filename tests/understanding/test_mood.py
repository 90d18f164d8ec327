"""The mood fold holds to its definition, case by case, and says why in words."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from hark.understanding.mood import Scored, message_score, mood
from tests.paths import shared

NOW = datetime(2026, 10, 13, 12, 0, tzinfo=UTC)
CASES = [
    ("empty", [], 0.0, 0.0, "calm"),
    ("one neutral", [0.0], 0.0, 0.0, "calm"),
    ("one furious message", [-0.9], -0.9, 0.0, "furious"),
    ("steady calm", [0.2] * 10, 0.2, 0.0, "calm"),
    ("souring", [0.4, 0.2, 0.0, -0.2, -0.4, -0.6], -0.2305, -0.2, "angry"),
    ("recovering", [-0.8, -0.7, -0.5, -0.2, 0.1, 0.3], -0.1448, 0.241, "calm"),
    ("old anger forgotten", [-0.9] * 3 + [0.3] * 7, 0.1678, 0.105, "calm"),
    ("only the last ten count", [-1.0] * 2 + [0.1] * 10, 0.1, 0.0, "calm"),
    ("steady anger", [-0.8] * 6, -0.8, 0.0, "furious"),
    ("one outburst in calm", [0.2] * 5 + [-0.8], -0.0751, -0.1918, "angry"),
    ("thanks after anger", [-0.8] * 5 + [0.6], -0.4149, 0.2685, "unhappy"),
]


@pytest.mark.parametrize(("case", "scores", "value", "slope", "level"), CASES, ids=[case[0] for case in CASES])
def test_mood_is_as_defined(case: str, scores: list[float], value: float, slope: float, level: str) -> None:
    for sent_at in (None, NOW):
        folded = mood([Scored(score, sent_at) for score in scores])
        assert (folded.value, folded.slope, folded.level) == (pytest.approx(value, abs=1e-4), slope, level), case


def test_anger_of_four_weeks_ago_weighs_a_quarter() -> None:
    old = NOW - timedelta(days=28)
    folded = mood([Scored(-0.9, old), Scored(-0.9, old), Scored(0.0, NOW)])
    assert (folded.value, folded.slope, folded.level) == (-0.2362, 0.5375, "calm")


def test_missing_and_future_times_count_as_no_age() -> None:
    plain = mood([Scored(-0.5), Scored(0.5)])
    assert mood([Scored(-0.5, NOW + timedelta(days=9)), Scored(0.5, NOW)]) == plain
    assert mood([Scored(-0.5, None), Scored(0.5, NOW)]) == plain
    assert mood([Scored(-0.5, NOW), Scored(0.5, None)]) == plain


def test_half_a_day_weighs_between_none_and_one() -> None:
    values = [mood([Scored(-1.0, NOW - timedelta(hours=h)), Scored(1.0, NOW)]).value for h in (0, 12, 24)]
    assert values[0] < values[1] < values[2]


def test_reference_cases_hold() -> None:
    reference = json.loads(shared("data", "reference", "mood", "mood_cases.json").read_text())
    for case in reference["cases"]:
        days = case["days_ago"] or [0] * len(case["scores"])
        folded = mood([Scored(s, NOW - timedelta(days=d)) for s, d in zip(case["scores"], days, strict=True)])
        assert (folded.value, folded.slope, folded.level) == (case["mood"], case["slope"], case["level"]), case["case"]


def test_mood_counts_curses_and_names_what_is_wrong_with_the_newest_message() -> None:
    cursing = Scored(-0.6, None, ("curse",))
    newest = Scored(-0.8, None, ("human", "unanswered:3", "repeat"))
    folded = mood([*[Scored(0.0)] * 5, *[cursing] * 4, newest])
    assert folded.reasons[:3] == ("asks for a person", "third message without answer", "repeats an earlier message")
    assert "4 of the last 10 contain curse words" in folded.reasons


def test_every_mood_of_a_message_has_a_reason() -> None:
    for score in (-1.0, -0.3, 0.0, 0.4, 1.0):
        assert mood([Scored(score)]).reasons


def test_score_takes_each_deduction_once_and_stays_in_range() -> None:
    assert message_score(0.5, 0.25, ()) == 0.25
    assert message_score(0.5, 0.25, ("repeat", "human", "unanswered:4", "shouting")) == pytest.approx(-0.3)
    assert message_score(0.0, 0.9, ("repeat", "abuse", "human")) == -1.0
    assert message_score(0.5, 0.5, ("curse",)) == 0.0
