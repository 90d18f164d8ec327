"""Files, each under the SHA-256 of its bytes: written once, never changed, and no name of anybody's is ever a path.

A file is complete on the disk before anything speaks of it: written beside its place, fsynced, renamed, its folder
fsynced; only then may a row name it. Nothing is deleted with a row: `sweep` takes what no row has named for a day. With
several machines the folder is a shared one (HARK_FILES).
"""

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from hark.kernel.errors import HarkError
from hark.kernel.ids import public_key
from hark.kernel.time import now

PIECE = 1 << 20
SHA256 = re.compile(r"[0-9a-f]{64}")
OWN_NAME = re.compile(r"[a-z0-9_]{8,80}")
SWEPT_AFTER_SECONDS = 24 * 3600
SWEPT_AT_ONCE = 500
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageAway(HarkError):
    """Files cannot be stored just now: their folder is full or away. Nothing else is lost; try again later."""


class FileTooLarge(HarkError):
    """This file is larger than Hark keeps."""


class FileGone(HarkError):
    """This file is not here any more."""


class OutOfStep(HarkError):
    """A piece of this file does not follow the one before it."""

    def __init__(self, size: int) -> None:
        """`size`: how many bytes are here, and so where the next piece begins."""
        self.size = size
        super().__init__()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known of a file once it is safe; `head` are its first bytes, by which its type is told."""

    sha256: str
    size: int
    head: bytes


def store(chunks: Iterable[bytes], *, most: int) -> StoredFile:
    """Write a file and make it safe; the same bytes twice are one file. Raises FileTooLarge, StorageAway."""
    with _speaking_of_the_disk():
        fresh = _incoming(public_key("new"))
        try:
            with fresh.open("xb") as file:
                size = 0
                for chunk in chunks:
                    size += len(chunk)
                    if size > most:
                        raise FileTooLarge(f"more than {most >> 20} MB")
                    file.write(chunk)
            return _settle(fresh)
        finally:
            fresh.unlink(missing_ok=True)


def append(name: str, chunk: bytes, *, at: int) -> int:
    """Add a piece to the file that is coming in under a name of ours; gives its size. Raises OutOfStep, StorageAway."""
    with _speaking_of_the_disk(), _incoming(name).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = file.seek(0, os.SEEK_END)
        if size != at:
            raise OutOfStep(size)
        file.write(chunk)
        return size + len(chunk)


def come_in(name: str) -> bytes:
    """All that has come in under a name of ours. Raises FileGone."""
    with _speaking_of_the_disk():
        return _incoming(name).read_bytes()


def adopt(name: str) -> StoredFile:
    """Make what has come in under a name of ours a stored file. Raises FileGone, StorageAway."""
    with _speaking_of_the_disk():
        return _settle(_incoming(name))


def forget(name: str) -> None:
    """Drop what has come in under a name of ours."""
    with _speaking_of_the_disk():
        _incoming(name).unlink(missing_ok=True)


def place_of(sha256: str) -> Path:
    """Where the file with this hash lies, whether it is there or not. Read it, never write to it."""
    if not SHA256.fullmatch(sha256):
        raise FileGone
    return _folder() / sha256[:2] / sha256


def read(sha256: str) -> bytes:
    """The bytes of a stored file. Raises FileGone, StorageAway."""
    with _speaking_of_the_disk():
        return place_of(sha256).read_bytes()


def sweep(wanted: Callable[[Collection[str]], Collection[str]], *, older_than: int = SWEPT_AFTER_SECONDS) -> int:
    """Delete files that are a day old and that `wanted` (hashes → those still named) does not claim; how many.

    Storing a file anew makes it young again, so a file is not taken from under a row that is being written.
    """
    before = now().timestamp() - older_than
    swept = 0
    with _speaking_of_the_disk():
        for batch in _in_batches(_old_files(before)):
            named = set(wanted([path.name for path in batch]))
            for path in batch:
                if path.name not in named and path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)
                    swept += 1
    return swept


def _old_files(before: float) -> Iterator[Path]:
    """Files that have not been written since; those that never came in whole stand among them."""
    for folder in sorted(_folder().glob("*")):
        if folder.is_dir():
            yield from (path for path in sorted(folder.iterdir()) if path.stat().st_mtime < before)


def _in_batches(paths: Iterator[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    for path in paths:
        batch.append(path)
        if len(batch) == SWEPT_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _folder() -> Path:
    return Path(settings.HARK_FILES or settings.HARK_DATA / "files")


def _incoming(name: str) -> Path:
    if not OWN_NAME.fullmatch(name):
        raise FileGone
    folder = _folder() / "incoming"
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    return folder / name


def _settle(fresh: Path) -> StoredFile:
    """Hash, make safe, rename: after this the file survives a loss of power."""
    digest, size, head = hashlib.sha256(), 0, b""
    with fresh.open("rb") as file:
        while piece := file.read(PIECE):
            head = head or piece[:4096]
            size += len(piece)
            digest.update(piece)
        os.fsync(file.fileno())
    place = place_of(digest.hexdigest())
    place.parent.mkdir(mode=0o700, exist_ok=True)
    os.utime(fresh)
    fresh.replace(place)
    for folder in (place.parent, place.parent.parent):
        _make_safe(folder)
    return StoredFile(place.name, size, head)


def _make_safe(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _speaking_of_the_disk() -> Iterator[None]:
    """Turn the operating system's refusals into sentences."""
    try:
        yield
    except FileNotFoundError:
        raise FileGone from None
    except OSError as problem:
        raise StorageAway("the disk is full" if problem.errno in FULL else problem.strerror or "") from None
