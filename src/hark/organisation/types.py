"""Words of the organisation that cross between rooms."""

from dataclasses import dataclass

from django.db.models import TextChoices


class Role(TextChoices):
    """What an agent may do (security reference, section 5)."""

    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    SUPERVISOR = "supervisor", "Supervisor"
    AGENT = "agent", "Agent"
    LIGHT_AGENT = "light_agent", "Light agent (notes only)"
    AUDITOR = "auditor", "Auditor (reads)"


SEES_EVERYTHING = frozenset({Role.OWNER, Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR})
MAY_ANSWER = frozenset({Role.OWNER, Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AGENT})
MAY_NOTE = MAY_ANSWER | {Role.LIGHT_AGENT}
MAY_ADMINISTER = frozenset({Role.OWNER, Role.ADMINISTRATOR})
MAY_AUDIT = frozenset({Role.OWNER, Role.AUDITOR})
MAY_SUPERVISE = frozenset({Role.OWNER, Role.ADMINISTRATOR, Role.SUPERVISOR})


class PublicSignature(TextChoices):
    """Who signs what a brand says in public."""

    NOBODY = "nobody", "Nobody: the brand speaks"
    INITIALS = "initials", "The agent's initials, such as ^TO"
    NAME = "name", "The agent's first name, such as – Tessa"


class ChannelState(TextChoices):
    """Whether a connected channel takes part."""

    ACTIVE = "active", "Active"
    AUTH_LOST = "auth_lost", "Permission lost: sending waits, arrivals are kept"
    PAUSED = "paused", "Paused by an administrator"


@dataclass(frozen=True, slots=True)
class NewBrand:
    """What a brand says of itself: the words that tell it from ordinary ones."""

    name: str
    about: str = ""
    handles: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    own_numbers: tuple[str, ...] = ()
    language: str = "en"
    colour: str = "#0f6b5f"
    public_signature: str = PublicSignature.NOBODY


@dataclass(frozen=True, slots=True)
class NewInbox:
    """What agents see under one name; times in seconds."""

    name: str
    only_assigned: bool = False
    undo_seconds: int = 15
    first_response_seconds: int = 900
    next_response_seconds: int = 1800
