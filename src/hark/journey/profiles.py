"""What the brands of a batch add to how their messages are read, and what follows from it for a case."""

from collections.abc import Mapping, Sequence

from hark.journey.passengers import Passenger
from hark.organisation.queries import own_readings
from hark.organisation.types import OwnIntent, OwnReading


def own_of(passengers: Sequence[Passenger]) -> dict[str, OwnReading]:
    """What the brands of these passengers add, by brand key. At most two queries."""
    brands = {one.channel.inbox.brand.pk: one.channel.inbox.brand.key for one in passengers}
    return {brands[number]: own for number, own in own_readings(brands).items()}


def intent_of(reading: Mapping[str, object], own: OwnReading) -> OwnIntent | None:
    """The brand's own intent that was read, as it is now; None for the shipped ones."""
    intent = reading.get("intent")
    label = intent.get("label") if isinstance(intent, dict) else ""
    return next((one for one in own.intents if one.name == label), None)


def kind_in(reading: Mapping[str, object]) -> str:
    """The kind that was read; empty where there is none."""
    kind = reading.get("kind")
    return str(kind.get("label", "")) if isinstance(kind, dict) else ""
