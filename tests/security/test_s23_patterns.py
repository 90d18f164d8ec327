"""Row 23: no pattern that meets strangers' bytes eats the processor: each tried on long adversarial strings."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

import hark.channels.email.reader
import hark.kernel.foreign_html

PACKAGES = (hark.channels.email.reader, hark.kernel.foreign_html)
WINDOWED = {
    "WROTE",
    "FIELDS",
    "WROTE_TOO",
    "ORIGINAL",
    "RULE",
    "FIELD_LINE",
    "FOOTER",
}  # asked about short windows only
ANCHORED = {
    "FIELD",
    "CONTINUED",
    "TAG",
    "automatic.SUBJECT",
    "ANSWER",
    "FORWARDED",
    "WELL_FORMED",
    "LENGTH",
}  # only ever `match`ed
LONG, SHORT = 20_000, 320
BITS = [
    "a",
    " ",
    "\n",
    "<",
    ">",
    '"',
    "'",
    "=",
    "=?",
    "?=",
    ":",
    ";",
    ",",
    "(",
    "@",
    "a@",
    "a.",
    "-",
    "_",
    "*",
    "> ",
    "&#9",
]
BITS += [
    "<a ",
    "<!--",
    "On 1 ",
    "On 1 a wrote",
    "From: a\n",
    "a=1 ",
    ";a=",
    '="',
    "delivery ",
    "550 ",
    "\U000e0061",
    "--",
    "éé",
]


def patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    for package in PACKAGES:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                some = value if isinstance(value, tuple) else (value,)
                yield from ((f"{module.name}.{name}", one) for one in some if isinstance(one, re.Pattern))


@pytest.mark.parametrize(("name", "pattern"), list(patterns()))
def test_pattern_is_quick_on(name: str, pattern: re.Pattern[str]) -> None:
    """Four times the text costs about four times the work, however slow the machine."""
    length = SHORT if name.rpartition(".")[2] in WINDOWED else LONG
    for bit in BITS:
        text = (bit * (length // len(bit) + 1))[:length]
        if isinstance(pattern.pattern, bytes):
            text = text.encode()[:length]  # type: ignore[assignment]
        whole = work(name, pattern, text)
        assert whole <= 0.05 or whole <= 10 * work(name, pattern, text[: length // 4]), f"{name} on {bit!r}"


def work(name: str, pattern: re.Pattern[str], text: str) -> float:
    begun = time.process_time()
    if name.endswith(tuple(f".{one}" for one in ANCHORED)):
        pattern.match(text)
    else:
        for _ in pattern.finditer(text):
            pass
    return time.process_time() - begun
