"""What a brand listens for: seeded from its profile, switched one by one, with limits that say what is wrong."""

import pytest

from hark.kernel.errors import HarkError, NotFound
from hark.organisation.actions.listening import (
    TermExcluded,
    TermThere,
    TermTooLong,
    TermTooShort,
    TooManyTerms,
    WrongLimit,
    add_term,
    keep_etiquette,
    remove_term,
    switch_term,
)
from hark.organisation.actions.people import add_brand, change_brand
from hark.organisation.listening import listened_for, rival_in, stands_in, terms_of
from hark.organisation.models import AuditEntry, Brand
from hark.organisation.types import MOST_TERMS, NewBrand

pytestmark = pytest.mark.django_db
PLUM = NewBrand(name="Plum", handles=("@plumcare",), products=("Roam 20", "plum"), exclude=("jam",))


@pytest.fixture
def brand() -> Brand:
    """Plum, which listens for nothing yet."""
    return add_brand(brand=PLUM)


def fresh(brand: Brand) -> Brand:
    return Brand.objects.get(pk=brand.pk)


def test_the_profile_is_on_offer_and_nothing_is_asked_twice(brand: Brand) -> None:
    offered = [(one.kind, one.text, one.on, one.profile) for one in terms_of(brand)]
    assert offered == [
        ("name", "Plum", False, True),
        ("handle", "@plumcare", False, True),
        ("product", "Roam 20", False, True),
    ]
    assert listened_for(brand) == ()


def test_words_are_switched_one_by_one_and_each_change_is_in_the_audit(brand: Brand) -> None:
    add_term(brand=brand, kind="competitor", text="  Pear   Mobile ")
    switch_term(brand=brand, text="pear mobile", on=True)
    switch_term(brand=brand, text="plum", on=True)
    switch_term(brand=brand, text="plum", on=True)  # again: nothing changes
    assert listened_for(fresh(brand)) == ("Plum", "Pear Mobile")
    switch_term(brand=brand, text="Plum", on=False)
    remove_term(brand=brand, text="Pear Mobile")
    assert listened_for(fresh(brand)) == ()
    assert [one.text for one in terms_of(fresh(brand))] == ["Plum", "@plumcare", "Roam 20"]
    told = AuditEntry.objects.filter(subject=brand.key, verb__startswith="brand.term_").order_by("number")
    assert [(one.verb, one.details["term"], one.details["on"]) for one in told] == [
        ("brand.term_added", "Pear Mobile", False),
        ("brand.term_switched", "Pear Mobile", True),
        ("brand.term_switched", "Plum", True),
        ("brand.term_switched", "Plum", False),
        ("brand.term_removed", "Pear Mobile", False),
    ]


def test_a_word_that_is_on_stays_on_when_the_profile_drops_it_until_it_is_removed(brand: Brand) -> None:
    switch_term(brand=brand, text="Roam 20", on=True)
    change_brand(key=brand.key, brand=NewBrand(name="Plum"))
    assert listened_for(fresh(brand)) == ("Roam 20",)  # it was switched on by hand, and stands among the own words
    remove_term(brand=brand, text="Roam 20")
    assert listened_for(fresh(brand)) == ()


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        ("keyword", "PLUM", TermThere),
        ("keyword", "@x", TermTooShort),
        ("keyword", "#!", TermTooShort),
        ("keyword", "x" * 61, TermTooLong),
        ("keyword", "Jam", TermExcluded),
        ("nonsense", "signal", NotFound),
    ],
)
def test_a_word_that_cannot_be_used_is_refused_with_its_reason(
    brand: Brand, kind: str, text: str, error: type[HarkError]
) -> None:
    with pytest.raises(error):
        add_term(brand=brand, kind=kind, text=text)
    assert fresh(brand).terms == []


def test_there_is_a_most_and_it_counts_what_is_switched_on_from_the_profile_too(brand: Brand) -> None:
    for number in range(MOST_TERMS):
        add_term(brand=brand, kind="keyword", text=f"word {number}")
    with pytest.raises(TooManyTerms):
        add_term(brand=brand, kind="keyword", text="one more")
    with pytest.raises(TooManyTerms):
        switch_term(brand=brand, text="Plum", on=True)
    switch_term(brand=brand, text="word 7", on=True)
    assert listened_for(fresh(brand)) == ("word 7",)


def test_etiquette_has_bounds_and_is_in_the_audit(brand: Brand) -> None:
    for days, per_hour in ((0, 5), (366, 5), (30, -1), (30, 1_001)):
        with pytest.raises(WrongLimit):
            keep_etiquette(brand=brand, days=days, per_hour=per_hour)
    keep_etiquette(brand=brand, days=14, per_hour=3)
    assert (fresh(brand).uninvited_days, fresh(brand).uninvited_per_hour) == (14, 3)
    told = AuditEntry.objects.get(verb="brand.etiquette_changed", subject=brand.key)
    assert told.details == {"before": [30, 10], "after": [14, 3]}


@pytest.mark.parametrize(
    ("text", "word", "there"),
    [
        ("My PLUM is down", "plum", True),
        ("plums and plumage", "plum", False),
        ("ask @plumcare.", "@plumcare", True),
        ("mail me@plumcare.example", "plumcare", True),
        ("roam\n20 is slow", "Roam 20", True),
        ("C++ (really)", "c++", True),
        ("Prunelle était là", "était", True),
        ("", "plum", False),
    ],
)
def test_a_word_is_found_whole_and_in_any_case(text: str, word: str, *, there: bool) -> None:
    assert stands_in(text, word) is there


def test_a_competitor_is_one_only_where_nothing_of_ours_is_named(brand: Brand) -> None:
    add_term(brand=brand, kind="competitor", text="Pear")
    assert rival_in("Pear is down again", fresh(brand)) == ""  # not switched on
    switch_term(brand=brand, text="Pear", on=True)
    now = fresh(brand)
    assert rival_in("pear is down again", now) == "Pear"
    assert rival_in("From Pear to Plum, and both are slow", now) == ""
    assert rival_in("@plumcare is as bad as Pear", now) == ""
    assert rival_in("Roam 20 of Pear is slow", now) == "Pear"  # our product, but nobody listens for it
    switch_term(brand=brand, text="Roam 20", on=True)
    assert rival_in("Roam 20 of Pear is slow", fresh(brand)) == ""
    assert rival_in("nothing of anybody", now) == ""
