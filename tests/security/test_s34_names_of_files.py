"""Threats 29, 34, 36 and 37, for files: names are words on a page, never markup, never a place on the disk."""

from pathlib import Path
from typing import Any

import pytest

from tests.paths import shared
from tests.security.stranger import came_with
from tests.workspace.files import a_case, add, given
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World, case_of

ENDINGS = ("php", "phtml", "phar", "jsp", "aspx", "cgi", "py", "exe", "bat", "html", "svg", "htaccess", "sh", "js")
TRICKS = (
    "shell.{}",
    "shell.{}.png",
    "shell.png.{}",
    "shell.{}.",
    "shell.{}\u200b",
    ".{}",
    "shell.{}\x00.png",
)
LONGEST = "x" * 5000


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.HARK_FILES = str(tmp_path / "files")
    return tmp_path


def test_markup_in_a_name_stays_words(world: World, signed_in: SignedIn) -> None:
    lists = shared("data", "hostile", "payload-lists", "xss")
    lines = [line for path in sorted(lists.glob("*.txt")) for line in path.read_text(errors="replace").splitlines()]
    names = {f"{line}.pdf"[:200]: b"%PDF-1" for line in lines[:: max(1, len(lines) // 90)]}
    message = came_with(world.square, names)
    page = signed_in(world.tessa).get(f"/case/{case_of(message).key}/").content.decode()
    shown = page[page.index('class="files"') : page.index("</ul>", page.index('class="files"'))]
    assert "<script" not in shown.lower()
    assert "<img" not in shown.lower()
    assert shown.count("<li") == message.attachments.count()


def test_letters_that_turn_the_reading_are_not_in_names(world: World, signed_in: SignedIn) -> None:
    message = came_with(world.square, {"holiday\u202egpj.exe": b"MZ"})
    page = signed_in(world.tessa).get(f"/case/{case_of(message).key}/").content.decode()
    assert "<bdi>holidaygpj.exe</bdi>" in page
    assert "\u202e" not in page


def test_no_name_becomes_a_place_on_the_disk(world: World, signed_in: SignedIn, folder: Path) -> None:
    traversal = shared("data", "hostile", "payload-lists", "traversal")
    lines = [line for path in sorted(traversal.glob("*")) for line in path.read_text(errors="replace").splitlines()]
    client, case = signed_in(world.tessa), a_case(world)
    for name in [*lines[:: max(1, len(lines) // 6)][:6], LONGEST]:
        add(client, case, name, b"%PDF-1")
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert len(path.name) == 64
        assert path.parent.parent == folder / "files"
        assert path.stat().st_mode & 0o111 == 0


@pytest.mark.parametrize("trick", TRICKS)
def test_dangerous_ending_is_only_ever_saved(world: World, signed_in: SignedIn, trick: str) -> None:
    message = came_with(world.square, {trick.format(ending): b"<?php system($_GET[0]); ?>" for ending in ENDINGS})
    client = signed_in(world.tessa)
    for file in message.attachments.all()[:3]:
        answer = given(client, f"/file/{file.key}/download/")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert "\r" not in answer["Content-Disposition"]
        assert file.key in answer.wsgi_request.path  # the address is random, the name is not in it
        assert file.name not in answer.wsgi_request.path
