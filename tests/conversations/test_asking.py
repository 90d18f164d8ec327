"""What is typed is read as a search: filters as filters, everything else as words, and nothing is an error."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark.conversations.queries.asking import Asked, Known, Mark, Term, asked_for

BRUSSELS = ZoneInfo("Europe/Brussels")
NOW = datetime(2026, 10, 14, 9, 30, tzinfo=BRUSSELS)
KNOWN = Known(7, {"webchat": "webchat", "web": "webchat", "chat": "webchat", "form": "form"}, {"Care": 1, "Night": 2})


def asked(text: str) -> Asked:
    return asked_for(text, KNOWN, at=NOW)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Refund", (Term(("refund",), begins=True),)),
        ("refund ", (Term(("refund",)),)),
        ("is my SIM", (Term(("is",)), Term(("my",)), Term(("sim",), begins=True))),
        ("at", (Term(("at",)),)),
        ('"Charged twice" -cake', (Term(("charged", "twice"), exact=True), Term(("cake",), without=True, begins=True))),
        ("“charged twice", (Term(("charged", "twice"), exact=True),)),
        ("maud@plum.example ", (Term(("maud", "plum", "example")),)),
        ("re:invoice 12:30 ", (Term(("re", "invoice")), Term(("12", "30")))),
        ("退款", (Term(("退款",)),)),
        ("款", (Term(("款",), begins=True),)),
        ('- -- "" : !', ()),
    ],
)
def test_words_and_phrases(text: str, terms: tuple[Term, ...]) -> None:
    found = asked(text)
    assert (found.terms, found.marks, found.odd) == (terms, (), ())


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("from:Maud", Mark((("from:maud",),))),
        ('from:"Maud Terlinden"', Mark((("from:maud", "from:terlinden"),))),
        ("from:@maudterl", Mark((("from:maudterl",),))),
        ("from:me", Mark((("by:7",),))),
        ("-from:us", Mark((("by:us",),), without=True)),
        ("venue:chat", Mark((("venue:webchat",),))),
        ("VENUE:form venue:web", Mark((("venue:form",), ("venue:webchat",)))),
        ("mood:negative", Mark((("mood:unhappy",), ("mood:angry",)))),
    ],
)
def test_filters_that_the_index_knows(text: str, mark: Mark) -> None:
    found = asked(text)
    assert (found.terms, found.marks, found.odd) == ((), (mark,), ())


def test_filters_about_case_inbox_and_time() -> None:
    found = asked("is:open is:mine in:ca after:2026-10 before:yesterday")
    assert (found.states, found.inboxes) == ({"open", "mine"}, {1})
    assert found.after == datetime(2026, 10, 1, tzinfo=BRUSSELS)
    assert found.before == datetime(2026, 10, 13, tzinfo=BRUSSELS)
    assert asked("after:7d").after == datetime(2026, 10, 7, tzinfo=BRUSSELS)
    assert found.odd == ()


@pytest.mark.parametrize(
    "text", ["mood:purple ", "venue:fax ", "is:sleeping ", "in:kitchen ", "before:soon ", "-is:open ", "after:1500 "]
)
def test_what_is_no_filter_is_searched_as_words_and_said(text: str) -> None:
    found = asked(text)
    assert len(found.odd) == 1
    assert text.strip().lstrip("-") in found.odd[0]
    [term] = found.terms
    assert term.words == tuple(text.strip().lstrip("-").split(":"))


@pytest.mark.parametrize("text", ["", "  ", "from:", "is:", "-refund", "-from:me", '""'])
def test_nothing_to_look_for_is_empty(text: str) -> None:
    assert asked(text).is_empty


def test_too_much_is_cut_and_said() -> None:
    found = asked("word " * 200)
    assert len(found.terms) == 20
    assert "first 20" in found.odd[0]


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_search(text: str) -> None:
    asked(text)


@given(st.lists(st.sampled_from(["from:", "is:", "in:", "-", '"', " ", "mood:", "after:", "9999", "a", ":", "款"])))
def test_whatever_looks_like_a_filter_is_a_search(parts: list[str]) -> None:
    asked("".join(parts))
