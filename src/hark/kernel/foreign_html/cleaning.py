"""nh3 with our allow-list, let loose only on what it can swallow, and the walk over what it gives."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import nh3

from hark.kernel.foreign_html.hiding import WHITE, Colour, colour_of, style_mark
from hark.kernel.foreign_html.scanning import UNREAD, html_text, too_deep
from hark.kernel.foreign_html.walking import ALLOWED, CleanHtml, escaped, walk

DEEPEST = 200
LARGEST = 256 * 1024  # bytes
QUICK = 2_000  # characters that never take long
PASSED = frozenset(  # let through by nh3 so that the walk sees their style, and unwrapped there
    [
        "address",
        "article",
        "aside",
        "big",
        "caption",
        "center",
        "cite",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h4",
        "h5",
        "h6",
        "header",
        "ins",
        "kbd",
        "label",
        "main",
        "mark",
        "nav",
        "q",
        "samp",
        "section",
        "small",
        "strike",
        "summary",
        "tfoot",
        "tt",
        "var",
    ]
)
ATTRIBUTES = {
    "*": {"dir", "lang", "style", "hidden", "color", "bgcolor"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
}
SCHEMES = {"http", "https", "mailto", "tel", "cid"}
LINK_RELATION = "noopener noreferrer nofollow ugc"
SURROGATE = re.compile("[\ud800-\udfff]")
NOT_IN_ADDRESSES = re.compile(r"[\x00-\x1f\x7f]")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
LENGTH = re.compile(r"\d{1,4}%?")
COLOURED_PAGE = re.compile(r"<(?:body|html)\b[^<>]{0,2000}background|<body\b[^<>]{0,2000}bgcolor", re.IGNORECASE)


def clean_html(html: str) -> CleanHtml:
    """The fragment with nothing live in it: allowed tags only, absolute links, no address that loads by itself.

    Deeper than 200 tags or longer than 256 kB: the tags are dropped and the words are kept.
    """
    html = SURROGATE.sub("\ufffd", html)
    if len(html) * 4 > LARGEST and len(html.encode()) > LARGEST:
        return flat(html)
    if too_deep(html, DEEPEST):
        return flat(html)
    cleaned = nh3.clean(
        html.replace("\x00", "\ufffd"),
        tags=set(ALLOWED | PASSED),
        clean_content_tags=set(UNREAD),
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=SCHEMES,
        link_rel=LINK_RELATION,
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return walk(cleaned, deepest=DEEPEST, ground=_ground(html))


def cleaned_in_steps(body: bytes) -> Iterator[dict[str, Any]]:
    """For a child: first, where it may take long, the words alone; then the clean fragment."""
    html = body.decode("utf-8", "replace")
    if len(html) > QUICK:
        yield asdict(flat(html))
    yield asdict(clean_html(html))


def cleaned_together(body: bytes) -> list[dict[str, Any]]:
    """For a child: several short pieces, each clean."""
    return [asdict(clean_html(html)) for html in json.loads(body)]


def flat(html: str) -> CleanHtml:
    """The words alone."""
    text = html_text(SURROGATE.sub("\ufffd", html))[:LARGEST]
    return CleanHtml(escaped(text).replace("\n", "<br>"), text)


def _ground(html: str) -> Colour | None:
    """White paper, unless a style sheet or the page's own tag may have coloured it."""
    lowered = html.lower()
    coloured = ("<style" in lowered and "background" in lowered) or COLOURED_PAGE.search(html)
    return None if coloured else WHITE


def _attribute(tag: str, name: str, value: str) -> str | None:
    """An attribute as it may stay; colours and styles become marks for the walk."""
    if name in {"href", "src"}:
        return _link(value) if name == "href" else _picture(value)
    if name == "style":
        return style_mark(value) or None
    if name in {"color", "bgcolor"}:
        colour = colour_of(value)
        return "#{:02x}{:02x}{:02x}".format(*colour) if colour else "unknown"
    return _plain_attribute(name, value)


def _plain_attribute(name: str, value: str) -> str | None:
    fits = {
        "dir": value.lower() in {"ltr", "rtl", "auto"},
        "lang": bool(LANGUAGE.fullmatch(value)),
        "width": bool(LENGTH.fullmatch(value)),
        "height": bool(LENGTH.fullmatch(value)),
    }
    return value if fits.get(name, True) else None


def _link(value: str) -> str | None:
    """An absolute address of the web, of a mailbox or of a telephone."""
    address = NOT_IN_ADDRESSES.sub("", value).strip()
    if re.match(r"(?:mailto|tel):", address, re.IGNORECASE):
        return address
    if not re.match(r"https?://[^/\\]", address, re.IGNORECASE):
        return None
    try:
        return address if urlsplit(address).hostname else None
    except ValueError:
        return None


def _picture(value: str) -> str | None:
    """A part of the same mail, or a remote picture, whose address the walk puts aside."""
    address = NOT_IN_ADDRESSES.sub("", value).strip()
    return address if re.match(r"cid:.|https?:|//", address, re.IGNORECASE) else None
