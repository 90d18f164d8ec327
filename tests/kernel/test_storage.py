"""Files under their hash: once, safe before a row speaks of them, bounded, swept only when nobody names them."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from hark.kernel import storage
from hark.kernel.storage import FileGone, FileTooLarge, OutOfStep, StorageAway

DAYS = 2 * 24 * 3600


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """A folder of this test's own."""
    settings.HARK_FILES = str(tmp_path / "files")
    return tmp_path / "files"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_same_bytes_are_stored_once_under_their_hash(folder: Path) -> None:
    first, second = storage.store([b"one ", b"two"], most=100), storage.store([b"one two"], most=100)
    assert first == second
    assert first.sha256 == hashlib.sha256(b"one two").hexdigest()
    assert [path.name for path in files_in(folder)] == [first.sha256]
    assert storage.read(first.sha256) == b"one two"


def test_too_large_a_file_leaves_nothing_behind(folder: Path) -> None:
    with pytest.raises(FileTooLarge):
        storage.store(iter([b"x" * 60] * 2), most=100)
    assert files_in(folder) == []


def test_file_that_breaks_off_leaves_nothing_behind(folder: Path) -> None:
    def broken() -> Any:
        yield b"x"
        raise EOFError

    with pytest.raises(EOFError):
        storage.store(broken(), most=100)
    assert files_in(folder) == []


def test_pieces_must_follow_each_other_and_may_be_asked_for_again(folder: Path) -> None:
    assert storage.append("file_abcdefgh", b"hello ", at=0) == 6
    for wrong in (0, 5, 7):
        with pytest.raises(OutOfStep) as told:
            storage.append("file_abcdefgh", b"hello ", at=wrong)
        assert told.value.size == 6
    storage.append("file_abcdefgh", b"world", at=6)
    assert storage.read(storage.adopt("file_abcdefgh").sha256) == b"hello world"
    assert len(files_in(folder)) == 1
    with pytest.raises(FileGone):
        storage.adopt("file_abcdefgh")


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a/b", "", "file_\x00", "A" * 20, "x" * 100])
def test_nothing_but_our_own_names_reaches_the_disk(folder: Path, name: str) -> None:
    for act in (lambda: storage.append(name, b"x", at=0), lambda: storage.read(name), lambda: storage.forget(name)):
        with pytest.raises(FileGone):
            act()
    assert not folder.exists()


def test_sweep_takes_only_what_is_old_and_named_by_nobody(folder: Path) -> None:
    kept, old, young = (storage.store([word], most=9).sha256 for word in (b"kept", b"old", b"young"))
    storage.append("file_abcdefgh", b"half", at=0)
    for path in files_in(folder):
        if path.name != young:
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - DAYS))
    assert storage.sweep(lambda names: {kept} & set(names)) == 2
    assert sorted(path.name for path in files_in(folder)) == sorted([kept, young])
    with pytest.raises(FileGone):
        storage.read(old)


def test_storing_anew_makes_a_file_young_again(folder: Path) -> None:
    name = storage.store([b"again"], most=9).sha256
    path = storage.place_of(name)
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - DAYS))
    storage.store([b"again"], most=9)
    assert storage.sweep(lambda names: ()) == 0
    assert storage.read(name) == b"again"


def test_full_disk_is_said_and_spoils_nothing(folder: Path) -> None:
    storage.store([b"there"], most=9)
    (folder / "incoming").rmdir()
    (folder / "incoming").write_bytes(b"in the way")
    with pytest.raises(StorageAway):
        storage.store([b"more"], most=9)
    assert len(files_in(folder)) == 2
