"""The front door: `POST /in/<channel key>` for venues' webhooks, the chat widget and forms. Raw ASGI.

Judged over the raw bytes, stored, committed, and only then acknowledged.
"""

import asyncio
import hashlib
import hmac
import re
from dataclasses import replace
from functools import lru_cache

from django.db import DatabaseError, InterfaceError

from hark.channels.kit.cards import without_cards_in
from hark.channels.types import Accepted, Answered, Limit, Reply, Request, Verdict
from hark.intake.actions import GroupCommit
from hark.intake.types import NewArrival, NotStored
from hark.intake.views.known_channels import BODY_BYTES, KnownChannel, KnownChannels
from hark.kernel.errors import TooManyRequests
from hark.kernel.ids import random_bytes
from hark.kernel.limits import take
from hark.kernel.raw_asgi import (
    SAFE,
    BodyTooLarge,
    BodyTooSlow,
    ClientGone,
    DatabaseThreads,
    Header,
    NoRoom,
    Receive,
    Scope,
    Send,
    client_address,
    read_body,
    refuse_unread,
)
from hark.kernel.time import now

PREFIX = "/in/"
BODY_SECONDS, SLOW_LINE = 10.0, 100_000  # what is over the usual cap may come at so many bytes a second
BIG = 128 << 10  # bodies above this are judged in a thread, so that they hold up nobody
# Digits as they are, as percent signs, as JSON escapes or in another script: everything else is stored unseen.
MAY_HOLD_A_CARD = re.compile(rb"(?:[0-9][^0-9]{0,18}){12}[0-9]|\\u[0-9a-fA-F]|[\xd9-\xf0]")
NOT_GENUINE = frozenset({401, 403, 404})

# A stranger must not learn whether a channel exists: an unknown one and a signature that does not fit get this.
UNKNOWN = Reply(404, b'{"error":"unknown address or signature"}')
WRONG_METHOD = Reply(405, b'{"error":"method not allowed"}', headers=(("allow", "GET, POST"),))
LATER = b'{"error":"try again later"}'


class FrontDoor:
    """An ASGI application over one in-box."""

    def __init__(
        self, channels: KnownChannels, commit: GroupCommit, threads: DatabaseThreads, *, trusted_hops: int
    ) -> None:
        """`trusted_hops`: proxies in front whose X-Forwarded-For may be believed."""
        self._channels = channels
        self._commit = commit
        self._threads = threads
        self._trusted_hops = trusted_hops
        self._nobody = random_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one call."""
        channel = self._channels.find(scope["path"][len(PREFIX) :])
        cap = channel.body_bytes if channel else BODY_BYTES
        patience = BODY_SECONDS + max(0, cap - BODY_BYTES) / SLOW_LINE
        try:
            body = await read_body(scope, receive, cap=cap, seconds=patience)
        except BodyTooLarge:
            return await refuse_unread(scope, receive, send, 413)
        except BodyTooSlow:
            return await refuse_unread(scope, receive, send, 408)
        except NoRoom:
            return await refuse_unread(scope, receive, send, 503)
        except ClientGone:
            return None
        return await _say(send, await self._reply(scope, channel, body))

    async def _reply(self, scope: Scope, channel: KnownChannel | None, body: bytes) -> Reply:
        if scope["method"] not in ("POST", "GET"):
            return WRONG_METHOD
        if not self._channels.loaded:
            return _later(503, 2)
        if channel is None:
            hmac.digest(self._nobody, body, hashlib.sha256)  # as long as looking at a signature takes
            return UNKNOWN
        request = self._request(scope, body)
        verdict = await self._judge(channel, request)
        if isinstance(verdict, Accepted):
            return await self._accept(channel, request, verdict)
        if isinstance(verdict, Answered) or verdict.reply.status not in NOT_GENUINE:
            return verdict.reply
        return UNKNOWN

    def _request(self, scope: Scope, body: bytes) -> Request:
        said = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        headers = dict(said)
        if len(headers) < len(said):
            headers = {name: ", ".join(value for each, value in said if each == name) for name in headers}
        return Request(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
            received_at=now(),
            address=client_address(scope, self._trusted_hops),
        )

    async def _judge(self, channel: KnownChannel, request: Request) -> Verdict:
        if len(request.body) <= BIG:
            return channel.venue.verify(channel.account, request)
        return await asyncio.to_thread(channel.venue.verify, channel.account, request)

    async def _without_cards(self, channel: KnownChannel, request: Request) -> bytes:
        """Its signature was looked at over the bytes as they came; what is stored holds no card's number."""
        given = (request.body, request.headers.get("content-type", ""), channel.own_numbers)
        if not MAY_HOLD_A_CARD.search(request.body):
            return request.body
        if len(request.body) <= BIG:
            return without_cards_in(*given)
        return await asyncio.to_thread(without_cards_in, *given)

    async def _accept(self, channel: KnownChannel, request: Request, verdict: Accepted) -> Reply:
        """Store it; the reply exists only after the commit."""
        body = await self._without_cards(channel, request)
        arrival = NewArrival(verdict.dedupe_key, verdict.lane_key, verdict.headers, body, request.received_at)
        try:
            if verdict.limits:
                await self._threads.run(lambda: _take_all(verdict.limits))
            await self._commit.store(channel.id, arrival)
        except TooManyRequests as refused:
            return _later(429, refused.retry_after_seconds, verdict.later)
        except NotStored as refused:
            return _later(503, refused.retry_after_seconds, verdict.later)
        except (DatabaseError, InterfaceError):
            return _later(503, 2, verdict.later)
        return verdict.reply


def _take_all(limits: tuple[Limit, ...]) -> None:
    for limit in limits:
        take(limit.key, burst=limit.burst, per_minute=limit.per_minute)


def _later(status: int, seconds: int, page: Reply | None = None) -> Reply:
    """The same body for all who are told to wait; a person who filled in a page of ours gets that page back."""
    said = page or Reply(status, LATER)
    return replace(said, status=status, headers=(*said.headers, ("retry-after", str(max(1, seconds)))))


async def _say(send: Send, reply: Reply) -> None:
    headers = _headers(reply.content_type, len(reply.body), reply.headers)
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
    except RuntimeError:
        await asyncio.sleep(0)  # uvloop: the line was closed, and the server hears of it in the next turn of the loop


@lru_cache(maxsize=256)
def _headers(content_type: str, length: int, own: tuple[tuple[str, str], ...]) -> list[Header]:
    """What the venue says goes before what is safe."""
    said = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in own]
    names = {name for name, _ in said}
    fixed = [(b"content-type", content_type.encode("latin-1")), (b"content-length", b"%d" % length)]
    return [*fixed, *said, *(pair for pair in SAFE if pair[0] not in names)]
