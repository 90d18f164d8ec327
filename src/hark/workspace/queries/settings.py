"""The places of the settings, for those who may change what is there."""

from dataclasses import dataclass

from hark.organisation.models import Agent
from hark.organisation.types import Right


@dataclass(frozen=True, slots=True)
class Place:
    """One place: its address below the settings, its name, who may go there, and the pages that belong to it."""

    path: str
    name: str
    right: Right
    areas: frozenset[str]


def _place(path: str, name: str, right: Right, *more: str) -> Place:
    return Place(path, name, right, frozenset({path, *more}))


PLACES = (
    ("", (
        _place("channels", "Channels", Right.CHANNELS, "channel", "channel_new", "channel_secrets", "channel_sign_in"),
        _place("inboxes", "Inboxes", Right.BRANDS, "inbox"),
        _place("brands", "Brands", Right.BRANDS, "brand_words", "brand_intents", "brand_intent", "brand_plans",
               "brand_mutes", "brand_terms"),
        _place("readings", "Readings", Right.BRANDS),
        _place("rereading", "Read again", Right.BRANDS),
        _place("desk", "Desk", Right.BRANDS),
    )),
    ("Work", (
        _place("replies", "Saved replies", Right.TOOLS, "reply"),
        _place("macros", "Macros", Right.TOOLS, "macro"),
        _place("tags", "Tags", Right.TOOLS),
    )),
    ("People and programs", (
        _place("people", "People", Right.PEOPLE, "person"),
        _place("teams", "Teams", Right.PEOPLE),
        _place("roles", "Roles", Right.PEOPLE, "role"),
        _place("keys", "Keys of the API", Right.KEYS),
    )),
)  # fmt: skip


def settings_places(agent: Agent) -> list[tuple[str, list[Place]]]:
    """(heading, places), without what this person may not change."""
    mine = [(heading, [place for place in places if agent.may(place.right)]) for heading, places in PLACES]
    return [(heading, places) for heading, places in mine if places]
