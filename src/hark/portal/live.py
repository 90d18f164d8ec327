"""`GET /chat/<channel key>/live`: what a visitor's chat window hears of his own conversation, and of nothing else."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from hark.channels.accounts import account_of
from hark.channels.types import Account
from hark.channels.webchat import visitor_of
from hark.conversations.models import Conversation
from hark.kernel.db import fetch_all
from hark.kernel.errors import HarkError
from hark.kernel.live import LiveHub, Rights
from hark.kernel.raw_asgi import Receive, Scope, Send, answer, header, last_event
from hark.kernel.time import now
from hark.kernel.types import JournalEvent
from hark.organisation.models import Channel

PREFIX, SUFFIX = "/chat/", "/live"
VENUE = "webchat"
TOLD = ("message", "state")  # a visitor learns nothing of cases, agents or inboxes
LONGEST_TICKET = 4_096
Place = tuple[int, str]


class Known(NamedTuple):
    """A visitor's token that was good: until when, whose thread, in which state of the channel, is there a talk yet."""

    until: datetime
    place: Place
    version: str
    talks: bool = False


class VisitorGate:
    """What visitors may hear. A ticket is `<channel key> <token>`."""

    def __init__(self) -> None:
        """Nobody has come yet."""
        self._known: dict[str, Known] = {}

    def rights(self, tickets: Collection[str]) -> Mapping[str, Rights]:
        """A visitor who has not written yet may hear nothing so far; a token that is over, or not ours, has none."""
        versions = _versions()  # before the accounts: a change from here on makes these rights doubtful
        accounts = _accounts({ticket.partition(" ")[0] for ticket in tickets})
        known: dict[str, Known] = {}
        for ticket in tickets:
            channel_key, _, token = ticket.partition(" ")
            if channel_key not in accounts:
                continue
            number, account = accounts[channel_key]
            visitor = visitor_of(account, token)
            if visitor is not None:
                known[ticket] = Known(visitor.until, (number, visitor.id), versions.get(channel_key, ""))
        keys = _conversations({each.place for each in known.values()})
        self._known.update({ticket: each._replace(talks=each.place in keys) for ticket, each in known.items()})
        return {ticket: Rights(visitor=keys.get(each.place, "")) for ticket, each in known.items()}

    def doubtful(self, tickets: Collection[str]) -> Collection[str]:
        """Tokens that are over, visitors who have written their first line, all of a channel that has changed."""
        for gone in set(self._known) - set(tickets):
            self._known.pop(gone, None)
        versions, moment = _versions(), now()
        known = {ticket: self._known.get(ticket) for ticket in tickets}
        silent = _conversations({each.place for each in known.values() if each and not each.talks})
        return [
            ticket
            for ticket, each in known.items()
            if each is None
            or each.until <= moment
            or each.version != versions.get(ticket.partition(" ")[0])
            or (not each.talks and each.place in silent)
        ]

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
        fits, after = fits and "\0" not in ticket, last_event(scope)
        scope["headers"].clear()  # as for agents: they would be kept as long as the stream lasts
        if fits and await self._hub.serve(receive, send, gate=self._gate, ticket=ticket, after=after):
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


def _versions() -> dict[str, str]:
    """Each chat channel's row version: it differs from before whenever anything in the row has changed."""
    return dict(fetch_all("SELECT key, xmin::text FROM organisation_channel WHERE venue = %s", [VENUE]))


def _conversations(places: set[Place]) -> dict[Place, str]:
    if not places:
        return {}
    rows = Conversation.objects.filter(
        channel_id__in={number for number, _ in places}, thread_key__in={thread for _, thread in places}
    )
    return {(number, thread): key for number, thread, key in rows.values_list("channel_id", "thread_key", "key")}
