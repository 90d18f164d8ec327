"""What crosses between rooms about promised time."""

from dataclasses import dataclass

from django.db.models import TextChoices


class ClockKind(TextChoices):
    """What is promised."""

    FIRST_RESPONSE = "first_response", "First reply"
    NEXT_RESPONSE = "next_response", "Next reply"
    RESOLUTION = "resolution", "Resolution"
    CALLBACK = "callback", "Call back"


@dataclass(frozen=True, slots=True)
class Targets:
    """What an inbox promises, in seconds."""

    first_response_seconds: int
    next_response_seconds: int

    def of(self, kind: ClockKind) -> int:
        """The target of a response clock."""
        return self.first_response_seconds if kind == ClockKind.FIRST_RESPONSE else self.next_response_seconds
