"""What crosses between rooms about promised time."""

from django.db.models import TextChoices


class ClockKind(TextChoices):
    """What is promised."""

    FIRST_RESPONSE = "first_response", "First reply"
    NEXT_RESPONSE = "next_response", "Next reply"
    RESOLUTION = "resolution", "Resolution"
    CALLBACK = "callback", "Call back"
