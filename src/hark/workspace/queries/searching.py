"""What was found as a page shows it: excerpts with their words marked, times, moods, who could read it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.safestring import SafeString

from hark.conversations.models import Case
from hark.conversations.queries.asking import Asked, asked_for
from hark.conversations.queries.found import CaseFound, Found, Hit, PersonFound, find, known_to
from hark.conversations.queries.search import SearchTooSlow
from hark.conversations.queries.searchable import search_lag_seconds
from hark.kernel.html import found_html
from hark.organisation.models import Agent
from hark.workspace.queries.channels import venue_name
from hark.workspace.queries.ledger import READERS
from hark.workspace.queries.shapes import feeling_shown, mood_shown
from hark.workspace.queries.words import day, exact, hour, span_words
from hark.workspace.types import MoodShown

BEFORE, AROUND = 60, 260  # code points before the first word that was found, and of the whole excerpt
PAGE = 50
HITS_SHOWN = 3  # of one case; the others are behind "and more here"
LATE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class HitShown:
    """One hit as a line."""

    hit: Hit
    text_html: SafeString
    day: str
    hour: str
    exact: str
    venue: str
    readers: str
    readers_word: str
    mood: MoodShown | None


@dataclass(frozen=True, slots=True)
class GroupShown:
    """The hits of one case: the newest ones, and those behind them. `case` is None for a message of the stream."""

    case: Case | None
    mood: MoodShown | None
    hits: tuple[HitShown, ...]
    more: tuple[HitShown, ...]


@dataclass(frozen=True, slots=True)
class SearchShown:
    """A page of a search. `summary` says how much was found, `trouble` why nothing could be, `late` how far it lags."""

    asked: Asked
    people: tuple[PersonFound, ...] = ()
    groups: tuple[GroupShown, ...] = ()
    after: str = ""
    summary: str = ""
    trouble: str = ""
    late: str = ""


def search_shown(agent: Agent, text: str, *, at: datetime, after: str = "") -> SearchShown:
    """What `text` finds for this agent, in his time zone."""
    asked = asked_for(text, known_to(agent), at=timezone.localtime(at))
    late = _late(search_lag_seconds(at=at))
    if asked.is_empty:
        return SearchShown(asked, late=late)
    try:
        found = find(agent, asked, after=after, limit=PAGE)
    except SearchTooSlow as slow:
        return SearchShown(asked, trouble=slow.message, late=late)
    groups = tuple(_group(one, at) for one in found.cases)
    return SearchShown(asked, found.people, groups, found.next_place, _summary(found, after), late=late)


def _late(seconds: float) -> str:
    if seconds <= LATE_SECONDS:
        return ""
    return f"Search is {span_words(seconds)} behind: what came in since then is not found yet."


def _summary(found: Found, after: str) -> str:
    if found.next_place or after:
        return f"{found.hits} older ones" if after else f"The newest {found.hits}"
    return f"{found.hits} found" if found.hits else ""


def _group(found: CaseFound, at: datetime) -> GroupShown:
    hits = tuple(_hit(hit, at) for hit in found.hits)
    mood = mood_shown(found.case.contact.mood_level) if found.case else None
    return GroupShown(found.case, mood, hits[:HITS_SHOWN], hits[HITS_SHOWN:])


def _hit(hit: Hit, at: datetime) -> HitShown:
    readers = READERS.get("note" if hit.kind == "note" else hit.visibility, ("", ""))
    return HitShown(
        hit=hit,
        text_html=found_html(hit.text, *excerpt_of(hit), hit.spans),
        day=day(hit.at, at),
        hour=hour(hit.at),
        exact=exact(hit.at),
        venue="Note" if hit.kind == "note" else venue_name(hit.venue),
        readers=readers[0],
        readers_word=readers[1],
        mood=feeling_shown(hit.mood) if hit.mood not in {"", "calm"} else None,
    )


def excerpt_of(hit: Hit) -> tuple[int, int]:
    """The stretch of a text that is shown: around the first word that was found, cut between words."""
    first = min((start for start, _ in hit.spans), default=0)
    start = hit.text.find(" ", first - BEFORE, first) + 1 or first if first > BEFORE else 0
    end = start + AROUND
    if end < len(hit.text):
        gap = hit.text.rfind(" ", start + AROUND // 2, end)
        return start, gap if gap > 0 else end
    return start, len(hit.text)
