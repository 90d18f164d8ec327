"""A mail as a tree of parts: places in the raw bytes, nothing copied, nothing decoded, no recursion."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hark.channels.email.reader.caps import DEEPEST, PARTS, Notes
from hark.channels.email.reader.headers import Headers, read_headers
from hark.channels.email.reader.parameters import Field, read_field

DELIMITER_REST = re.compile(rb"(--)?[ \t]*\r?(?:\n|\Z)")
MOST_CANDIDATES = 20_000  # lines that begin like a boundary
TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")


@dataclass(slots=True)
class Part:
    """A part: its headers, its type, where its body stands. `ref` is the way to it: `2.1`; the whole mail is `0`."""

    ref: str
    headers: Headers
    type: Field
    start: int
    stop: int
    depth: int = 0
    children: list["Part"] = field(default_factory=list)

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in the order of the mail."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += reversed(one.children)


def read_structure(data: bytes, notes: Notes) -> Part:
    """The tree, within its caps; what lies deeper or behind the last allowed part is not taken apart."""
    root = _part(data, "0", (0, len(data)), "text/plain", notes)
    waiting, count = [root], 1
    while waiting:
        one = waiting.pop()
        if not one.type.value.startswith("multipart/"):
            continue
        if one.depth >= DEEPEST:
            notes.stopped("too_deep")
            continue
        default = "message/rfc822" if one.type.value == "multipart/digest" else "text/plain"
        for number, span in enumerate(_spans(data, one, PARTS + 1), start=1):
            if count >= PARTS:
                notes.stopped("too_many_parts")
                return root
            ref = str(number) if one is root else f"{one.ref}.{number}"
            child = _part(data, ref, span, default, notes)
            child.depth = one.depth + 1
            one.children.append(child)
            count += 1
        waiting += reversed(one.children)
    return root


def _part(data: bytes, ref: str, span: tuple[int, int], default: str, notes: Notes) -> Part:
    headers, body = read_headers(data, *span, notes)
    said = headers.raw("content-type")
    kind = read_field(said, notes) if said else Field(default, {})
    if not TYPE.fullmatch(kind.value):  # `Content-Type: text` and worse
        kind = Field("text/plain" if kind.value in {"", "text"} else "application/octet-stream", kind.parameters)
    return Part(ref, headers, kind, min(body, span[1]), span[1])


def _spans(data: bytes, part: Part, most: int) -> list[tuple[int, int]]:
    """Where the parts between the boundaries stand; none where there is no boundary. The last may lack its end."""
    boundary = part.type.get("boundary").encode("utf-8", "replace")[:256].rstrip()
    if not boundary:
        return []
    spans: list[tuple[int, int]] = []
    begun = None
    for first, after, closing in _delimiters(data, part, boundary):
        if begun is not None:
            spans.append((begun, max(begun, first)))
        begun = None if closing else after
        if closing or len(spans) >= most:
            return spans
    if begun is not None:
        spans.append((begun, part.stop))
    return spans


def _delimiters(data: bytes, part: Part, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """Each line `--boundary`: where the text before it ends, where the next begins, and whether it is the last."""
    mark = b"--" + boundary
    place = max(0, part.start - 1)
    for _ in range(MOST_CANDIDATES):
        found = part.start if data.startswith(mark, part.start) and place < part.start else -1
        if found < 0:
            line = data.find(b"\n" + mark, place, part.stop)
            if line < 0:
                return
            found = line + 1
        rest = DELIMITER_REST.match(data, found + len(mark), part.stop)
        place = found + len(mark)
        if rest:
            before = found - 1 if found > part.start else found
            before -= before > part.start and data[before - 1 : before] == b"\r"
            place = max(place, rest.end() - 1)
            yield before, rest.end(), bool(rest[1])
