"""Many mails, or many pieces of HTML, from files to one line of JSON each (security reference, section 3)."""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from hark.channels.email.reader import read_mail
from hark.channels.email.reader.caps import MAIL_BYTES
from hark.channels.email.types import Mail
from hark.kernel.hostile import read_in_child
from hark.kernel.time import monotonic

CLEANING = "hark.kernel.foreign_html:cleaned_in_steps"
CLEANING_TOGETHER = "hark.kernel.foreign_html:cleaned_together"
HANDFUL, HANDFUL_BYTES = 50, 20_000
SURROGATE = re.compile("[\ud800-\udfff]")
TOLD_EVERY = 200


def parse_mails(folder: Path, out: IO[str]) -> None:
    """One line for every regular file below `folder`, flushed as soon as that file is done."""
    for number, path in enumerate(_files(folder), start=1):
        begun = monotonic()
        row = {"file": path.relative_to(folder).as_posix(), **_row(path)}
        _write(out, {**row, "seconds": round(monotonic() - begun, 3)})
        _tell(number, "mails")


def clean_lines(lines: Iterable[bytes], out: IO[str]) -> None:
    """One line `{id, html, blocked_remote}` for every line `{id, html}` that is not empty."""
    number = 0
    for some in _handfuls(filter(bytes.strip, lines)):
        asked = [_asked(line) for line in some]
        for one, made in zip(asked, _cleaned([SURROGATE.sub("\ufffd", one["html"]) for one in asked]), strict=True):
            _write(out, {"id": one["id"], "html": made["html"], "blocked_remote": made["blocked_remote"]})
            number += 1
            _tell(number, "pieces")


def _handfuls(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Short lines together; a long one alone."""
    some: list[bytes] = []
    for line in lines:
        if some and (len(some) >= HANDFUL or sum(map(len, some)) + len(line) > HANDFUL_BYTES):
            yield some
            some = []
        some.append(line)
    if some:
        yield some


def _cleaned(pieces: list[str]) -> list[dict[str, Any]]:
    """Each piece cleaned; where one of a handful makes trouble, one by one."""
    if len(pieces) > 1:
        outcome = read_in_child(CLEANING_TOGETHER, json.dumps(pieces).encode())
        if not outcome.note:
            together: list[dict[str, Any]] = outcome.value
            return together
    nothing = {"html": "", "blocked_remote": 0}
    return [read_in_child(CLEANING, piece.encode()).value or nothing for piece in pieces]


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _row(path: Path) -> dict[str, Any]:
    try:
        mail = read_mail(_start_of(path))
        if path.stat().st_size > MAIL_BYTES and mail.external_id.startswith("sha256:"):
            return {**_said(mail), "external_id": f"sha256:{_digest(path)}"}
    except OSError:
        return _said(Mail(ok=False, note="unreadable", external_id=f"sha256:{hashlib.sha256(b'').hexdigest()}"))
    return _said(mail)


def _start_of(path: Path) -> bytes:
    """As much as is read of any mail, and a byte to show that there is more."""
    with path.open("rb") as file:
        return file.read(MAIL_BYTES + 1)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _said(mail: Mail) -> dict[str, Any]:
    return {
        "ok": mail.ok,
        "external_id": mail.external_id,
        "from": mail.from_address,
        "subject": mail.subject,
        "text_chars": len(mail.text),
        "attachments": len(mail.parts),
        "auto_reply": mail.auto_reply,
        "bounce": mail.bounce is not None,
        "note": mail.note,
    }


def _asked(line: bytes) -> dict[str, Any]:
    """The object in a line; a line that holds none is answered too, with nothing."""
    try:
        said = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        said = None
    asked = said if isinstance(said, dict) else {}
    return {"id": asked.get("id"), "html": str(asked.get("html") or "")}


def _write(out: IO[str], row: dict[str, Any]) -> None:
    out.write(json.dumps(row) + "\n")
    out.flush()


def _tell(number: int, what: str) -> None:
    """Progress, where somebody looks."""
    if number % TOLD_EVERY == 0 and sys.stderr.isatty():
        print(f"{number} {what}", file=sys.stderr, flush=True)
