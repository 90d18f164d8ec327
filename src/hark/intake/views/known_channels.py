"""The connected channels in memory, so that a call is judged without asking the database."""

import asyncio
import logging
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError

from hark.channels.accounts import account_of
from hark.channels.base import Venue
from hark.channels.registry import venue
from hark.channels.types import Account
from hark.intake.queries import channel_versions
from hark.kernel.errors import HarkError
from hark.kernel.raw_asgi import DatabaseThreads
from hark.organisation.models import Channel

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
BODY_BYTES = 1 << 20
MOST_BODY_BYTES = 4 << 20  # for venues that batch


@dataclass(frozen=True, slots=True)
class KnownChannel:
    """A channel as the front door needs it."""

    id: int
    account: Account
    venue: Venue
    body_bytes: int
    own_numbers: tuple[str, ...] = ()  # what its brand's orders and parcels look like


class KnownChannels:
    """All connected channels by key, at most REFRESH_SECONDS behind the database; the last known while it is away."""

    def __init__(self, threads: DatabaseThreads) -> None:
        """Empty, and not `loaded`, until `follow` runs."""
        self.loaded = False
        self._threads = threads
        self._by_key: dict[str, KnownChannel] = {}
        self._keys: dict[int, str] = {}
        self._versions: dict[int, str] = {}

    def find(self, key: str) -> KnownChannel | None:
        """The channel with this key."""
        return self._by_key.get(key)

    async def follow(self) -> None:
        """Keep up with the database until cancelled."""
        while True:
            try:
                await self.refresh()
            except (DatabaseError, InterfaceError) as error:
                log.warning("the channels cannot be read: %s", type(error).__name__)
            await asyncio.sleep(REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Read what has changed. Raises Django's database errors."""
        versions, changed = await self._threads.run(self._read)
        for gone in self._versions.keys() - versions.keys():
            self._by_key.pop(self._keys.pop(gone, ""), None)
        for channel in changed:
            self._learn(channel)
        self._versions = versions
        self.loaded = True

    def _read(self) -> tuple[dict[int, str], list[Channel]]:
        versions = channel_versions()
        changed = [number for number, version in versions.items() if self._versions.get(number) != version]
        rows = Channel.objects.filter(pk__in=changed).select_related("inbox__brand")
        return versions, list(rows) if changed else []

    def _learn(self, channel: Channel) -> None:
        """One that cannot be understood is said in the log, and its address answers like an unknown one."""
        self._by_key.pop(self._keys.get(channel.pk, ""), None)
        try:
            kind = venue(channel.venue)
            account = account_of(channel)
        except HarkError as error:
            log.error("channel %s takes no calls: %s", channel.pk, error)
            return
        wanted = int(getattr(kind, "body_bytes", BODY_BYTES))
        self._keys[channel.pk] = channel.key
        own = tuple(channel.inbox.brand.own_numbers)
        self._by_key[channel.key] = KnownChannel(channel.pk, account, kind, min(wanted, MOST_BODY_BYTES), own)
