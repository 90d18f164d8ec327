"""A key of the API as a line of its page."""

from dataclasses import dataclass
from datetime import datetime

from hark.organisation.models import ApiKey
from hark.organisation.types import Right, known_rights


@dataclass(frozen=True, slots=True)
class KeyShown:
    """`state` is empty while the key is valid."""

    row: ApiKey
    rights: tuple[str, ...]
    state: str


def key_shown(row: ApiKey, *, at: datetime) -> KeyShown:
    """The key and how it stands. It came with its person and inbox."""
    state = "Revoked" if row.revoked_at else "Over" if row.ends_at <= at else ""
    if not state and not row.agent.is_active:
        state = "Its person is deactivated"
    held = known_rights(row.rights)
    return KeyShown(row, tuple(right.label for right in Right if right in held), state)
