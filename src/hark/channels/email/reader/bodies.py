"""Which parts are the message and which are files; the message as text, and as HTML where it was written so."""

import re
from dataclasses import dataclass, field

from hark.channels.email.reader.caps import ALL_TEXT, HTML_BYTES, TEXT_BYTES, Notes
from hark.channels.email.reader.charsets import decoded
from hark.channels.email.reader.files import file_name, file_of
from hark.channels.email.reader.structure import Part
from hark.channels.email.reader.transfer import body_of
from hark.channels.email.types import MailPart
from hark.kernel.foreign_html import html_text

SHOWN = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})
META_CHARSET = re.compile(rb"<meta[^<>]{0,200}charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)


@dataclass(slots=True)
class Written:
    """One stretch of the message: `html` is as it came, None where it was plain."""

    text: str
    html: str | None = None


@dataclass(slots=True)
class Body:
    """What the parts come to."""

    written: list[Written] = field(default_factory=list)
    parts: list[MailPart] = field(default_factory=list)
    letters: int = 0

    @property
    def text(self) -> str:
        """The words that an agent sees, where no stretch must be read from HTML."""
        return "\n\n".join(one.text for one in self.written if one.text)


def read_body(data: bytes, root: Part, notes: Notes) -> Body:
    """Walk the tree: alternatives are one stretch, everything that is no text to read is a file."""
    body = Body()
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if part.type.value == "multipart/alternative" and part.children:
            waiting += reversed(_alternative(data, part, body, notes))
        elif part.children:
            waiting += reversed(part.children)
        elif _is_message(part, notes):
            _write(data, part, body, notes)
        elif part.start < part.stop or not part.type.value.startswith("multipart/"):
            body.parts.append(file_of(data, part, notes))
    return body


def _alternative(data: bytes, part: Part, body: Body, notes: Notes) -> list[Part]:
    """Write the plain and the HTML version side by side; gives back what is neither (pictures, a calendar)."""
    leaves = [[leaf for leaf in child.walk() if not leaf.children] for child in part.children]
    texts = [[leaf for leaf in branch if _is_message(leaf, notes)] for branch in leaves]
    rich = next((found for branch in reversed(texts) if (found := [leaf for leaf in branch if _is_rich(leaf)])), [])
    plain = next((found for branch in texts if (found := [leaf for leaf in branch if not _is_rich(leaf)])), [])
    text = "\n\n".join(_text(data, leaf, body, notes) for leaf in plain)
    html = "\n".join(_html(data, leaf, body, notes) for leaf in rich)
    _add(body, Written(text if text.strip() else "", html if rich else None))
    return [leaf for branch in leaves for leaf in branch if not _is_message(leaf, notes)]


def _is_rich(part: Part) -> bool:
    return part.type.value == "text/html"


def _is_message(part: Part, notes: Notes) -> bool:
    """Text to be read, without a name and not sent as a file; also a multipart without any boundary in it."""
    if part.type.value.startswith("multipart/"):
        return not part.children and part.ref == "0"
    disposition = part.headers.raw("content-disposition").partition(";")[0].strip().lower()
    return part.type.value in SHOWN and disposition != "attachment" and not file_name(part, notes)


def _write(data: bytes, part: Part, body: Body, notes: Notes) -> None:
    if _is_rich(part):
        _add(body, Written("", _html(data, part, body, notes)))
    else:
        _add(body, Written(_text(data, part, body, notes)))


def _add(body: Body, one: Written) -> None:
    body.letters += len(one.text) + len(one.html or "")
    body.written.append(one)


def _text(data: bytes, part: Part, body: Body, notes: Notes) -> str:
    """The words of a plain part. What is too long is cut, and the whole is offered as a file."""
    raw = body_of(data, part, notes)
    room = min(TEXT_BYTES, max(0, ALL_TEXT - body.letters))
    if len(raw) > room:
        body.parts.append(file_of(data, part, notes))
    text = decoded(raw[:room], part.type.get("charset"), notes, whole=len(raw) <= room)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if part.type.value != "text/plain" and not part.type.value.startswith("multipart/"):
        return html_text(text)
    return _unflowed(text, part) if part.type.get("format").lower() == "flowed" else text


def _html(data: bytes, part: Part, body: Body, notes: Notes) -> str:
    raw = body_of(data, part, notes)
    room = HTML_BYTES if body.letters < ALL_TEXT else 0
    if len(raw) > TEXT_BYTES or len(raw) > room:
        body.parts.append(file_of(data, part, notes))
    said = part.type.get("charset")
    meta = META_CHARSET.search(raw[:2_000]) if not said else None
    return decoded(raw[:room], meta[1].decode("ascii") if meta else said, notes, whole=len(raw) <= room)


def _unflowed(text: str, part: Part) -> str:
    """Lines that the sender's program broke are one again (RFC 3676)."""
    joined = part.type.get("delsp").lower() == "yes"
    lines: list[list[str]] = []
    before = None  # the quoting depth of a line that goes on
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        rest = line[depth:].removeprefix(" ")
        flows = rest.endswith(" ") and rest != "-- "
        said = rest[:-1] if flows and joined else rest
        if before == depth and rest != "-- ":
            lines[-1].append(said)
        else:
            lines.append([">" * depth, " " if depth else "", said])
        before = depth if flows else None
    whole = ("".join(pieces) for pieces in lines)
    return "\n".join(line if line == "-- " else line.rstrip() for line in whole)
