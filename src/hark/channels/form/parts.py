"""A form with files as a browser posts it (RFC 7578), taken apart by its border alone; nothing is decoded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

BOUNDARY = re.compile(r"boundary\s*=\s*\"?([^\";,\s]{1,70})", re.IGNORECASE)
VALUE = r'"((?:[^"\\]|\\.)*)"'
NAME = re.compile(rb"(?:^|;)\s*name\s*=\s*" + VALUE.encode(), re.IGNORECASE)
FILE_NAME = re.compile(rb"(?:^|;)\s*filename\s*=\s*" + VALUE.encode(), re.IGNORECASE)
DISPOSITION = re.compile(rb"(?:^|\r\n)content-disposition:([^\r\n]*)", re.IGNORECASE)
LONGEST_HEAD = 8_192
ESCAPES = re.compile(rb"%(?:22|0D|0A)", re.IGNORECASE)  # all that browsers escape in names


@dataclass(frozen=True, slots=True)
class Part:
    """One field. `file_name` is None where it is no file, and data where it is."""

    name: bytes
    content: bytes
    file_name: bytes | None = None


def parts_of(body: bytes, content_type: str, *, most: int) -> Iterator[Part]:
    """The fields in their order, at most so many. Total: what is no field is left out."""
    found = BOUNDARY.search(content_type[:500])
    if found is None:
        return
    border = b"\r\n--" + found.group(1).encode("utf-8", "replace")
    for piece in (b"\r\n" + body).split(border, most + 1)[1 : most + 1]:
        head, between, content = piece.partition(b"\r\n\r\n")
        said = DISPOSITION.search(head[:LONGEST_HEAD]) if between and not piece.startswith(b"--") else None
        name = NAME.search(said.group(1)) if said else None
        if said and name:
            file_name = FILE_NAME.search(said.group(1))
            yield Part(_plain(name.group(1)), content, _plain(file_name.group(1)) if file_name else None)


def _plain(name: bytes) -> bytes:
    return ESCAPES.sub(lambda found: unquote_to_bytes(found.group()), name)
