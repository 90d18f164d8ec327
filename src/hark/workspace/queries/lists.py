"""The list of cases as a page shows it, and what is newer than what is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hark.conversations.queries.access import cases_visible_to
from hark.conversations.queries.cases import (
    AnyList,
    CaseRow,
    View,
    case_counts,
    case_page,
    case_rows,
    cases_in,
    is_of_resolved,
)
from hark.conversations.queries.saved_views import FilteredList, find_list, saved_lists
from hark.organisation.models import Agent
from hark.workspace.queries.channels import place_name
from hark.workspace.queries.shapes import clock_shown, kind_word, lift_words, mood_shown, rank_words
from hark.workspace.types import RowShown

PAGE = 50
SHOWN_AT_MOST = 300  # rows that one page asks about; more are simply not refreshed
TABS = 3  # views that stand as tabs; the others are behind "more views"
KEYS = 9  # the first views are on the keys 1 to 9


@dataclass(frozen=True, slots=True)
class ViewShown:
    """A view with its count; empty where nobody needs one."""

    key: str
    name: str
    count: str
    current: bool
    hotkey: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class ListShown:
    """A page of a view; `after` names the next one, empty on the last."""

    rows: tuple[RowShown, ...]
    after: str


def list_shown(agent: Agent, view: AnyList, *, at: datetime, after: str = "") -> ListShown:
    """One page of a view as lines."""
    page = case_page(agent, view, at=at, after=after, limit=PAGE)
    return ListShown(tuple(row_shown(row) for row in page.rows), page.next_place)


def row_shown(row: CaseRow, *, here: bool = True) -> RowShown:
    """A line with its words."""
    rank = rank_words(row.clock) or lift_words(row.plan, row.clock)
    shown = (clock_shown(row.clock), mood_shown(row.mood), place_name(row.venue, row.channel))
    return RowShown(row, *shown, here, rank, kind_word(row.kind))


def rows_changed(agent: Agent, view: AnyList, keys: Sequence[str], *, at: datetime) -> list[RowShown]:
    """The lines of these cases as they stand now; those that have left the view say so. Foreign ones are not there."""
    found = cases_visible_to(agent).filter(key__in=list(keys)[:SHOWN_AT_MOST])
    cases = list(found.select_related("contact", "inbox", "assignee"))
    here = set(cases_in(agent, view, at=at).filter(pk__in=[case.pk for case in cases]).values_list("key", flat=True))
    return [row_shown(row, here=row.key in here) for row in case_rows(agent, cases, at=at)]


def held_back(agent: Agent, view: AnyList, shown: Sequence[str], *, at: datetime, complete: bool) -> int:
    """How many cases stand above or between the shown ones and are not drawn yet.

    `complete`: the list was drawn to its end, so that whatever is not shown is new.
    """
    known = set(shown)
    now = [row.key for row in case_page(agent, view, at=at, limit=max(PAGE, min(len(known), SHOWN_AT_MOST))).rows]
    places = [place for place, key in enumerate(now) if key in known]
    end = len(now) if complete or not places else places[-1]
    return sum(key not in known for key in now[:end])


def list_of(agent: Agent, value: str) -> AnyList:
    """The list that an address names; Mine when it is none, or somebody else's."""
    return View(value) if value in View.values else find_list(agent, value) or View.MINE


def views_shown(agent: Agent, current: AnyList, *, at: datetime) -> tuple[list[ViewShown], list[ViewShown]]:
    """The views as tabs, and those behind "more views"; the current one is always a tab, a filter without a name too.

    Keys go to the first three, then to saved views in their order, then to the others.
    """
    fixed = list(View)
    order: list[AnyList] = [*fixed[:TABS], *saved_lists(agent), *fixed[TABS:]]
    known = [str(view.value) for view in order]
    free = [] if current.value in known else [current]
    counts = case_counts(agent, at=at, lists=[*free, *order])
    made = {
        str(view.value): ViewShown(
            str(view.value),
            str(view.label),
            _count(counts[str(view.value)], view),
            view.value == current.value,
            str(place) if view not in free and place <= KEYS else "",
            _group(view),
        )
        for place, view in enumerate([*order, *free], 1)
    }
    first = known[:TABS]
    tabs = first if current.value in first else [*first[: TABS - 1], str(current.value)]
    return [made[value] for value in tabs], [made[value] for value in known if value not in tabs]


def _group(view: AnyList) -> str:
    """Under which heading a view stands."""
    if isinstance(view, FilteredList):
        return view.team or "Own views"
    return "Everybody's"


def _count(number: int, view: AnyList) -> str:
    if is_of_resolved(view):
        return ""
    return "1,000+" if number >= 1000 else str(number)
