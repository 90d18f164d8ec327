"""A tiny venue for tests: it keeps what it is sent on a shelf, and fails when it is told to."""

from collections import deque
from dataclasses import replace
from threading import Lock
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.errors import Ambiguous
from hark.channels.types import Account, Caps, Change, Outbound, Receipt
from hark.kernel.time import sleep

PLAIN = Caps(public=True, private=True, max_length=200, unit="graphemes", can_move_private="always")


TAKEN_BUT_SILENT = Ambiguous("it was taken, then the line broke")


class Shelf(Venue):
    """Takes everything. `remembers`: the same key twice is one message here, as on venues with idempotency keys."""

    key: ClassVar[str] = "shelf"
    name: ClassVar[str] = "Shelf"
    proof: ClassVar[str] = "simulated"
    caps: ClassVar[Caps] = PLAIN

    def __init__(self, *, remembers: bool = False, **narrowed: object) -> None:
        self.narrowed = replace(PLAIN, idempotent_send="key" if remembers else "none", **narrowed)  # type: ignore[arg-type]
        self.remembers = remembers
        self.taken: list[Outbound] = []
        self.attempts: list[Outbound] = []
        self.changes: list[Change] = []
        self.fails: deque[Exception | None] = deque()
        self.seconds = 0.0
        self.lock = Lock()

    def caps_for(self, account: Account) -> Caps:
        """As the test wants them."""
        return self.narrowed

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """Put it on the shelf; `fails` says first whether something goes wrong, None: nothing does."""
        if self.seconds:
            sleep(self.seconds)
        with self.lock:
            self.attempts.append(outbound)
            failure = self.fails.popleft() if self.fails else None
            if failure and failure is not TAKEN_BUT_SILENT:
                raise failure
            if not self.remembers or outbound.id not in {each.id for each in self.taken}:
                self.taken.append(outbound)
            if failure:
                raise failure
        return Receipt((f"shelf-{outbound.id}",), permalink=f"https://shelf.example/{outbound.id}")

    def change(self, account: Account, change: Change) -> Receipt:
        """Let what stands there say something else, or take it off; `fails` counts for this too."""
        with self.lock:
            failure = self.fails.popleft() if self.fails else None
            if failure and failure is not TAKEN_BUT_SILENT:
                raise failure
            self.changes.append(change)
            if failure:
                raise failure
        return Receipt(change.of)

    @property
    def texts(self) -> list[str]:
        """What the customers can read there, in order."""
        return [outbound.text for outbound in self.taken]
