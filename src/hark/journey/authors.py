"""Authors as venues name them, as `contacts` takes them."""

from hark.channels.kit.words import storable
from hark.channels.types import Person
from hark.contacts.types import SeenAuthor, Verified
from hark.conversations.queries.history import Key
from hark.journey.passengers import Passenger


def author_of(passenger: Passenger) -> SeenAuthor:
    """Who wrote it. One whom the venue does not name is somebody of his own, known by nothing but this message."""
    person = passenger.inbound.author
    if person is None:
        key = passenger.inbound.external_id or own_id(passenger)
        return SeenAuthor(passenger.channel.venue, "unnamed", f"{passenger.channel.key}|{key}", name="Not named")
    return _seen(person, passenger)


def ourselves(passenger: Passenger) -> SeenAuthor:
    """Our own account, as it appears at the venue."""
    person, channel = passenger.inbound.author, passenger.channel
    if person is not None:
        return _seen(person, passenger)
    return SeenAuthor(channel.venue, "ourselves", channel.external_id, name=channel.name)


def author_key(passenger: Passenger) -> Key | None:
    """The identity of an author whom the venue names."""
    person = passenger.inbound.author
    return (person.network or passenger.channel.venue, person.scope, person.external_id) if person else None


def own_id(passenger: Passenger) -> str:
    """An id for what the venue gave none: stable when the arrival is read again."""
    return f"arrival-{passenger.arrival.id}-{passenger.place}"


def _seen(person: Person, passenger: Passenger) -> SeenAuthor:
    return SeenAuthor(
        network=person.network or passenger.channel.venue,
        scope=storable(person.scope),
        key=storable(person.external_id),
        handle=storable(person.handle),
        name=storable(person.name),
        url=storable(person.url),
        followers=person.followers,
        verified=Verified.PROVED if person.proved else Verified.OBSERVED,
        language=passenger.inbound.lang or "",
        claims=tuple((network, storable(value)) for network, value in person.claims),
    )
