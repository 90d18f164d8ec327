"""How often words were seen in what is stored of the last day: an honest count before anybody listens for them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models.functions import Left

from hark.conversations.models import Message
from hark.conversations.types import Direction
from hark.organisation.listening import READ_TO, stands_in
from hark.organisation.models import Brand

LOOKED_AT = 10_000  # messages of a day that are looked through
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Preview:
    """In how many of the `looked_at` messages each word stands; `cut`: there were more messages than that."""

    looked_at: int
    seen: dict[str, int] = field(default_factory=dict)
    cut: bool = False


def preview(brand: Brand, words: Collection[str], *, at: datetime) -> Preview:
    """Count these words in what others wrote over the brand's channels within a day before `at`. One query.

    It knows only what Hark has stored: what nobody listened for yet may be written far more often.
    """
    day = Message.objects.filter(received_at__gt=at - DAY, received_at__lte=at, direction=Direction.INBOUND)
    day = day.filter(deleted_at=None, channel__inbox__brand=brand)
    texts = list(day.order_by().values_list(Left("text", READ_TO), flat=True)[: LOOKED_AT + 1])
    looked = texts[:LOOKED_AT]
    seen = {word: sum(stands_in(text, word) for text in looked) for word in words}
    return Preview(len(looked), seen, cut=len(texts) > LOOKED_AT)
