"""How a message looks in a line: its icon and who wrote it."""

from hark.conversations.models import Message
from hark.conversations.types import Direction

ICONS = {
    "post": "post",
    "comment": "post",
    "review": "review",
    "direct": "chat",
    "chat": "chat",
    "email": "mail",
    "form": "mail",
    "forum": "forum",
    "photo": "photo",
    "video": "video",
    "sms": "text",
    "text": "text",
    "call": "call",
    "encounter": "person",
}


def icon_of(kind: str) -> str:
    """The icon of a kind of message."""
    return ICONS.get(kind, "chat")


def author_name(message: Message) -> str:
    """Who wrote it, as the page says it; `channel`, `identity` and `agent` are at hand."""
    if message.direction == Direction.OUTBOUND:
        return message.agent.name if message.agent else message.channel.name
    identity = message.identity
    return (identity and (identity.name or identity.handle)) or "Somebody"
