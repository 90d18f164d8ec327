"""What a brand listens for as its page shows it: each word with how often it was seen, and what it would cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isqrt

from hark.channels.accounts import can_listen, charges_for_reading
from hark.conversations.queries.previewing import Preview, preview
from hark.organisation.listening import listens_now, terms_of
from hark.organisation.models import Brand, Channel
from hark.organisation.queries import costs_of
from hark.organisation.spending import Spent, amount_words
from hark.organisation.types import TermKind
from hark.workspace.queries.channels import place_name

PRICED_BY = 31  # days whose costs say what a post costs to read
YEAR = 365
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class TermShown:
    """A word that may be listened for. `seen`: in how many of the messages looked at; `price`: a year of it."""

    text: str
    kind: str
    on: bool
    profile: bool
    rival: bool
    seen: int
    price: str


@dataclass(frozen=True, slots=True)
class ListeningShown:
    """The page: the words, of how many messages their counts are, and the channels that listen."""

    terms: tuple[TermShown, ...]
    looked: str
    places: tuple[str, ...]
    paused: tuple[str, ...]
    priced: bool


def listening_shown(brand: Brand, *, at: datetime) -> ListeningShown:
    """Everything the page of a brand's words says. Three queries."""
    terms = terms_of(brand)
    counted = preview(brand, [one.text for one in terms], at=at)
    channels = [row for row in Channel.objects.filter(inbox__brand=brand).order_by("name") if can_listen(row.venue)]
    paying = [row for row in channels if charges_for_reading(row.venue)]
    price = price_of_reading(paying, at=at) if paying else None
    shown = (
        TermShown(
            text=one.text,
            kind=TermKind(one.kind).label,
            on=one.on,
            profile=one.profile,
            rival=one.kind == TermKind.COMPETITOR,
            seen=counted.seen[one.text],
            price=a_year(counted.seen[one.text], price) if paying else "",
        )
        for one in terms
    )
    return ListeningShown(
        terms=tuple(shown),
        looked=looked_words(counted),
        places=tuple(place_name(row.venue, row.name) for row in channels),
        paused=tuple(place_name(row.venue, row.name) for row in channels if not listens_now(row, at)),
        priced=bool(paying),
    )


def price_of_reading(channels: Sequence[Channel], *, at: datetime) -> Spent | None:
    """What one post has cost to read over these channels lately, at the dearest of them; None: nothing was read yet."""
    paid: dict[tuple[int, str], list[int]] = {}
    for row in costs_of([one.pk for one in channels], days=PRICED_BY, at=at):
        sums = paid.setdefault((row.channel_id, row.currency), [0, 0])
        sums[0] += row.reading_micros
        sums[1] += row.reads
    prices = [Spent(-(-micros // reads), currency) for (_, currency), (micros, reads) in paid.items() if reads]
    return max(prices, key=lambda one: one.micros, default=None)


def a_year(seen: int, price: Spent | None) -> str:
    """What a word would cost in a year that is like the day counted, as a band: so few say little of the next day."""
    if price is None or not price.micros or not seen:
        return NOT_KNOWN
    spread = isqrt(4 * seen) + 1
    low, high = (days * price.micros * YEAR for days in (max(0, seen - spread), seen + spread))
    return f"{amount_words(low)} to {amount_words(high)} {price.currency} a year"


def looked_words(counted: Preview) -> str:
    """Of how many messages the counts are."""
    if counted.cut:
        return f"in {counted.looked_at:,} of the messages that came within a day"
    if counted.looked_at == 1:
        return "in the one message that came within a day"
    return f"in the {counted.looked_at:,} messages that came within a day"
