"""The contract between Hark's core and a venue: six verbs. Their types are in `types`, their errors in `errors`.

A channel is pure translation plus HTTP. It never touches the database, threads, retries, clocks, rate-limit waiting or
routing (channels reference, section 1).
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

from hark.channels.types import Account, Caps, Health, Inbound, Outbound, Page, Raw, Receipt, Request, Verdict


class Venue(Protocol):
    """One kind of place. Everything but `check`, `poll`, `send` and `media` is pure; `parse` is total."""

    key: ClassVar[str]
    name: ClassVar[str]
    caps: ClassVar[Caps]
    proof: ClassVar[str]  # "real server", "recorded data", "specification", "simulated"
    Settings: ClassVar[type[Any]]

    def check(self, account: Account) -> Health:
        """Connection test."""
        ...

    def verify(self, account: Account, request: Request) -> Verdict:
        """Is it genuine? Over the raw bytes, constant-time, before any parsing, no I/O."""
        ...

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The events in it, in order. Pure and total: what it does not know is `unknown`."""
        ...

    def poll(self, account: Account, cursor: str) -> Page:
        """One page from an opaque cursor (empty: from the start)."""
        ...

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """Exactly one attempt; raises one of the four errors."""
        ...

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """The bytes of an attachment, capped."""
        ...
