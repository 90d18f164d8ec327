"""What the tests of the journey need: inboxes, channels, agents, authors, messages, made by the real actions."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hark.contacts.actions import recognise
from hark.contacts.types import KnownAuthor, SeenAuthor
from hark.conversations.types import IncomingMessage, Visibility
from hark.kernel.ids import public_key
from hark.organisation.actions.channels import connect_channel
from hark.organisation.models import Agent, Brand, Channel, Inbox

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
numbers = count(1)


def make_inbox(name: str = "Care", *, first: int = 900, following: int = 1800) -> Inbox:
    """An inbox of the brand Plum with its targets in seconds."""
    brand, _ = Brand.objects.get_or_create(
        name="Plum", defaults={"key": public_key("brand"), "handles": ["@plumcare"], "products": ["eSIM", "invoice"]}
    )
    targets = {"first_response_seconds": first, "next_response_seconds": following}
    return Inbox.objects.get_or_create(name=name, defaults={"key": public_key("inbox"), "brand": brand, **targets})[0]


def make_channel(inbox: Inbox | None = None, **more: Any) -> Channel:
    """A simulated channel, connected a month ago. `more` are its settings."""
    channel = connect_channel(
        actor="system",
        venue=more.pop("venue", "simulated"),
        external_id=f"acct{next(numbers)}",
        name="@plumcare on Square (simulated)",
        inbox=inbox or make_inbox(),
        settings={"network": "square", "self_ids": ["self"], **more},
        secrets={"token": "made-up"},
    )
    Channel.objects.filter(pk=channel.pk).update(connected_at=NOON - timedelta(days=30))
    channel.refresh_from_db()
    return channel


def make_agent(name: str = "Tessa", **more: Any) -> Agent:
    """An agent."""
    return Agent.objects.create(key=public_key("agent"), email=f"{name}{next(numbers)}@plum.example", name=name, **more)


def known(key: str = "u1", **more: Any) -> KnownAuthor:
    """Somebody on Square, recognised."""
    return recognise([SeenAuthor("square", "eu", key, **more)])[0]


def at(minutes: float) -> datetime:
    """Minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def make_message(channel: Channel, author: KnownAuthor, minutes: float = 0, **more: Any) -> IncomingMessage:
    """A private message ready to be threaded, posted `minutes` after noon and received at once."""
    fields: dict[str, Any] = {
        "arrival_id": more.pop("arrival_id", None),
        "channel_id": channel.pk,
        "inbox_id": channel.inbox_id,
        "external_id": f"m{next(numbers)}",
        "thread_id": "t1",
        "identity_id": author.identity_id,
        "contact_id": author.contact_id,
        "visibility": Visibility.PRIVATE,
        "kind": "direct",
        "text": "My SIM will not activate.",
        "sent_at": at(minutes),
        "received_at": at(minutes),
        "case_reason": "Private message",
        "reading": make_reading(),
    }
    return IncomingMessage(**{**fields, **more})


def make_reading(score: float | None = 0.0, **more: Any) -> dict[str, Any]:
    """A reading in the shape in which it is stored."""
    return {
        "language": "en",
        "relevance": None,
        "sentiment": {"label": "neutral", "p": {"negative": 0.1, "neutral": 0.8, "positive": 0.1}},
        "intensity": 0.0,
        "complaint": {"p": 0.2},
        "urgency": {"level": "normal", "reasons": []},
        "score": score,
        "signals": [],
        "duplicate_key": None,
        "model_version": "test",
        **more,
    }
