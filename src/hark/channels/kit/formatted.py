"""HTML that a venue delivers, made harmless before it goes on: in the child that may be killed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hark.kernel.hostile import read_in_child

CLEAN, TOGETHER = "hark.kernel.foreign_html:cleaned_in_steps", "hark.kernel.foreign_html:cleaned_together"
HANDFUL = 50


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A fragment with nothing live in it, its words, and what it had hidden from its readers."""

    html: str = ""
    text: str = ""
    hidden_text: str = ""


def cleaned(html: str) -> Cleaned:
    """What may be kept of it. Pure and total: HTML that cannot be read in time gives its words alone, or nothing."""
    if not html.strip():
        return Cleaned()
    return _made(read_in_child(CLEAN, html.encode("utf-8", "replace")).value or {})


def cleaned_all(pieces: Sequence[str]) -> list[Cleaned]:
    """The same for each of several pieces, many at once: a page of short comments costs few walks to the child.

    Where one of them makes trouble, its neighbours are cleaned one by one, and lose nothing by it.
    """
    found = {place: html.encode("utf-8", "replace").decode() for place, html in enumerate(pieces) if html.strip()}
    made: dict[int, Cleaned] = {}
    places = list(found)
    for some in (places[at : at + HANDFUL] for at in range(0, len(places), HANDFUL)):
        outcome = read_in_child(TOGETHER, json.dumps([found[place] for place in some]).encode())
        told = [cleaned(found[place]) for place in some] if outcome.note else map(_made, outcome.value)
        made.update(zip(some, told, strict=True))
    return [made.get(place, Cleaned()) for place in range(len(pieces))]


def _made(said: dict[str, Any]) -> Cleaned:
    return Cleaned(said.get("html", ""), said.get("text", ""), said.get("hidden_text", ""))
