"""Stages 1 and 2: the readable form of a text, its canonical form, and the way back to the text as it was given."""

import hashlib
import html
import re
import unicodedata

LONGEST = 20_000  # code points that are read; a longer text is read to here
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe0e\ufe0f\ufeff\ud800-\udfff]"
)
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
STRAIGHT = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u02bc": "'", "`": "'"})
ADDRESS = re.compile(r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.]+|(?<!\w)@\w+")
# A pixel, a letter or a Hangul syllable with what leans on it: NFKC joins nothing across these borders.
CLUSTER = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});|[\u1100-\u11ff]+|[ -%'-~]+(?=[ -~])|.",
    re.DOTALL,
)
PLAIN_RUN = re.compile(r"[ -%'-~]+")
SHARED_AT_LEAST = 8  # canonical words from which the same text by two people counts as one


def normalise(text: str) -> str:
    """NFKC, entities resolved, control, zero-width and direction characters and lone surrogates out; emoji stay."""
    text = text[:LONGEST]
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(STRAIGHT)
    return INVISIBLE.sub("", text)


def readable(text: str) -> str:
    """Lower case with addresses blanked out at the same length: what rules match on. `text` is normalised."""
    lowered = text.lower()
    if "@" in lowered or "http" in lowered or "www." in lowered:
        return ADDRESS.sub(lambda found: " " * len(found[0]), lowered)
    return lowered


def origins(raw: str) -> list[tuple[int, int]] | None:
    """The span of `raw` behind each code point of `normalise(raw).lower()`; None where that cannot be told."""
    raw = raw[:LONGEST]
    places: list[tuple[int, int]] = []
    rebuilt: list[str] = []
    for start, end in _clusters(raw):
        piece = raw[start:end]
        if PLAIN_RUN.fullmatch(piece):
            rebuilt.append(piece.lower())
            places.extend((place, place + 1) for place in range(start, end))
            continue
        piece = normalise(piece).lower()
        rebuilt.append(piece)
        places.extend([(start, end)] * len(piece))
    return places if "".join(rebuilt) == normalise(raw).lower() else None


def _clusters(raw: str) -> list[tuple[int, int]]:
    """Spans of `raw` that normalise on their own: a character together with the combining marks behind it."""
    spans: list[tuple[int, int]] = []
    for found in CLUSTER.finditer(raw):
        if spans and unicodedata.combining(raw[found.start()]):
            spans[-1] = (spans[-1][0], found.end())
        else:
            spans.append(found.span())
    return spans


class _Kept(dict[int, int]):
    """Letters, digits, marks and symbols stay, all else becomes a space; worked out once for each code point."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        self[code] = code if char.isalnum() or unicodedata.category(char)[0] in "SM" else 32
        return self[code]


_KEPT = _Kept()


def canonical(text: str) -> str:
    """Lower case words and emoji, one space between: handles, links and punctuation out. `text` is normalised."""
    return " ".join(readable(text).translate(_KEPT).split())


def duplicate_key(form: str, brand: str | None, author: str | None) -> str | None:
    """16 hex digits that two messages share when they are the same text; `form` is canonical.

    Scope: never across brands. From eight words on the same text counts as one whoever wrote it; a shorter one only
    for one author, since polite words of different people are not duplicates. None where that cannot be told.
    """
    if not form:
        return None
    short = form.count(" ") + 1 < SHARED_AT_LEAST
    if short and author is None:
        return None
    scope = f"{brand or ''}\0{author if short else ''}\0{form}"
    return hashlib.sha256(scope.encode("utf-8", "surrogatepass")).hexdigest()[:16]
