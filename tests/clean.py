"""What a plain reading of a fragment finds that must not be in it once it was cleaned."""

import re
from html.parser import HTMLParser

from hark.kernel.foreign_html.cleaning import DEEPEST
from hark.kernel.foreign_html.walking import ALLOWED

ATTRIBUTES = {
    "a": {"href", "title", "target", "rel"},
    "img": {"src", "alt", "width", "height", "data-remote-src"},
}
EVERYWHERE = {"dir", "lang"}
VOID = {"br", "hr", "img"}


class Reader(HTMLParser):
    """What a plain reading finds in a fragment that claims to be clean."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.deepest, self.standing = 0, 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.wrong.append(tag)
        self.standing += tag not in VOID
        self.deepest = max(self.deepest, self.standing)
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()) | EVERYWHERE:
                self.wrong.append(f"{tag} {name}")
            if name == "href" and not re.match(r"(?:https?://[^/\\]|mailto:|tel:)", value or "", re.IGNORECASE):
                self.wrong.append(f"href {value}")
            if name == "src" and not (value or "").lower().startswith("cid:"):
                self.wrong.append(f"src {value}")

    def handle_endtag(self, tag: str) -> None:
        self.standing -= tag not in VOID

    def handle_comment(self, data: str) -> None:
        self.wrong.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.wrong.append("instruction")


def wrong_in(html: str) -> list[str]:
    """What a clean fragment must not hold."""
    reader = Reader(html)
    return reader.wrong + (["too deep"] if reader.deepest > DEEPEST else [])
