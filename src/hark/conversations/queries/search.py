"""Search over messages and notes: newest first, page by page, by whichever of two plans is safe.

What is rare is collected by the index of words and then put in order. What is common is found by walking back from the
newest, a bounded way; if that does not fill a page it is rare where it counts, and is collected after all. The planner
alone chooses wrongly in both directions (docs/search.md).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Model, Q, QuerySet

from hark.conversations.models import MessageSearch, NoteSearch
from hark.conversations.queries.asking import Asked, Mark, Term
from hark.conversations.queries.keyset import Place
from hark.conversations.queries.searchable import messages_searchable_by, notes_searchable_by
from hark.conversations.types import Status
from hark.kernel.db import fetch_all
from hark.kernel.errors import HarkError
from hark.kernel.fulltext import quoted, stems_of
from hark.organisation.models import Agent
from hark.organisation.queries import inboxes_visible_to, sees_everything

PAGE = 50
RARE = 2_000  # so many rows, by the planner's statistics, are sooner collected than met on the way
LOOKED_AT = 40_000  # rows that are walked past at most
TIMEOUT = "3s"
TIMED_OUT = "57014"
FAST_DISK = {"random_page_cost": "1.1"}  # the default takes a look at one row for as dear as on a turning disk
IN_ORDER = dict.fromkeys(("enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "enable_sort"), "off")
ALIVE = (Status.OPEN, Status.WAITING)
ESTIMATED = re.compile(r"rows=(\d+)")
MESSAGE, NOTE = 2, 1  # which of two stands later in the timeline


class SearchTooSlow(HarkError):
    """This search takes too long. Make it narrower: add a word, a name (from:) or a time (after:, before:)."""


@dataclass(frozen=True, slots=True)
class PlacesFound:
    """Where hits stand, newest first; `next_place` is empty on the last page. `stems` are other forms of the words."""

    places: tuple[Place, ...]
    next_place: str
    stems: Mapping[str, Sequence[str]]


def search(agent: Agent, asked: Asked, *, after: str = "", limit: int = PAGE) -> PlacesFound:
    """One page of what the agent may find. At most eleven queries, however much there is; a read-only transaction.

    Raises SearchTooSlow after three seconds.
    """
    place = Place.parse(after)
    try:
        with transaction.atomic(), planned(statement_timeout=TIMEOUT, **FAST_DISK):
            stems = stems_of(word for term in asked.terms for word in term.words)
            found = list(_found(agent, asked, words_query(agent, asked, stems), place, limit + 1))
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == TIMED_OUT:
            raise SearchTooSlow from None
        raise
    found.sort(key=lambda one: (one.at, one.rank, one.id), reverse=True)
    more, found = len(found) > limit, found[:limit]
    return PlacesFound(tuple(found), str(found[-1]) if more else "", stems)


def _found(agent: Agent, asked: Asked, query: str, place: Place | None, limit: int) -> Iterator[Place]:
    """The newest hits among messages and among notes."""
    messages = messages_searchable_by(agent).filter(_about(agent, asked, "message__conversation__case__"))
    if asked.inboxes:
        loose = Q(message__conversation__case=None, message__channel__inbox__in=asked.inboxes)
        messages = messages.filter(Q(message__conversation__case__inbox__in=asked.inboxes) | loose)
    notes = notes_searchable_by(agent).filter(_about(agent, asked, "note__case__"))
    if asked.inboxes:
        notes = notes.filter(note__case__inbox__in=asked.inboxes)
    for model, rows, rank in ((MessageSearch, messages, MESSAGE), (NoteSearch, notes, NOTE)):
        for at, pk in _newest(model, rows, query, _bounds(asked, place, rank), limit):
            yield Place(at, rank, pk)


def _about(agent: Agent, asked: Asked, case: str) -> Q:
    """How the cases must stand: of several states of one kind any; of several kinds all."""
    statuses = [state for state in ("open", "waiting", "resolved") if state in asked.states]
    held = Q(**{f"{case}status__in": statuses}) if statuses else Q()
    holders = Q()
    if "mine" in asked.states:
        holders |= Q(**{f"{case}assignee": agent, f"{case}status__in": ALIVE})
    if "unassigned" in asked.states:
        holders |= Q(**{f"{case}assignee": None, f"{case}status__in": ALIVE})
    back = Q(**{f"{case}again__gt": 0}) if "again" in asked.states else Q()
    return held & holders & back


def _bounds(asked: Asked, place: Place | None, rank: int) -> Q:
    bounds = Q()
    if asked.after:
        bounds &= Q(at__gte=asked.after)
    if asked.before:
        bounds &= Q(at__lt=asked.before)
    if place and place.at:
        earlier = Q(at__lt=place.at)
        if rank < place.rank:
            earlier = Q(at__lte=place.at)
        elif rank == place.rank:
            earlier = Q(at__lt=place.at) | Q(at=place.at, pk__lt=place.id)
            bounds &= Q(at__lte=place.at)  # said apart, so that the index is entered there
        bounds &= earlier
    return bounds


def _newest(model: type[Model], rows: QuerySet[Any], query: str, bounds: Q, limit: int) -> list[tuple[datetime, int]]:
    rows = rows.filter(bounds)
    if query:
        rows = rows.filter(words__match=query)
    if not query or estimated(model, query) > RARE:
        way = model._default_manager.filter(bounds).order_by("-at", "-pk").values_list("at", flat=True)
        end = next(iter(way[LOOKED_AT - 1 : LOOKED_AT]), None)
        walked = rows.filter(at__gte=end) if end else rows
        with planned(**IN_ORDER):
            met = list(walked.order_by("-at", "-pk").values_list("at", "pk")[:limit])
        if end is None or len(met) == limit:
            return met
    return collected(rows, limit)


def collected(rows: QuerySet[Any], limit: int) -> list[tuple[datetime, int]]:
    """All rows first, then the newest of them: the fence keeps the planner from walking in the hope of meeting some."""
    inner, values = rows.order_by().values_list("at", "pk").query.sql_with_params()
    return fetch_all(
        f"WITH found (at, id) AS MATERIALIZED ({inner}) "  # noqa: S608 - the gate's own words
        f"SELECT at, id FROM found ORDER BY at DESC, id DESC LIMIT {limit:d}",
        values,
    )


def estimated(model: type[Model], query: str) -> int:
    """How many rows the planner's statistics expect to have these words. Costs no look at any row."""
    table = model._meta.db_table
    plan = fetch_all(f"EXPLAIN SELECT FROM {table} WHERE words @@ %s::tsquery", [query])
    rows = ESTIMATED.search(str(plan[0][0]))
    return int(rows[1]) if rows else 0


@contextmanager
def planned(**settings: str) -> Iterator[None]:
    """These settings of the planner for some statements of the running transaction."""
    names = list(settings)
    before = fetch_all(f"SELECT {', '.join(['current_setting(%s)'] * len(names))}", names)[0]
    _set(names, settings.values())
    yield  # after an error the transaction's end sets them back
    _set(names, before)


def _set(names: Sequence[str], values: Iterable[str]) -> None:
    pairs = [word for pair in zip(names, values, strict=True) for word in pair]
    fetch_all(f"SELECT {', '.join(['set_config(%s, %s, true)'] * len(names))}", pairs)


# -- the words as PostgreSQL asks for them


def words_query(agent: Agent, asked: Asked, stems: Mapping[str, Sequence[str]]) -> str:
    """The tsquery; empty where nothing is asked of the words.

    It names the agent's inboxes too: not as his rights, which are asked of every hit, but so that the index passes over
    what he would not be shown anyway.
    """
    parts = [term_query(term, stems) for term in asked.terms] + [_mark_query(mark) for mark in asked.marks]
    if asked.wants_words and not sees_everything(agent):
        own = inboxes_visible_to(agent).values_list("pk", flat=True)
        parts.append("(" + " | ".join(quoted(f"inbox:{pk}") for pk in own or (0,)) + ")")
    return " & ".join(parts)


def term_query(term: Term, stems: Mapping[str, Sequence[str]] = {}) -> str:
    """One term: a word in any of its forms, or words that stand one after the other."""
    *first, last = map(quoted, term.words)
    last += ":*" if term.begins else ""
    alternatives = [" <-> ".join([*first, last])]
    if not first and not term.exact:
        alternatives += map(quoted, stems.get(term.words[0], ()))
    return ("!" if term.without else "") + "(" + " | ".join(alternatives) + ")"


def _mark_query(mark: Mark) -> str:
    groups = ["(" + " & ".join(map(quoted, group)) + ")" for group in mark.groups]
    return ("!" if mark.without else "") + "(" + " | ".join(groups) + ")"
