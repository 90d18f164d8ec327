"""Words: the same text is the same words, in any script, however it is accented; what is stored is what is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark.kernel.db import fetch_all
from hark.kernel.fulltext import LAST_PLACE, fold, plain_words, quoted, stems_of, vector_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Third time I ask @plumcare!", ["third", "time", "i", "ask", "plumcare"]),
        ("Où est la crème brûlée?", ["ou", "est", "la", "creme", "brulee"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("Łódź, Smørrebrød, İstanbul, ırmak", ["lodz", "smorrebrod", "istanbul", "irmak"]),
        ("don't a@b.example 24.90 RF-12", ["don", "t", "a", "b", "example", "24", "90", "rf", "12"]),
        ("مُحَمَّد محمـــد", ["محمد", "محمد"]),
        ("शिकायत है", ["शिकायत", "है"]),
        ("Ｆｕｌｌ ｗｉｄｔｈ", ["full", "width"]),
        ("snake_case 🙂", ["snake", "case"]),
        ("", []),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert plain_words(text) == words


def test_signs_without_spaces_become_pairs_and_the_last_one_alone() -> None:
    assert plain_words("退款 please") == ["退款", "款", "please"]
    assert [word.folded for word in words_of("返金して", asked=True)] == ["返金", "金し", "して"]
    assert [word.folded for word in words_of("款", asked=True)] == ["款"]


@given(st.text(max_size=60))
def test_any_text_has_words_whose_places_lie_in_it_in_order(text: str) -> None:
    words = list(words_of(text))
    assert all(0 <= word.start < word.end <= len(text) and word.folded for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)
    assert all(fold(word.folded) == word.folded for word in words)


def test_vector_is_what_postgresql_reads_whatever_is_in_it(db: None) -> None:
    words = ["it's", "back\\slash", "a", "a", *["filler"] * 300]
    [[stored]] = fetch_all("SELECT %s::tsvector::text", [vector_of(words, ["venue:form"])])
    assert "'it''s':1" in stored
    assert "'a':3,4" in stored
    assert "'venue:form'" in stored
    assert fetch_all("SELECT %s::tsvector @@ %s::tsquery", [vector_of(words), quoted("back\\slash")]) == [(True,)]
    long = vector_of([f"w{number}" for number in range(LAST_PLACE + 10)])
    assert fetch_all("SELECT length(%s::tsvector)", [long]) == [(LAST_PLACE + 10,)]


def test_mail_bomb_is_cut_not_refused(db: None) -> None:
    bomb = " ".join(f"{'x' * 79}{number}" for number in range(30_000))
    fetch_all("SELECT length(%s::tsvector)", [vector_of(plain_words(bomb))])


def test_forms_of_a_word_share_a_stem(db: None) -> None:
    stems = stems_of(["charged", "rechnungen", "款"])
    assert "charg" in stems["charged"]
    assert "rechnung" in stems["rechnungen"]
    assert "款" not in stems
    assert stems_of([]) == {}
