"""Lists of words that name nothing, shipped as data."""

import tomllib
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "words.toml"


@lru_cache(maxsize=8)
def word_list(name: str) -> frozenset[str]:
    """The words of one list of `data/words.toml`."""
    return frozenset(tomllib.loads(FILE.read_text(encoding="utf-8"))[name].split())
