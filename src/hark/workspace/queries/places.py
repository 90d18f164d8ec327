"""The places where a customer says what a case is about, in words, and those that still wait for an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from hark.conversations.models import Case
from hark.conversations.queries.places import CasePlace, places_of
from hark.workspace.queries.channels import place_name
from hark.workspace.queries.words import exact


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """One place. `key` is its conversation."""

    key: str
    name: str
    exact: str
    permalink: str
    answered: bool


def places_shown(case: Case) -> list[PlaceShown]:
    """Every place of a case that was said at more than one; nothing else. One query."""
    places = places_of(case)
    return [_shown(place) for place in places] if len(places) > 1 else []


def still_waiting(places: Sequence[PlaceShown], *, but: str) -> list[PlaceShown]:
    """Those where nobody has answered yet, beside the one that was just answered."""
    return [place for place in places if not place.answered and place.key != but]


def _shown(place: CasePlace) -> PlaceShown:
    return PlaceShown(
        key=place.conversation_key,
        name=place_name(place.venue, place.channel),
        exact=exact(place.sent_at),
        permalink=place.permalink,
        answered=place.answered,
    )
