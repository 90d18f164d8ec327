"""A message as it was formatted, with the pictures that are here; and the bytes it came in."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

from hark.conversations.models import Attachment, Message, MessageHtml
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.types import MAIL, FileState
from hark.kernel import storage
from hark.kernel.errors import HarkError, NotFound
from hark.organisation.models import Agent

MOST_PICTURE_BYTES = 12_000_000


@dataclass(frozen=True, slots=True)
class Formatted:
    """Clean HTML, and a function that gives the bytes of a picture that it names by address or content id, or None."""

    html: str
    picture: Callable[[str], bytes | None]


def formatted_message(agent: Agent, key: str) -> Formatted:
    """The formatted message with this key. Raises NotFound, the same for a foreign one as for one that is not there."""
    visible = messages_visible_to(agent).filter(deleted_at=None).values("pk")
    found = MessageHtml.objects.filter(message__in=visible, message__key=key).exclude(html="").first()
    if found is None:
        raise NotFound
    return Formatted(found.html, _pictures(found.message_id))


def _pictures(message_id: int) -> Callable[[str], bytes | None]:
    """Reads no more than a page can carry, each picture once."""
    named = Q(remote=True) | Q(content_id__gt="")
    here = Attachment.objects.filter(named, message=message_id, state=FileState.STORED).exclude(preview="")
    names = {f"cid:{file.content_id}" if file.content_id else file.ref: file.preview for file in here}
    left = MOST_PICTURE_BYTES

    def _picture(name: str) -> bytes | None:
        nonlocal left
        sha256 = names.get(f"https:{name}" if name.startswith("//") else name)
        if sha256 is None:
            return None
        try:
            found = storage.read(sha256)
        except HarkError:
            return None
        left -= len(found)
        return found if left >= 0 else None

    return _picture


def original_of(agent: Agent, key: str) -> tuple[str, bytes]:
    """A file's name and the bytes in which a message came.

    Only where the agent may see everything that came in them: one arrival may hold messages of many people. Raises
    NotFound.
    """
    visible = messages_visible_to(agent)
    message = visible.select_related("arrival", "channel").filter(key=key, arrival__isnull=False).first()
    if message is None or message.arrival is None:
        raise NotFound
    everything = Message.objects.filter(arrival=message.arrival)
    if everything.exclude(pk__in=visible.values("pk")).exists():
        raise NotFound
    ending = "eml" if message.channel.venue == MAIL else "txt"
    return f"{key}.{ending}", bytes(message.arrival.body)
