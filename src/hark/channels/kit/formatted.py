"""HTML that a venue delivers, made harmless before it goes on: in the child that may be killed."""

from dataclasses import dataclass

from hark.kernel.hostile import read_in_child

CLEAN = "hark.kernel.foreign_html:cleaned_in_steps"


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
    said = read_in_child(CLEAN, html.encode("utf-8", "replace")).value or {}
    return Cleaned(said.get("html", ""), said.get("text", ""), said.get("hidden_text", ""))
