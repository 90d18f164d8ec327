"""The only place where text becomes HTML that is trusted: escaped first, then marked up by us.

HTML that strangers wrote is made harmless in `hark.kernel.foreign_html`, whose functions are known here as well. They
are called inside a child that may be killed (`hark.kernel.hostile`), never by a process that serves or works.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from hark.kernel.foreign_html import CleanHtml, clean_html, html_text

__all__ = [
    "CleanHtml",
    "clean_html",
    "closing_controls",
    "evidence_html",
    "html_text",
    "links",
    "merged",
    "name_html",
    "paragraphs",
    "text_html",
]

Span = tuple[int, int]

# No quotes, brackets, controls or bidirectional controls: what follows one of them belongs to the text around the link.
NOT_IN_LINKS = r"\s<>\"'`\x00-\x1f\x7f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff"
LINK = re.compile(rf"https?://[^{NOT_IN_LINKS}]{{1,2000}}", re.IGNORECASE)
PARAGRAPH_BREAK = re.compile(r"\n[ \t]*\n\s*")
INVISIBLE_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
EMBEDDINGS, POP_EMBEDDING = "\u202a\u202b\u202d\u202e", "\u202c"
ISOLATES, POP_ISOLATE = "\u2066\u2067\u2068", "\u2069"
LINK_OPENING = '<a href="{}" rel="noopener noreferrer nofollow ugc" target="_blank">'


def text_html(text: str) -> SafeString:
    """Plain text as blocks: one `<p dir="auto">` a paragraph, line breaks, and http(s) addresses as links."""
    found = (f'<p dir="auto">{_inline(text, start, end, ())}</p>' for start, end in paragraphs(text))
    return mark_safe("".join(found))


def evidence_html(text: str, spans: Iterable[Span] = ()) -> SafeString:
    """Plain text for inside a paragraph: line breaks, links, and `spans` in `<mark class="evidence">`.

    Spans are code points (from, to) of the text as given; they may overlap, touch or lie outside, and are mended.
    Everything is escaped; bidirectional controls that the text leaves open are closed at its end.
    """
    return mark_safe(_inline(text, 0, len(text), merged(spans, len(text))))


def found_html(text: str, start: int, end: int, spans: Iterable[Span]) -> SafeString:
    """A stretch of plain text on one line, without links, with what was searched for in `<mark>`.

    Spans are code points of the whole text. Everything is escaped; bidirectional controls are closed at the end.
    """
    pieces, place = [], start
    for first, last in merged(spans, len(text)):
        if max(first, place) < min(last, end):
            word = text[max(first, place) : min(last, end)]
            pieces += [_flat(text[place : max(first, place)]), f"<mark>{_flat(word)}</mark>"]
            place = min(last, end)
    pieces.append(_flat(text[place:end]))
    return mark_safe("".join(pieces) + closing_controls(text[start:end]))


def name_html(name: str) -> SafeString:
    """A name inside a line of ours: isolated, so that its direction and its controls do not turn our words round."""
    return format_html("<bdi>{}</bdi>", " ".join(INVISIBLE_CONTROLS.sub("", name).split()))


def merged(spans: Iterable[Span], length: int) -> list[Span]:
    """In order, within the text, without overlaps."""
    found: list[Span] = []
    for start, end in sorted((max(0, start), min(length, end)) for start, end in spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def paragraphs(text: str) -> Iterator[Span]:
    """Where each paragraph that is not empty begins and ends."""
    start = 0
    for gap in PARAGRAPH_BREAK.finditer(text):
        if text[start : gap.start()].strip():
            yield start, gap.start()
        start = gap.end()
    if text[start:].strip():
        yield start, len(text)


def links(text: str, start: int, end: int) -> Iterator[Span]:
    """Where addresses stand between `start` and `end`, without the punctuation that ends a sentence."""
    for found in LINK.finditer(text, start, end):
        stop = found.end()
        while text[stop - 1] in ".,;:!?*_)]}»”’" and not _closes(text[found.start() : stop]):
            stop -= 1
        if _is_plain_link(text[found.start() : stop]):
            yield found.start(), stop


def _closes(address: str) -> bool:
    """Does its last character close a bracket that was opened inside, as in `…/Plum_(phone)`?"""
    pairs = {")": "(", "]": "[", "}": "{"}
    opener = pairs.get(address[-1])
    return opener is not None and address.count(opener) >= address.count(address[-1])


def _is_plain_link(address: str) -> bool:
    """An address with a host and without a user part, which is there to deceive (`https://bank.example@evil.example`)."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _inline(text: str, start: int, end: int, marks: Sequence[Span]) -> str:
    pieces, place = [], start
    for first, last in links(text, start, end):
        pieces.append(_marked(text, place, first, marks))
        pieces.append(LINK_OPENING.format(escape(text[first:last])) + _marked(text, first, last, marks) + "</a>")
        place = last
    pieces.append(_marked(text, place, end, marks))
    return "".join(pieces) + closing_controls(text[start:end])


def closing_controls(text: str) -> str:
    """What closes the bidirectional embeddings, overrides and isolates that `text` has opened."""
    opened: list[str] = []
    for character in text:
        if character in EMBEDDINGS:
            opened.append(POP_EMBEDDING)
        elif character in ISOLATES:
            opened.append(POP_ISOLATE)
        elif character == POP_EMBEDDING and opened and opened[-1] == POP_EMBEDDING:
            opened.pop()
        elif character == POP_ISOLATE and POP_ISOLATE in opened:  # closes what was opened inside it as well
            while opened.pop() != POP_ISOLATE:
                pass
    return "".join(reversed(opened))


def _marked(text: str, start: int, end: int, marks: Sequence[Span]) -> str:
    """A stretch without links; a mark that reaches over its end is closed there and opened again in the next one."""
    pieces, place = [], start
    for span in marks:
        first, last = max(span[0], place), min(span[1], end)
        if first < last:
            pieces.append(_escaped(text[place:first]))
            pieces.append(f'<mark class="evidence">{_escaped(text[first:last])}</mark>')
            place = last
    pieces.append(_escaped(text[place:end]))
    return "".join(pieces)


def _flat(text: str) -> str:
    return str(escape(re.sub(r"\s+", " ", INVISIBLE_CONTROLS.sub("", text))))


def _escaped(text: str) -> str:
    return str(escape(INVISIBLE_CONTROLS.sub("", text))).replace("\n", "<br>")
