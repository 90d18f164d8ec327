"""Tables for spreadsheets hold text, whatever strangers have written."""

import csv
import io

import pytest

from hark.kernel.spreadsheet import cell, lines

FORMULAS = (
    '=HYPERLINK("http://x.example","y")', "=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1;9)", "\t=1", "\r=1", "\n=1",
    " =1", '"=1', "'=1", "\ufeff=1", "\u200b=1", "\u00a0=1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20A1", '" \t=1',
    "|calc", "%0A=1", "+32 9 555 01 23",
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_becomes_text(text: str) -> None:
    assert cell(text) == f"'{text}"
    [[value]] = csv.reader(io.StringIO(lines([[text]]), newline=""))
    assert value.startswith("'")


@pytest.mark.parametrize("text", ["", "Maud", "a = b", "2026-10-14", "1+1", "ann@plum.example", "d'accord"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_quotes_commas_and_line_ends_stay_inside_their_cell() -> None:
    rows = [['say "hi", then', "two\nlines", 7, "nul\0"]]
    assert list(csv.reader(io.StringIO(lines(rows), newline=""))) == [['say "hi", then', "two\nlines", "7", "nul"]]
