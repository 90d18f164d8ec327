"""One pass over HTML as it came: where its tags are, how deep it nests, its words. Linear in every case.

Not a parser: it decides whether the real one may be let loose on this, and saves the words where it may not.
"""

import html as entities
import re
from collections.abc import Iterator

LONGEST = 4 * 1_048_576  # characters that are looked at for their words
RAW_TEXT = frozenset({"script", "style", "title", "iframe", "noembed", "noframes", "xmp", "textarea"})
UNREAD = RAW_TEXT - {"xmp", "textarea"}
VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "frame",
        "hr",
        "img",
        "input",
        "keygen",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
FORMATTING = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
CELLS = frozenset({"p", "td", "th"})
ENDS = {  # a start tag that ends these without their end tags
    "p": frozenset({"p"}),
    "li": frozenset({"li", "p"}),
    "dt": frozenset({"dt", "dd", "p"}),
    "dd": frozenset({"dt", "dd", "p"}),
    "td": CELLS,
    "th": CELLS,
    "tr": CELLS | {"tr"},
    "option": frozenset({"option"}),
}
BREAKS = frozenset(
    [
        "p",
        "div",
        "br",
        "tr",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "ul",
        "ol",
        "blockquote",
        "pre",
        "hr",
        "section",
        "article",
        "dt",
        "dd",
    ]
)

ATTRIBUTES = r"""(?:[\s/]++|(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])[^\s>]*+))?+)*+"""
TAG = re.compile(rf"<(/?)([a-zA-Z][^\s/>\x00]*+){ATTRIBUTES}>")
COMMENT_END = re.compile(r"--!?>")
HUGE_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")

Token = tuple[str, str]  # ("text", words as written), ("open", name), ("close", name)


def tokens(html: str) -> Iterator[Token]:
    """Text and tags in order; comments, declarations and what scripts and styles hold are left out."""
    place, last_close = 0, html.rfind(">")
    while place < len(html):
        found = html.find("<", place)
        if found < 0 or found > last_close:  # no tag can end any more
            yield "text", html[place:]
            return
        yield "text", html[place:found]
        place, token = _markup(html, found)
        if token:
            yield token
        if token and token[0] == "open" and token[1] in RAW_TEXT:
            end = re.compile(rf"</{re.escape(token[1])}(?=[\s/>])", re.IGNORECASE).search(html, place)
            if end and token[1] not in UNREAD:
                yield "text", html[place : end.start()]
            place = end.start() if end else len(html)


def _markup(html: str, place: int) -> tuple[int, Token | None]:
    """What stands at a `<`: where it ends, and the tag if it is one."""
    if html.startswith("<!--", place):
        end = COMMENT_END.search(html, place + 2)  # `<!-->` is one
        return (end.end() if end else len(html)), None
    if html.startswith(("<!", "<?"), place):
        return html.find(">", place) + 1, None
    tag = TAG.match(html, place)
    if tag:
        return tag.end(), ("close" if tag[1] else "open", tag[2].lower())
    if html.startswith("</", place) and not html[place + 2 : place + 3].isspace():
        return html.find(">", place) + 1, None
    return place + 1, ("text", "<")


def too_deep(html: str, most: int) -> bool:
    """Do its tags nest deeper than `most`, or grow into many more when a browser repairs them?"""
    standing: list[str] = []
    leaked, tags = 0, 0
    for kind, name in tokens(html):
        if kind == "text" or name in VOID:
            continue
        tags += 1
        if kind == "open":
            while standing and standing[-1] in ENDS.get(name, ()):
                standing.pop()
            standing.append(name)
        elif name in standing:
            while (ended := standing.pop()) != name:
                leaked += ended in FORMATTING  # a browser opens it again in every block that follows
        if len(standing) > most:
            return True
    return leaked * tags > 200_000


def html_text(html: str) -> str:
    """The words without the tags, one line a block: for HTML that is too large or too deep to be cleaned."""
    pieces: list[str] = []
    for kind, value in tokens(html[:LONGEST]):
        if kind == "text":
            pieces.append(_collapsed(unescaped(value)))
        elif value in BREAKS:
            pieces.append("\n")
    return tidy("".join(pieces))


def unescaped(text: str) -> str:
    """Character references resolved; numbers without end are none."""
    return entities.unescape(HUGE_NUMBER.sub("\ufffd", text))


def _collapsed(text: str) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text)


def tidy(text: str) -> str:
    """No white space at the ends of lines, at most one empty line in a row."""
    lines = [line.strip(" \t\xa0") for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
