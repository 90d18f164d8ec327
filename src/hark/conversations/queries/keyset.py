"""Pages by key, not by number: what arrives meanwhile moves nothing, and the hundredth costs what the first does."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

DONE_EVENT, NOTE, MESSAGE = 0, 1, 2  # which of several at the same instant stands later


class Place(NamedTuple):
    """Behind which row the next page begins. `at` None: behind the last row that has a time."""

    at: datetime | None
    rank: int
    id: int

    def __str__(self) -> str:
        micros = "" if self.at is None else str(int(self.at.timestamp() * 1_000_000))
        return f"{micros}.{self.rank}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """The place as written, or None when it is not one."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts[1:]):
            return None
        if not parts[0]:
            return cls(None, int(parts[1]), int(parts[2]))
        if not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) <= 17):
            return None
        seconds, micros = divmod(int(parts[0]), 1_000_000)
        return cls(datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros), int(parts[1]), int(parts[2]))


def before_place(rows: QuerySet[Any, Any], field: str, rank: int, place: Place | None) -> QuerySet[Any, Any]:
    """The rows of one rank before a place among rows of several, newest first by `field`; all where there is none."""
    if place and place.at:
        earlier = Q(**{f"{field}__lt": place.at})
        if rank < place.rank:
            earlier |= Q(**{field: place.at})
        elif rank == place.rank:
            earlier |= Q(**{field: place.at, "id__lt": place.id})
        rows = rows.filter(earlier)
    return rows.order_by(f"-{field}", "-id")
