"""What Facebook and Instagram have in common as venues: public comments and private talks under Meta's windows."""

from collections.abc import Iterator
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.errors import Refused
from hark.channels.kit.careful_json import MAX_BATCH_BYTES
from hark.channels.meta.hooks import verify
from hark.channels.meta.media import bytes_at
from hark.channels.meta.writing import objection_to
from hark.channels.types import Account, Outbound, Request, Verdict

MAX_MEDIA = 16 << 20
HUMAN_AGENT = (
    "Meta has let your app use Human Agent: people may answer for 7 days instead of 24 hours, "
    "automatic answers may not."
)


class Social(Venue):
    """Signed calls, files from Meta's hosts, and rules that come from windows."""

    body_bytes: ClassVar[int] = MAX_BATCH_BYTES

    def verify(self, account: Account, request: Request) -> Verdict:
        """Signed by Meta with the app's secret."""
        return verify(account, request)

    def objection(self, account: Account, outbound: Outbound) -> Refused | None:
        """The windows: a day, a week for people where Meta allows it, and a week for the one private answer."""
        return super().objection(account, outbound) or objection_to(account, outbound)

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """A file at the address that came with it; it lies there for a time only."""
        yield bytes_at(account, ref, most=MAX_MEDIA)
