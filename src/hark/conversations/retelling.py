"""How messages are told to somebody outside: who, when, and the words. Pure; nobody's address goes along."""

from collections.abc import Iterable

from hark.conversations.models import Message
from hark.conversations.queries.appearance import author_name
from hark.conversations.types import Direction

RULE = "---------- Forwarded message ----------"


def retold(messages: Iterable[Message]) -> str:
    """The messages in a mail, in the order given; `channel`, `identity`, `agent` and `conversation` are at hand."""
    return "\n\n".join(_one(message) for message in messages)


def _one(message: Message) -> str:
    subject = " ".join(message.conversation.subject.split())
    head = [
        RULE,
        f"From: {_writer(message)}",
        f"Date: {message.sent_at.day} {message.sent_at:%B %Y, %H:%M} UTC",
        *([f"Subject: {subject}"] if subject else []),
    ]
    return "\n".join([*head, "", _words(message) or "(no words)"])


def _words(message: Message) -> str:
    """What this message says itself: what it quotes is told by the one before it."""
    return message.text[: message.quote_from].strip() or message.text.strip()


def _writer(message: Message) -> str:
    """A name, never an address: what identifies the customer is the agent's to tell."""
    if message.direction == Direction.OUTBOUND:
        return author_name(message)
    return (message.identity and message.identity.name) or "The customer"
