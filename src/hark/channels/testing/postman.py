"""Brings webhooks as venues do: signed, several at once, again and again until they are acknowledged."""

import http.client
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from hark.channels.kit.signatures import hex_code
from hark.channels.testing.ledger import VenueLedger
from hark.kernel.ids import new_uuid
from hark.kernel.time import monotonic, now, sleep

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
LINE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Hook:
    """Where an account's webhooks go, and the secret they are signed with."""

    url: str
    secret: str = field(repr=False)


@dataclass(slots=True)
class Letter:
    """One call to be delivered; the same delivery id and the same bytes each time."""

    account: str
    hook: Hook
    events: Sequence[dict[str, Any]]
    delivery: str = field(default_factory=lambda: str(new_uuid()))
    tries: int = 0

    def body(self) -> bytes:
        """The bytes that are signed."""
        return json.dumps({"events": list(self.events)}, ensure_ascii=False).encode()


class Postman:
    """A few threads that deliver letters until each is acknowledged by a 2xx, or the postman is stopped."""

    def __init__(self, ledger: VenueLedger, threads: int = 4) -> None:
        """Nothing is delivered before `start`."""
        self.ledger = ledger
        self._letters: SimpleQueue[Letter] = SimpleQueue()
        self._open = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        """Begin to deliver."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop after the calls that are under way; what was not acknowledged stays so in the ledger."""
        self._stop.set()
        for thread in self._threads:
            thread.join(LINE_SECONDS + 1)

    def deliver(self, letter: Letter) -> None:
        """Take a letter; returns at once."""
        self.ledger.write("offered", **_about(letter))
        with self._lock:
            self._open += 1
        self._letters.put(letter)

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until everything taken so far is acknowledged; False when that takes too long."""
        end = monotonic() + timeout_seconds
        while self._open and monotonic() < end:
            sleep(0.02)
        return not self._open

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                letter = self._letters.get(timeout=0.2)
            except Empty:
                continue
            self._deliver_until_taken(letter)

    def _deliver_until_taken(self, letter: Letter) -> None:
        wait = FIRST_WAIT
        while not self._stop.is_set():
            letter.tries += 1
            if 200 <= post(letter) < 300:
                self.ledger.write("acknowledged", **_about(letter), tries=letter.tries)
                with self._lock:
                    self._open -= 1
                return
            self._stop.wait(wait)
            wait = min(LONGEST_WAIT, wait * 2)


def post(letter: Letter) -> int:
    """One attempt; the status, or 0 where the line broke."""
    place = urlsplit(letter.hook.url)
    body = letter.body()
    headers = signed(letter.hook.secret, body, letter.delivery, int(now().timestamp()))
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=LINE_SECONDS)
    try:
        line.request("POST", place.path, body, headers)
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    else:
        return answer.status
    finally:
        line.close()


def signed(secret: str, body: bytes, delivery: str, timestamp: int) -> dict[str, str]:
    """The headers of a genuine call."""
    return {
        "content-type": "application/json",
        "simulated-delivery": delivery,
        "simulated-timestamp": str(timestamp),
        "simulated-signature": hex_code(secret.encode(), f"{timestamp}.".encode() + body),
    }


def _about(letter: Letter) -> dict[str, Any]:
    ids = [str(event.get("of") or event.get("id", "")) for event in letter.events]  # an edit is about its post
    return {"account": letter.account, "delivery": letter.delivery, "events": ids}
