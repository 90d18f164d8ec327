"""Normalising keeps what carries the message, drops what hides it, and finds the way back."""

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from hark.understanding.normalise import LONGEST, canonical, duplicate_key, normalise, origins, readable
from hark.understanding.signals import alike

HOSTILE = st.text(alphabet=st.characters(codec=None), max_size=60)


def test_hidden_characters_and_entities_are_undone_and_emoji_stay() -> None:
    assert (
        normalise("f\u200bi\u200dre &amp; \u202esmoke\u202c \ud800\x00 \U0001f525\ufe0f") == "fire & smoke  \U0001f525"
    )
    assert normalise("ｆｉｒｅ “now” it’s") == 'fire "now" it\'s'


def test_addresses_are_blanked_at_their_length() -> None:
    text = "see https://x.example/fire and @firecompany or me@fire.example now"
    plain = readable(text)
    assert len(plain) == len(text)
    assert "fire" not in plain
    assert plain.endswith("now")


@given(HOSTILE)
def test_any_text_normalises_and_every_place_leads_back_into_it(raw: str) -> None:
    clean = normalise(raw)
    clean.encode("utf-8")
    places = origins(raw)
    if places is not None:
        assert len(places) == len(clean.lower())
        assert all(0 <= start < end <= len(raw) for start, end in places)


def test_span_of_a_word_behind_hidden_characters_and_entities_is_that_of_the_given_text() -> None:
    raw = "a &amp; b\u200b ﬁre İstanbul e\u0301té smoke"
    places = origins(raw)
    assert places is not None
    at = normalise(raw).lower().index("smoke")
    assert raw[places[at][0] : places[at + 4][1]] == "smoke"


def test_long_text_is_read_to_its_limit() -> None:
    assert len(normalise("x" * 100_000)) == LONGEST


def test_canonical_form_drops_handles_links_marks_and_case() -> None:
    assert canonical("@Plum  LATE again!!! https://x.example \U0001f621") == "late again \U0001f621"


def test_duplicates_are_scoped_by_brand_author_and_length() -> None:
    long = "one two three four five six seven eight"
    assert duplicate_key(long, "plum", "ann") == duplicate_key(long, "plum", "bob")
    assert duplicate_key(long, "plum", "ann") != duplicate_key(long, "pear", "ann")
    assert duplicate_key("thank you", "plum", "ann") != duplicate_key("thank you", "plum", "bob")
    assert duplicate_key("thank you", "plum", "ann") == duplicate_key("thank you", "plum", "ann")
    assert duplicate_key("thank you", "plum", None) is None
    assert duplicate_key("", "plum", "ann") is None
    assert len(duplicate_key(long, None, None) or "") == 16


@given(st.text("abcd ", min_size=40, max_size=120), st.integers(0, 3), st.text("abcd ", max_size=40))
def test_quick_look_never_hides_a_likeness(text: str, cuts: int, frame: str) -> None:
    part = canonical(text)[cuts:]
    other = f"{frame} {canonical(text)} {frame}"
    if part.count(" ") >= 8 and fuzz.partial_ratio(part, other) >= 95:
        assert alike(part, other)


def test_likeness_is_near_equality_or_a_long_part() -> None:
    long = "you charged me twice for a bundle that never worked"
    assert alike("my parcel is late again", "my parcel is late agian")
    assert alike(long, f"third time i ask {long} in porto and nobody answers any of my mails")
    assert not alike("thanks a lot", "thanks but no")
    assert not alike("where is it", f"{long} where is it")
