"""The 31 cases, with a loft that plays the other side."""

import json
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from hark_pigeon import Pigeon

from hark.channels.kit.signatures import hex_code
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Raw, Request

SECRET = "the-ring-secret-of-the-example"


class Loft(HttpCounterpart):
    """It takes letters, and each key once."""

    def answer(self, call: Call) -> Answer:
        if call.path == "/me":
            return Answer(body={"id": "loft"})
        if call.headers["idempotency-key"] not in {one["id"] for one in self.taken}:
            self.taken.append(call.json())
        return Answer(201, {})


class TestPigeon(ChannelConformance):
    venue = Pigeon()
    samples = Path(__file__).parent / "samples"
    secret_name = "webhook"
    proof_headers = ("pigeon-signature",)
    permission_ends = False

    def account(self) -> Account:
        return Account("chan_pigeon", "loft", {}, {"webhook": SECRET})

    def genuine(self, body: bytes) -> Request:
        headers = {"pigeon-signature": hex_code(SECRET.encode(), body), "pigeon-ring": "7"}
        return Request("POST", "/in/chan_pigeon", "", headers, body, MOMENT)

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        return Raw(json.dumps({"id": f"n-{text}", "from": thread, "text": text, "at": at.isoformat()}).encode())

    def counterpart(self) -> AbstractContextManager[Loft]:
        return Loft(self.account())
