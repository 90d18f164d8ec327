"""Text that becomes HTML."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark.kernel.html import evidence_html, merged, name_html, text_html


class Reader(HTMLParser):
    """What a browser would see: tags and text."""

    def __init__(self, html: str) -> None:
        """Reads it."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.marked, self.open = "", "", []  # type: ignore[var-annotated]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.tags.append((tag, dict(attrs)))
        if tag == "br":
            self.text += "\n"
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Tags close in order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text, and what of it is marked."""
        self.text += data
        if "mark" in self.open:
            self.marked += data


ALLOWED = {"p": {"dir"}, "br": set(), "mark": {"class"}, "a": {"href", "rel", "target"}}
PIECES = st.one_of(st.characters(), st.sampled_from([*"<>&\"'/ \n.:@()[]", "http://a.example", "</mark>", "&lt;"]))
HOSTILE = st.lists(PIECES, max_size=40).map("".join)


@given(text=HOSTILE, spans=st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=5))
def test_nothing_but_our_own_tags_comes_out_and_the_words_stay(text: str, spans: list[tuple[int, int]]) -> None:
    seen = Reader(evidence_html(text, spans))
    assert seen.open == []
    for tag, attributes in [*seen.tags, *Reader(text_html(text)).tags]:
        assert set(attributes) <= ALLOWED[tag]
    plain = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)
    assert seen.text.startswith(plain)
    assert re.fullmatch(r"[\u202c\u2069]*", seen.text[len(plain) :])


def test_evidence_is_marked_by_code_points_even_behind_characters_of_two_units() -> None:
    text = "😡😡 you charged me <b>twice</b> & never answered"
    start = text.index("charged")
    seen = Reader(evidence_html(text, [(start, start + len("charged me <b>twice"))]))
    assert seen.marked == "charged me <b>twice"
    assert [tag for tag, _ in seen.tags] == ["mark"]


def test_spans_that_overlap_or_lie_outside_are_mended() -> None:
    assert merged([(5, 9), (-3, 2), (7, 50), (4, 4), (9, 3)], 12) == [(0, 2), (5, 12)]
    assert Reader(evidence_html("abcdef", [(0, 3), (2, 5)])).marked == "abcde"


def test_mark_over_a_link_is_split_so_that_tags_nest() -> None:
    html = evidence_html("see https://plum.example/a now", [(2, 15)])
    seen = Reader(html)
    assert seen.marked == "e https://plu"
    assert [tag for tag, _ in seen.tags] == ["mark", "a", "mark"]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("go to https://plum.example/a?b=c&d=e.", ["https://plum.example/a?b=c&d=e"]),
        ("(http://plum.example/x_(y))", ["http://plum.example/x_(y)"]),
        ("HTTPS://PLUM.EXAMPLE!", ["HTTPS://PLUM.EXAMPLE"]),
        ("http://a.example, http://b.example;", ["http://a.example", "http://b.example"]),
        ("https://bank.example@evil.example/", []),
        ("javascript:alert(1) data:text/html,x ftp://a.example //a.example mailto:a@b.example", []),
        ("http://", []),
        ("http://[::1", []),
        ('http://a.example/"onmouseover="x', ["http://a.example/"]),
        ("http://a.example/\u202egpj.exe", ["http://a.example/"]),
    ],
)
def test_only_plain_web_addresses_become_links(text: str, addresses: list[str]) -> None:
    found = [attributes for tag, attributes in Reader(evidence_html(text)).tags if tag == "a"]
    assert [attributes["href"] for attributes in found] == addresses
    assert all(attributes["rel"] == "noopener noreferrer nofollow ugc" for attributes in found)
    assert all(attributes["target"] == "_blank" for attributes in found)


def test_paragraphs_and_line_breaks_are_kept() -> None:
    assert text_html("one\ntwo\n\n \n\nthree\n") == '<p dir="auto">one<br>two</p><p dir="auto">three<br></p>'
    assert text_html(" \n \n") == ""


def test_controls_that_turn_text_round_do_not_leak_out() -> None:
    assert evidence_html("a\u202eb").endswith("\u202c")
    assert evidence_html("\u2067a\u202eb").endswith("\u202c\u2069")
    assert evidence_html("\u2067a\u202eb\u2069\u202c") == "\u2067a\u202eb\u2069\u202c"


def test_name_is_isolated_and_escaped() -> None:
    assert name_html("<i>Ann</i>\u202e \x00\n B") == "<bdi>&lt;i&gt;Ann&lt;/i&gt;\u202e B</bdi>"


def test_long_hostile_text_is_quick() -> None:
    for text in ("http://" * 20_000, "(" * 100_000, "http://a" + ")" * 2_500, "\n \n" * 30_000, "\u202e" * 50_000):
        assert evidence_html(text)
        text_html(text)
