"""Words for full-text search: found and folded here, so that the same text is the same words on every server.

PostgreSQL keeps them (`tsvector`) and finds them (`tsquery`); it need know neither accents nor scripts. A word is a run
of letters, digits and their marks; what has none of the spaces that part words (Chinese, Japanese, Thai …) is cut into
pairs of signs that overlap, so that any stretch of it can be found.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import models

from hark.kernel.db import fetch_all

LONGEST_WORD = 80
MOST_WORDS = 20_000  # of one text; PostgreSQL holds at most 16,383 places and a megabyte
MOST_LETTERS = 200_000
LAST_PLACE = 16_383
STEMMED = {
    "de": "german", "en": "english", "es": "spanish", "fr": "french", "it": "italian", "nl": "dutch",
    "pt": "portuguese",
}  # fmt: skip
WITHOUT_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f"
)
MARKS = "".join(chr(n) for n in range(0x300, 0x3000) if unicodedata.category(chr(n)).startswith("M"))
SIGN = re.compile(f"[{WITHOUT_SPACES}]")
RUN = re.compile(rf"(?P<signs>[{WITHOUT_SPACES}]+)|(?:(?![{WITHOUT_SPACES}])[^\W_]|[{MARKS}\u200c\u200d])+")
# What writers leave out at will: accents, Hebrew and Arabic vowel points, the stretching of Arabic letters, joiners.
LEFT_OUT = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u200c\u200d]")
LIKE = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})

STEMS = """
    SELECT word, array(SELECT DISTINCT stem FROM unnest(%s::text[]) dictionary,
        unnest(ts_lexize(dictionary::regdictionary, word)) stem)
    FROM unnest(%s::text[]) word
"""


class Word(NamedTuple):
    """A word as it is found, and where it stands in the text, in code points."""

    folded: str
    start: int
    end: int


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """A word without what must not matter: case, accents, width of signs."""
    if word.isascii():
        return word.lower()[:LONGEST_WORD]
    bare = LEFT_OUT.sub("", unicodedata.normalize("NFKD", word.casefold()))
    return unicodedata.normalize("NFKC", bare).casefold().translate(LIKE)[:LONGEST_WORD]


def words_of(text: str, *, asked: bool = False) -> Iterator[Word]:
    """The words of a text in order. Of signs without spaces: every pair, and the last sign alone unless `asked`."""
    for run in RUN.finditer(text):
        start, end = run.span()
        if run["signs"] is None:
            folded = fold(run.group())
            if folded:
                yield Word(folded, start, end)
            continue
        last = end - 1 if asked and end - start > 1 else end
        yield from (
            Word(fold(text[place : min(place + 2, end)]), place, min(place + 2, end)) for place in range(start, last)
        )


def plain_words(text: str) -> list[str]:
    """The folded words of a text in order, as many as are kept."""
    found: list[str] = []
    letters = 0
    for word in words_of(text):
        letters += len(word.folded.encode())
        if len(found) == MOST_WORDS or letters > MOST_LETTERS:
            break
        found.append(word.folded)
    return found


def vector_of(words: Iterable[str], marks: Iterable[str] = ()) -> str:
    """A tsvector as PostgreSQL reads it: words with their places, `marks` (`venue:form`) without."""
    places: dict[str, list[str]] = {}
    for number, word in enumerate(words, 1):
        places.setdefault(word, []).append(str(min(number, LAST_PLACE)))
    told = [f"{quoted(word)}:{','.join(dict.fromkeys(at[:255]))}" for word, at in places.items()]
    return " ".join([*told, *map(quoted, marks)])


def has_spaces(word: str) -> bool:
    """Is it of a script that parts its words by spaces? Only those have stems and beginnings."""
    return word.isascii() or not SIGN.match(word)


def quoted(lexeme: str) -> str:
    """A lexeme as vectors and queries write it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def stems_of(words: Iterable[str]) -> dict[str, list[str]]:
    """What each word is reduced to in the languages that we stem, without the word itself. One query."""
    asked = sorted({word for word in words if has_spaces(word)})
    if not asked:
        return {}
    rows = fetch_all(STEMS, [[f"{language}_stem" for language in STEMMED.values()], asked])
    return {word: sorted(set(stems) - {word}) for word, stems in rows}


class WordsField(models.Field):  # type: ignore[type-arg] # Django knows no brackets at run time
    """A column of words as PostgreSQL searches them. Written by SQL only; asked by `words__match=<tsquery>`."""

    def db_type(self, connection: Any) -> str:
        """The type of the column."""
        return "tsvector"


@WordsField.register_lookup
class Match(models.Lookup):
    """`words @@ tsquery`."""

    lookup_name = "match"

    def get_prep_lookup(self) -> Any:
        """The query stays text: it is cast where it is used."""
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """The operator that GIN indexes serve."""
        column, before = self.process_lhs(compiler, connection)
        return f"{column} @@ %s::tsquery", [*before, self.rhs]
