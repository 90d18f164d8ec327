"""Which inline styles hide words from a reader: no size, no place, no colour of their own."""

import re

Colour = tuple[int, int, int]
NAMES: dict[str, Colour] = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "red": (255, 0, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
    "whitesmoke": (245, 245, 245),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
}
WHITE = NAMES["white"]
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})")
RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*(?:[,/]\s*([\d.]{1,8}%?)\s*)?\)")
SIZE = re.compile(r"(-?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}))\s*(px|pt|em|rem|ex|ch|vw|vh|%|)")
NEAR = 12  # steps of a colour that nobody tells apart
MOST_DECLARATIONS = 60
LONGEST_STYLE = 4_000
HIDES = "hides"


def style_mark(style: str) -> str:
    """What `style` means for reading: `hides`, or its colours as `color=rrggbb background=rrggbb|unknown`, or ''."""
    said = _declarations(style)
    if _hides(said):
        return HIDES
    marks = []
    if "color" in said:
        marks.append(f"color={_written(colour_of(said['color']))}")
    ground = said.get("background-color") or said.get("background")
    if ground or "background-image" in said:
        known = None if "background-image" in said or "url" in (ground or "") else colour_of(ground or "")
        marks.append(f"background={_written(known)}")
    return " ".join(marks)


def colour_of(text: str) -> Colour | None:
    """The first colour named in it, or None."""
    text = text.strip().lower()[:100]
    if found := RGB.search(text):
        red, green, blue = (min(255, int(found[place])) for place in (1, 2, 3))
        return red, green, blue
    for word in text.split():
        if word in NAMES:
            return NAMES[word]
        if found := HEX.fullmatch(word):
            digits = found[1] if len(found[1]) == 6 else "".join(letter * 2 for letter in found[1])
            return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    return None


def read_mark(mark: str) -> dict[str, Colour | None]:
    """The colours of a mark; None where a colour is there but not known."""
    return {name: colour_of(value) for name, _, value in (part.partition("=") for part in mark.split())}


def same(one: Colour | None, other: Colour | None) -> bool:
    """Can nobody tell them apart?"""
    return one is not None and other is not None and all(abs(a - b) <= NEAR for a, b in zip(one, other, strict=True))


def _written(colour: Colour | None) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour) if colour else "unknown"


def _declarations(style: str) -> dict[str, str]:
    found = {}
    for declaration in COMMENT.sub("", style[:LONGEST_STYLE].lower()).split(";")[:MOST_DECLARATIONS]:
        name, _, value = declaration.partition(":")
        found[name.strip()] = value.replace("!important", "").strip()
    return found


def _hides(said: dict[str, str]) -> bool:
    if said.get("display") == "none" or said.get("visibility") in {"hidden", "collapse"}:
        return True
    if _at_most(said.get("opacity"), 0.01) or _at_most(said.get("font-size"), 1):
        return True
    clear = RGB.search(said.get("color", ""))
    if said.get("color") == "transparent" or (clear and clear[4] and float(clear[4].strip("%.") or 0) == 0):
        return True
    clipped = said.get("overflow") in {"hidden", "clip"}
    flat = any(_at_most(said.get(side), 1) for side in ("width", "height", "max-width", "max-height"))
    return (clipped and flat) or _away(said)


def _away(said: dict[str, str]) -> bool:
    """Moved out of sight."""
    return any(_at_most(said.get(side), -500) for side in ("text-indent", "left", "top", "margin-left", "margin-top"))


def _at_most(value: str | None, most: float) -> bool:
    """Is it a size of at most so many pixels? A share of something is small only when it is none."""
    found = SIZE.fullmatch(value or "")
    if not found:
        return False
    size = float(found[1])
    return size <= most if found[2] in {"px", ""} or most < 0 else size <= 0
