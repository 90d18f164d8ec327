"""What the palette finds for a few letters: cases and people, through the gate."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from hark.conversations.models import Case
from hark.conversations.queries.access import cases_visible_to
from hark.conversations.queries.appearance import icon_of
from hark.conversations.types import Status
from hark.organisation.models import Agent

NEWEST = 2_000  # looked through for a name within words; a whole key is found however old
EACH = 6
CASES, PEOPLE = "Cases", "People"


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the palette that opens a case or the person beside it."""

    key: str
    href: str
    group: str
    icon: str
    word: str
    detail: str
    kind: str


def found_for(agent: Agent, letters: str) -> list[Found]:
    """Cases by title or key and people by name among the newest cases that the agent may see. Three queries."""
    words = letters.split()
    if not words:
        return []
    near = cases_visible_to(agent).order_by("-pk").values("pk")[:NEWEST]
    rows = _with_people(Case.objects.filter(pk__in=near))
    titled, named = Q(), Q()
    for word in words:
        titled &= Q(title__icontains=word)
        named &= Q(contact__name__icontains=word) | Q(contact__identities__handle__icontains=word)
    exact = _with_people(cases_visible_to(agent).filter(key=letters.strip()))
    cases = [*exact, *rows.filter(titled).order_by("-pk")[:EACH]]
    people = rows.filter(named).order_by("contact_id", "-pk").distinct("contact_id")[:EACH]
    return [*map(_case, dict.fromkeys(cases)), *map(_person, people)]


def found_again(agent: Agent, keys: Sequence[str]) -> list[Found]:
    """The cases with these keys that the agent may still see. One query."""
    return [_case(row) for row in _with_people(cases_visible_to(agent).filter(key__in=keys))]


def _with_people(rows: QuerySet[Case]) -> QuerySet[Case]:
    return rows.select_related("contact")


def _case(row: Case) -> Found:
    who = row.contact.name or "Somebody"
    state = "" if row.status == Status.OPEN else f", {Status(row.status).label.lower()}"
    return Found(row.key, f"/case/{row.key}/", CASES, icon_of(row.last_kind), row.title, f"{who}{state}", row.key[:9])


def _person(row: Case) -> Found:
    href = f"/case/{row.key}/?pane=contact"
    return Found(f"person_{row.key}", href, PEOPLE, "person", row.contact.name or "Somebody", row.title, "person")
