"""Tables that leave the house as CSV, written so that no spreadsheet takes what a stranger wrote for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

TYPE = "text/csv; charset=utf-8"
MARK = "\ufeff"  # tells a spreadsheet that the letters are UTF-8
# Also behind quotes and blanks, which spreadsheets take away before they look. The signs that are as wide as a Chinese
# one are read like the narrow ones.
FORMULA = re.compile(r"""[\s"'\ufeff\u200b]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20|%]""")


def cell(value: Any) -> str:
    """A value as text that is read as text."""
    text = str(value).replace("\x00", "")
    return f"'{text}" if FORMULA.match(text) else text


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV, everything quoted."""
    page = io.StringIO()
    csv.writer(page, quoting=csv.QUOTE_ALL).writerows([cell(value) for value in row] for row in rows)
    return page.getvalue()
