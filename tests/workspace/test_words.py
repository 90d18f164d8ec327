"""The desk's words for times, clocks, moods, readings and places; pure."""

from datetime import UTC, datetime, timedelta

import pytest

from hark.conversations.queries.cases import ClockFace
from hark.conversations.queries.readings import ReadingShown, ReasonShown
from hark.workspace.queries.channels import place_name
from hark.workspace.queries.shapes import clock_shown, evidence_spans, reading_words
from hark.workspace.queries.words import ago, clock_face, day, span_words
from hark.workspace.templatetags.desk import icon, key, person, weblink

NOON = datetime(2026, 10, 13, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7200, "2 h"), (172800, "2 days")]
)
def test_span_is_said_in_the_coarsest_unit_that_tells(seconds: int, words: str) -> None:
    assert span_words(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "face"), [(0, "0:00"), (760, "12:40"), (3599, "59:59"), (3840, "1 h 04"), (90000, "1 d 1 h")]
)
def test_clock_has_a_face_for_every_span(seconds: int, face: str) -> None:
    assert clock_face(seconds) == face


def test_days_are_named_as_people_name_them() -> None:
    assert [day(NOON - timedelta(days=back), NOON) for back in (0, 1, 2, 400)] == [
        "Today", "Yesterday", "Sun 11 Oct", "8 Sep 2025",
    ]  # fmt: skip
    assert ago(NOON - timedelta(seconds=2), NOON) == "now"


@pytest.mark.parametrize(
    ("face", "words"),
    [
        (ClockFace("running", "next_response", 760, 0.58), ("running", "12:40", "left")),
        (ClockFace("running", "next_response", 7200, 0.1), ("calm", "2 h 00", "left")),
        (ClockFace("breached", "next_response", 360, 1.0), ("breached", "Breached", "6 min")),
        (ClockFace("breached", "next_response", 360, 1.0, None, stopped=True), ("calm", "Late", "by 6 min")),
        (ClockFace("met", "first_response", 1320, 0.5, None, stopped=True), ("calm", "Met", "in 22 min")),
        (ClockFace("none"), ("none", "", "")),
    ],
)
def test_clock_says_its_state_by_a_word(face: ClockFace, words: tuple[str, str, str]) -> None:
    shown = clock_shown(face)
    assert (shown.state, shown.strong, shown.rest) == words


def reading(**more: object) -> ReadingShown:
    """A calm reading with changes."""
    fields: dict[str, object] = {
        "language": "en", "relevance": "relevant", "relevance_p": 0.9, "sentiment": "neutral", "complaint": False,
        "offensive": False, "emotion": "", "intent": "", "urgency": "normal", "flags": (), "reasons": (),
        "model_version": "1",
    }  # fmt: skip
    return ReadingShown(**{**fields, **more})  # type: ignore[arg-type]


def test_unhappy_becomes_angry_only_with_evidence_of_its_own() -> None:
    moods = [
        reading_words(reading(sentiment="negative")).mood,
        reading_words(reading(sentiment="negative", offensive=True)).mood,
        reading_words(reading(sentiment="positive")).mood,
        reading_words(reading(sentiment="")).mood,
    ]
    assert [mood.word if mood else "" for mood in moods] == ["Unhappy", "Angry", "Pleased", ""]


def test_reading_says_what_was_read_and_why() -> None:
    reasons = (ReasonShown("urgency", "asks for today", 3, 8), ReasonShown("sentiment", "wording"))
    said = reading_words(reading(complaint=True, urgency="high", flags=("leave",), relevance="unsure", reasons=reasons))
    assert said.words == ("Complaint", "Urgent", "May leave", "Perhaps not about us")
    assert said.why == "asks for today, wording, underlined words"
    assert evidence_spans(reading(reasons=reasons)) == [(3, 8)]


@pytest.mark.parametrize(
    ("venue", "channel", "words"),
    [
        ("webchat", "plum.example", "Web chat, plum.example"),
        ("webchat", "Chat", "Web chat"),
        ("simulated", "@plum (simulated)", "@plum (simulated)"),
        ("gone", "@plum", "gone, @plum"),
    ],
)
def test_place_is_said_once(venue: str, channel: str, words: str) -> None:
    assert place_name(venue, channel) == words


def test_addresses_of_strangers_become_links_only_in_the_web() -> None:
    assert weblink("https://square.example/1") == "https://square.example/1"
    assert [weblink(bad) for bad in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "")] == [
        "",
        "",
        "",
        "",
    ]


def test_marks_of_the_design_are_silent_or_named_and_escaped() -> None:
    assert 'aria-hidden="true"' in icon("mail")
    assert 'aria-label="&quot;&gt;"' in icon("mail", '">')
    assert key("G", "<") == (
        '<span class="keycaps" aria-hidden="true"><span class="key">G</span><span class="key">&lt;</span></span>'
    )
    assert person("Ann\u202e <b>") == "<bdi>Ann\u202e &lt;b&gt;</bdi>"
