"""What crosses between rooms about people."""

from dataclasses import dataclass

from django.db.models import TextChoices


class Verified(TextChoices):
    """How sure it is that an identity belongs to the person."""

    OBSERVED = "observed", "seen"
    CLAIMED = "claimed", "claimed"
    PROVED = "proved", "proved"


@dataclass(frozen=True, slots=True)
class SeenAuthor:
    """An author as a venue named him: (network, scope, key) is the identity, the rest is how he appears there.

    `claims` are (network, value) pairs the person typed, e-mail or phone: kept, shown, never matched against.
    """

    network: str
    scope: str
    key: str
    handle: str = ""
    name: str = ""
    url: str = ""
    followers: int | None = None
    verified: Verified = Verified.OBSERVED
    language: str = ""
    claims: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class KnownAuthor:
    """The identity and the contact behind a SeenAuthor."""

    identity_id: int
    contact_id: int


@dataclass(frozen=True, slots=True)
class ContactMood:
    """A contact's mood as it is shown: the fold of the last ten messages, its slope, its level, and why."""

    contact_id: int
    value: float
    slope: float
    level: str
    reasons: tuple[str, ...] = ()
