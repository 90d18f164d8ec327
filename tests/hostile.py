"""The shared hostile inputs, read in place: a sample of them in the suite, all of them by `make hostile`."""

import os
from pathlib import Path

import pytest

from tests.paths import SHARED

ALL = bool(os.environ.get("HARK_HOSTILE"))
NO_MAILS = {".json", ".xml", ".out", ".bin", ".png", ".doc", ".html", ".md", ".webp", ".wav", ".tiff", ".jpg", ".gif"}


def hostile(*parts: str) -> Path:
    """A folder of them; the test is skipped, with a clear word, where they are absent."""
    path = SHARED.joinpath("data", "hostile", *parts)
    if not path.exists():
        pytest.skip("hostile inputs not found at ../shared/data/hostile: skipped")
    return path


def mails(pattern: str = "mail-*", *, every: int = 1) -> list[Path]:
    """The files that are mails or came with them as plain text; one of so many, unless all are asked for."""
    found = [path for path in hostile().glob(f"{pattern}/**/*") if path.is_file() and path.suffix not in NO_MAILS]
    kept = sorted(path for path in found if path.name != "SOURCE.txt" and not path.name.startswith("UPSTREAM"))
    return kept[:: 1 if ALL else every]


def attack_lines(*, every: int = 1) -> list[str]:
    """The distinct lines of the XSS lists; one of so many, unless all are asked for."""
    folder = hostile("payload-lists", "xss")
    lines = {line for path in sorted(folder.glob("*.txt")) for line in path.read_text("utf-8", "replace").splitlines()}
    return sorted(line for line in lines if line.strip())[:: 1 if ALL else every]
