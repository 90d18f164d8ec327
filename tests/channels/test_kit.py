"""What venues share."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hark.channels.kit.address import prefix_of
from hark.channels.kit.careful_json import MAX_DEPTH, Unreadable, loads
from hark.channels.kit.formatted import cleaned, cleaned_all
from hark.channels.kit.sites import bad_sites, frame_ancestors
from hark.channels.kit.words import claimed_addresses, storable, text_of, time_of
from hark.channels.types import Account
from tests.paths import shared


def test_json_suite_is_taken_and_refused_as_the_standard_says() -> None:
    folder = shared("data", "hostile", "json-suite", "test_parsing")
    for path in sorted(folder.glob("*.json")):
        body = path.read_bytes()
        if path.name.startswith("y_"):
            loads(body)
        elif path.name.startswith("n_"):
            with pytest.raises(Unreadable):
                loads(body)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[" * 100_000, "too deep"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "too deep"),
        (b"9" * 5_000, "without end"),
        (b'{"a":1,"a":2}', "twice"),
        (b'{"a":NaN}', "NaN"),
        (b"\xff\xfe", "UTF-8"),
        (b'"' + b"x" * 1_048_576 + b'"', "too long"),
        (b"", "not JSON"),
    ],
)
def test_hostile_json_is_refused_with_its_reason(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        loads(body, unique_keys=True)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_words(body: bytes) -> None:
    try:
        loads(body)
    except Unreadable as problem:
        reason = str(problem)
    else:
        reason = "read"
    assert reason


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_what_json_writes_is_read_back(value: object) -> None:
    assert loads(json.dumps(value).encode()) == value


def test_what_no_database_holds_is_replaced_and_the_rest_kept() -> None:
    assert storable("a\x00b\ud800c\r\n😀") == "a\ufffdb\ufffdc\r\n😀"
    assert text_of(12345678901234567890) == "12345678901234567890"
    assert text_of(True) == text_of(None) == text_of(1.5) == ""


@pytest.mark.parametrize(
    "text", ["2026-10-12T11:00:00", "yesterday", "", None, 5, "9999-12-31T23:59:59-23:59", "x" * 99]
)
def test_a_time_that_cannot_be_read_is_none(text: object) -> None:
    assert time_of(text) is None


def test_typed_addresses_are_found_and_few() -> None:
    assert claimed_addresses("write to A.B+c@Example.org, or x@y") == (("email", "a.b+c@example.org"),)
    assert len(claimed_addresses(" ".join(f"a{n}@example.org" for n in range(50)))) == 3
    assert claimed_addresses("a@" * 5_000) == ()


def test_addresses_of_one_household_share_a_limit() -> None:
    assert prefix_of("2001:db8:1:2::7") == prefix_of("2001:db8:1:2:ffff::1") != prefix_of("2001:db8:1:3::7")
    assert prefix_of("::ffff:203.0.113.9") == prefix_of("203.0.113.9") == "203.0.113.9"
    assert prefix_of("not an address") == "not an address"


@pytest.mark.parametrize(
    "site",
    [
        "https://a.example; script-src *",
        "*",
        "javascript:alert(1)",
        "https://a.example/path",
        "https://a b",
        "'self'",
        "",
    ],
)
def test_a_site_that_is_no_origin_never_reaches_the_policy(site: str) -> None:
    account = Account("c", settings={"sites": ["https://shop.example:8443/", site]})
    assert frame_ancestors(account) == "'self' https://shop.example:8443"
    assert bad_sites(account) == (site.rstrip("/"),)


def test_pieces_cleaned_together_are_those_cleaned_one_by_one() -> None:
    pieces = [
        "<p>One <script>x</script></p>",
        "",
        "   ",
        "two",
        "<b>\ud800three</b>",
        *(f"<i>{n}</i>" for n in range(60)),
    ]
    assert cleaned_all(pieces) == [cleaned(piece) for piece in pieces]
    assert cleaned_all([]) == []


def test_one_piece_that_makes_trouble_costs_its_neighbours_nothing() -> None:
    deep = "<blockquote>" * 30_000
    made = cleaned_all(["<b>before</b>", deep, "<b>after</b>"])
    assert (made[0].text, made[2].text) == ("before", "after")
