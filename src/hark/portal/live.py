"""`GET /chat/<channel key>/live`: what a visitor's chat window hears of his own conversation, and of nothing else."""

from collections.abc import Collection, Mapping
from typing import Any

from hark.channels.accounts import account_of
from hark.channels.types import Account
from hark.channels.webchat import visitor_of
from hark.conversations.models import Conversation
from hark.kernel.errors import HarkError
from hark.kernel.live import LiveHub, Rights
from hark.kernel.raw_asgi import Receive, Scope, Send, answer, header, last_event
from hark.kernel.types import JournalEvent
from hark.organisation.models import Channel

PREFIX, SUFFIX = "/chat/", "/live"
VENUE = "webchat"
TOLD = ("message", "state")  # a visitor learns nothing of cases, agents or inboxes
LONGEST_TICKET = 4_096


class VisitorGate:
    """What visitors may hear. A ticket is `<channel key> <token>`."""

    def rights(self, tickets: Collection[str]) -> Mapping[str, Rights]:
        """A visitor who has not written yet may hear nothing so far; a token that is over, or not ours, has none."""
        accounts = _accounts({ticket.partition(" ")[0] for ticket in tickets})
        threads: dict[str, tuple[int, str]] = {}
        for ticket in tickets:
            channel_key, _, token = ticket.partition(" ")
            if channel_key not in accounts:
                continue
            number, account = accounts[channel_key]
            visitor = visitor_of(account, token)
            if visitor is not None:
                threads[ticket] = (number, visitor.id)
        keys = _conversations(set(threads.values()))
        return {ticket: Rights(visitor=keys.get(place, "")) for ticket, place in threads.items()}

    def holders(self, subjects: Collection[str]) -> Mapping[str, int]:
        """Visitors hold nothing."""
        return {}

    def shown(self, event: JournalEvent) -> dict[str, Any]:
        """The part of an event that is the visitor's own."""
        data = {name: event.data[name] for name in TOLD if name in event.data}
        return {"kind": event.kind, "subject": event.visitor, "data": data, "at": event.at.isoformat()}


class VisitorLive:
    """The ASGI end of it."""

    def __init__(self, hub: LiveHub) -> None:
        """One gate for all visitors of this process."""
        self._hub = hub
        self._gate = VisitorGate()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream for the bearer of a visitor's token; 401 for everybody else, whether the channel exists or not."""
        channel_key = scope["path"][len(PREFIX) : -len(SUFFIX)]
        kind, _, token = (header(scope, b"authorization") or b"").decode("latin-1").partition(" ")
        ticket = f"{channel_key} {token.strip()}"
        fits = scope["method"] == "GET" and kind.lower() == "bearer" and len(ticket) <= LONGEST_TICKET
        fits = fits and "\0" not in ticket
        if fits and await self._hub.serve(receive, send, gate=self._gate, ticket=ticket, after=last_event(scope)):
            return None
        return await answer(send, 401, b'{"error":"not known here"}')


def _accounts(keys: set[str]) -> dict[str, tuple[int, Account]]:
    found = {}
    for channel in Channel.objects.filter(key__in=keys, venue=VENUE):
        try:
            found[channel.key] = (channel.pk, account_of(channel))
        except HarkError:  # its secrets do not open; the front door has said so in the log
            continue
    return found


def _conversations(places: set[tuple[int, str]]) -> dict[tuple[int, str], str]:
    rows = Conversation.objects.filter(
        channel_id__in={number for number, _ in places}, thread_key__in={thread for _, thread in places}
    )
    return {(number, thread): key for number, thread, key in rows.values_list("channel_id", "thread_key", "key")}
