"""What the brands of a batch add to how their messages are read, and what follows from it for a case."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hark.journey.passengers import Passenger
from hark.organisation.queries import own_readings
from hark.organisation.types import OwnIntent, OwnReading


def with_own(passengers: Sequence[Passenger]) -> list[Passenger]:
    """The passengers, each with what its brand adds. At most two queries."""
    found = own_readings({one.channel.inbox.brand_id for one in passengers}) if passengers else {}
    return [replace(one, own=found[one.channel.inbox.brand_id]) for one in passengers]


def intent_of(reading: Mapping[str, object], own: OwnReading) -> OwnIntent | None:
    """The brand's own intent that was read, as it is now; None for the shipped ones."""
    intent = reading.get("intent")
    label = intent.get("label") if isinstance(intent, dict) else ""
    return next((one for one in own.intents if one.name == label), None)


def kind_in(reading: Mapping[str, object]) -> str:
    """The kind that was read; empty where there is none."""
    kind = reading.get("kind")
    return str(kind.get("label", "")) if isinstance(kind, dict) else ""
