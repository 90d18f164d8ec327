"""The walk over what nh3 gives, which is well-formed: the allowed tags again, the words, and what was hidden.

A remote picture keeps its address in `data-remote-src` alone. A link shows its host; one whose words name another host
is marked in words, because a mark in a style would be lost where styles are not shown.
"""

import html as entities
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from hark.kernel.foreign_html.hiding import HIDES, Colour, colour_of, read_mark, same

ALLOWED = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "div",
        "em",
        "h1",
        "h2",
        "h3",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
VOID = frozenset({"br", "hr", "img", "col"})
KEPT = ("href", "title", "src", "alt", "width", "height", "dir", "lang", "target", "rel")
BLOCKS = frozenset(
    [
        "div",
        "table",
        "ul",
        "ol",
        "li",
        "tr",
        "section",
        "article",
        "address",
        "header",
        "footer",
        "main",
        "center",
        "pre",
        "dl",
        "dt",
        "dd",
    ]
)
PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"])

TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:\s[a-z-]+="[^"]*")*)\s*/?>|([^<]+|<)')
ATTRIBUTE = re.compile(r'\s([a-z-]+)="([^"]*)"')
HOST_IN_WORDS = re.compile(
    r"(?:https?://|www\.)((?:[\w-]{1,63}\.){1,9}[\w-]{2,63})|((?:[\w-]{1,63}\.){1,9}[a-z]{2,24})(?:/\S*)?"
)
FILES = frozenset(
    [
        "csv",
        "doc",
        "docx",
        "gif",
        "htm",
        "html",
        "jpeg",
        "jpg",
        "js",
        "json",
        "mp3",
        "mp4",
        "odt",
        "pdf",
        "php",
        "png",
        "ppt",
        "pptx",
        "txt",
        "xls",
        "xlsx",
        "xml",
        "zip",
    ]
)
QUOTE_BEGINS, QUOTE_ENDS = "\x0e", "\x0f"  # shift-out and shift-in, which no shown text holds
MARKS = {0x0E: None, 0x0F: None}
LEADS = {"li": "- ", "td": " ", "th": " ", "blockquote": QUOTE_BEGINS}
DEEPEST_QUOTE = 9
TAGS_IN_TEXT = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f|([\U000e0000-\U000e007f]+)")


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """A clean fragment; its words as text, quoted blocks with `> `; what was hidden; remote pictures put aside."""

    html: str
    text: str = ""
    hidden_text: str = ""
    blocked_remote: int = 0


@dataclass(slots=True)
class _Open:
    """An element that stands open: is it shown, are its words hidden, its colours, where its words begin."""

    name: str
    shown: bool
    hidden: bool
    colour: Colour | None
    ground: Colour | None
    host: str = ""
    words_from: int = 0


@dataclass(slots=True)
class _Walk:
    deepest: int
    out: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    blocked: int = 0
    breaks: int = 2  # line ends at the end of the text

    def say(self, words: str) -> None:
        """Words, or white space between them."""
        self.text.append(words)
        if words.strip():
            self.breaks = 0

    def line_end(self, least: int) -> None:
        """A new line (1) or an empty one (2), unless it is there already."""
        self.text.append("\n" * (least - self.breaks))
        self.breaks = max(self.breaks, least)


def walk(clean: str, *, deepest: int, ground: Colour | None) -> CleanHtml:
    """`clean` comes from nh3; `ground` is the colour of the paper, None where it is not known."""
    state = _Walk(deepest)
    state.open.append(_Open("", shown=False, hidden=False, colour=None, ground=ground))
    for closing, name, attributes, words in TOKEN.findall(clean):
        if words:
            _words(state, words)
        elif closing:
            _close(state, name)
        else:
            _start(state, name, dict(ATTRIBUTE.findall(attributes)))
    hidden = " ".join("".join(state.hidden).split())
    return CleanHtml("".join(state.out), _quoted("".join(state.text)), hidden, state.blocked)


def escaped(text: str) -> str:
    """Text as HTML, also inside an attribute."""
    return entities.escape(text)


def without_tag_letters(text: str) -> tuple[str, str]:
    """Text without the letters that no screen shows (Unicode tags, but for those in flags), and what they said."""
    said: list[str] = []

    def taken(found: re.Match[str]) -> str:
        if not found[1]:
            return found[0]
        said.append(
            "".join(chr(ord(letter) - 0xE0000) for letter in found[1] if "\U000e0020" <= letter <= "\U000e007e")
        )
        return ""

    return TAGS_IN_TEXT.sub(taken, text), " ".join(said)


def _words(state: _Walk, words: str) -> None:
    top = state.open[-1]
    plain, smuggled = without_tag_letters(entities.unescape(words).translate(MARKS))
    if smuggled:
        state.hidden.append(f" {smuggled} ")
    if top.hidden or same(top.colour, top.ground):
        state.hidden.append(plain)
        return
    state.out.append(escaped(plain) if smuggled else words)
    state.say(plain if _in(state, "pre") else re.sub(r"[ \t\r\n\f]+", " ", plain))


def _start(state: _Walk, name: str, attributes: dict[str, str]) -> None:
    top = state.open[-1]
    mark = attributes.get("style", "")
    colours = {} if mark == HIDES else read_mark(mark)
    inherited = None if "href" in attributes else top.colour  # a link has a colour of its own
    colour = colours.get("color", colour_of(attributes["color"]) if "color" in attributes else inherited)
    ground = colours.get("background", colour_of(attributes["bgcolor"]) if "bgcolor" in attributes else top.ground)
    shown = name in ALLOWED and (name in VOID or len(state.open) <= state.deepest)
    _before(state, name)
    if shown:
        state.out.append(_tag(state, name, attributes))
    if name not in VOID:
        hidden = top.hidden or mark == HIDES or "hidden" in attributes
        host = _host(entities.unescape(attributes.get("href", "")))
        state.open.append(_Open(name, shown, hidden, colour, ground, host, len(state.text)))


def _close(state: _Walk, name: str) -> None:
    if name in VOID or len(state.open) < 2 or state.open[-1].name != name:
        return
    done = state.open.pop()
    if done.shown:
        state.out.append(f"</{name}>")
    if done.host and _names_another(" ".join("".join(state.text[done.words_from :]).split()), done.host):
        state.out.append(f" <strong>[opens {escaped(done.host)}]</strong>")
        state.say(f" [opens {done.host}]")
    _after(state, name)


def _tag(state: _Walk, name: str, attributes: dict[str, str]) -> str:
    kept = {each: attributes[each] for each in KEPT if each in attributes}
    if name == "img" and "src" in kept and not kept["src"].lower().startswith("cid:"):
        state.blocked += 1
        kept["data-remote-src"] = kept.pop("src")
    host = _host(entities.unescape(kept.get("href", ""))) if name == "a" else ""
    if host and ("title" not in kept or _names_another(entities.unescape(kept["title"]), host)):
        kept["title"] = escaped(host)
    return f"<{name}" + "".join(f' {each}="{value}"' for each, value in kept.items()) + ">"


def _host(address: str) -> str:
    """The host of a web address as the network spells it."""
    try:
        host = urlsplit(address).hostname or "" if address.lower().startswith("http") else ""
        return host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return ""


def _names_another(words: str, host: str) -> bool:
    """Do these words look like an address at another host than the link's?"""
    found = HOST_IN_WORDS.match(words)
    if not found or (found[2] and (found.end() < len(words) or found[2].rpartition(".")[2] in FILES)):
        return False
    named, real = (each.lower().removeprefix("www.") for each in (found[1] or found[2], host))
    return named != real and not real.endswith(f".{named}") and not named.endswith(f".{real}")


def _in(state: _Walk, name: str) -> bool:
    return any(each.name == name for each in state.open)


def _before(state: _Walk, name: str) -> None:
    if name == "br":
        state.text.append("\n")
        state.breaks += 1
    elif name in PARAGRAPHS or name == "hr":
        state.line_end(2)
    elif name in BLOCKS:
        state.line_end(1)
    if name in LEADS:
        state.text.append(LEADS[name])
        state.breaks = max(state.breaks, 2 if name == "li" else 0)  # a paragraph in a list stays beside its mark


def _after(state: _Walk, name: str) -> None:
    if name == "blockquote":
        state.text.append(QUOTE_ENDS)
    if name in PARAGRAPHS:
        state.line_end(2)
    elif name in BLOCKS:
        state.line_end(1)


def _quoted(text: str) -> str:
    """The lines of quoted blocks get `> `; empty lines at the edge of a block belong to neither."""
    lines: list[str] = []
    depth, before, gap = 0, 0, False
    for line in text.replace(QUOTE_BEGINS, f"\n{QUOTE_BEGINS}\n").replace(QUOTE_ENDS, f"\n{QUOTE_ENDS}\n").split("\n"):
        bare = line.strip(" \t\xa0")
        if bare in (QUOTE_BEGINS, QUOTE_ENDS):
            depth += 1 if bare == QUOTE_BEGINS else -1
        elif bare:
            lines += [("> " * min(depth, before)).rstrip()] if gap else []
            lines.append("> " * min(depth, DEEPEST_QUOTE) + bare)
            before, gap = min(depth, DEEPEST_QUOTE), False
        gap = gap or (not bare and bool(lines))
    return "\n".join(lines)
