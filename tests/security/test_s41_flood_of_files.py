"""Threat 41: whoever adds file after file is stopped, and what he can fill of the disk is bounded."""

from pathlib import Path
from typing import Any

import pytest

from hark.conversations.actions import files
from tests.workspace.files import a_case, add, announce, piece
from tests.workspace.fixtures import SignedIn
from tests.workspace.makers import World


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """A disk of one's own."""
    settings.HARK_FILES = str(tmp_path / "files")
    return tmp_path / "files"


def test_a_thousand_files_are_not_taken(
    world: World, signed_in: SignedIn, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_PER_HOUR", 25)  # 300 in earnest, which takes the test a minute
    client, case = signed_in(world.tessa), a_case(world)
    answers = []
    for number in range(1000):
        answer = announce(client, case, f"{number}.pdf", 1000)
        answers.append(answer.status_code)
        if answer.status_code == 429:
            assert answer["Retry-After"] == "3600"
            break
        if answer.status_code == 200:
            key = answer.json()["key"]  # type: ignore[attr-defined]
            piece(client, key, b"%PDF-" + str(number).encode().ljust(995))
            client.post(f"/file/{key}/remove/", headers={"HX-Request": "true"})  # putting away does not begin anew
    assert answers.count(200) == files.MOST_PER_HOUR
    assert answers[-1] == 429
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size <= files.MOST_PER_HOUR * 1000


def test_only_so_many_lie_beside_one_text(world: World, signed_in: SignedIn) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    statuses = [announce(client, case, "a.pdf", 9).status_code for _ in range(files.MOST_AT_ONCE + 1)]
    assert statuses == [200] * files.MOST_AT_ONCE + [422]


def test_bytes_of_an_hour_are_counted_when_they_are_announced(
    world: World, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES_PER_HOUR", 150 << 20)
    client, case = signed_in(world.tessa), a_case(world)
    assert announce(client, case, "a.pdf", 90 << 20).status_code == 200
    assert announce(client, case, "b.pdf", 90 << 20).status_code == 429
    assert announce(signed_in(world.ruben), case, "b.pdf", 90 << 20).status_code == 200  # others go on


def test_a_hundred_megabytes_come_in_by_pieces(world: World, signed_in: SignedIn, folder: Path) -> None:
    client, case = signed_in(world.tessa), a_case(world)
    body = b"%PDF-" + bytes((100 << 20) - 5)
    file = add(client, case, "large.pdf", body)
    assert (file.state, file.size) == ("stored", 100 << 20)
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) == 100 << 20
