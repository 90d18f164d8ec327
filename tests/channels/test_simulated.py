"""The simulated venue and the stand-in that plays it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import pytest
from django.test import override_settings

from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry
from hark.channels.simulated import Simulated
from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.testing.ledger import read_ledger
from hark.channels.testing.postman import signed
from hark.channels.testing.stand_in import Fault, Mode, StandIn
from hark.channels.types import Accepted, Account, Outbound, OutboundFile, Target
from hark.kernel import storage
from tests.channels.accounts import a_call

VENUE = Simulated()
SECRETS = {"webhook": "w" * 40, "token": "t" * 40}
REPLY = Outbound(UUID(int=9), Target("p1", "t1", "", "p1", "u1"), "public", "We are on it.")


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    """An open venue that may be called."""
    with StandIn(tmp_path / "venue.jsonl") as venue, override_settings(HARK_ALLOWED_NETWORKS=[venue.place]):
        venue.connect("plum@square", token=SECRETS["token"], own_id="plum")
        yield venue


def account(venue: StandIn, **settings: object) -> Account:
    return Account("chan_sim", "plum", settings, SECRETS, frozenset({"plum"}), base_url=venue.base_url("plum@square"))


def taken(venue: StandIn) -> list[dict[str, object]]:
    return list(read_ledger(venue.ledger.path, "received"))


@pytest.mark.parametrize(("seconds", "genuine"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_call_counts_within_five_minutes_of_its_time(seconds: int, *, genuine: bool) -> None:
    body = b'{"events":[]}'
    call = a_call(body, signed(SECRETS["webhook"], body, "d1", int(MOMENT.timestamp())))
    verdict = VENUE.verify(
        Account("c", secrets=SECRETS), replace(call, received_at=MOMENT + timedelta(seconds=seconds))
    )
    assert isinstance(verdict, Accepted) == genuine


def test_json_written_again_is_not_the_json_that_was_signed() -> None:
    body = b'{"events": [ ]}'
    headers = signed(SECRETS["webhook"], body, "d1", int(MOMENT.timestamp()))
    again = json.dumps(json.loads(body), separators=(",", ":")).encode()
    assert not isinstance(VENUE.verify(Account("c", secrets=SECRETS), a_call(again, headers)), Accepted)


def test_venue_without_memory_says_so_in_its_abilities() -> None:
    assert VENUE.caps_for(Account("c")).idempotent_send == "key"
    assert VENUE.caps_for(Account("c", settings={"idempotent": False})).idempotent_send == "none"


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("429", Retry),
        ("500", Retry),
        ("401", AuthLost),
        ("403", Refused),
        ("reset", Ambiguous),
        ("drop_reply", Ambiguous),
    ],
)
def test_failure_has_its_name_and_only_a_dropped_reply_was_taken(
    stand_in: StandIn, mode: Mode, error: type[Exception]
) -> None:
    stand_in.fail_next(Fault(mode))
    with pytest.raises(error):
        VENUE.send(account(stand_in), REPLY)
    assert len(taken(stand_in)) == (mode == "drop_reply")
    assert VENUE.send(account(stand_in), REPLY).external_ids
    assert len([line for line in taken(stand_in) if not line["repeat"]]) == 1


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7.0), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-5", None)]
)
def test_retry_after_is_believed_when_it_is_a_number(stand_in: StandIn, said: str, seconds: float | None) -> None:
    stand_in.fail_next(Fault("429", retry_after=said))
    with pytest.raises(Retry) as refusal:
        VENUE.send(account(stand_in), REPLY)
    assert refusal.value.after_seconds == seconds


def test_repeated_send_to_a_venue_that_forgets_is_a_second_message(tmp_path: Path) -> None:
    with (
        StandIn(tmp_path / "v.jsonl", remembers_keys=False) as venue,
        override_settings(HARK_ALLOWED_NETWORKS=[venue.place]),
    ):
        receipts = {VENUE.send(account(venue), REPLY).external_ids for _ in range(2)}
        assert len(receipts) == len(taken(venue)) == 2


def test_address_that_nobody_allowed_is_refused_and_not_tried_for_a_day(stand_in: StandIn) -> None:
    with override_settings(HARK_ALLOWED_NETWORKS=[]), pytest.raises(Refused):
        VENUE.send(account(stand_in), REPLY)
    assert taken(stand_in) == []


class Door(BaseHTTPRequestHandler):
    """Takes a call at its third time."""

    calls: list[tuple[str, bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.calls.append((self.headers["simulated-delivery"], body))
        self.send_response(200 if len(self.calls) >= 3 else 503)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Silence."""


def test_stand_in_posts_again_with_the_same_bytes_until_it_is_acknowledged(stand_in: StandIn) -> None:
    Door.calls.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as door:
        threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        stand_in.connect("a", hook=f"http://127.0.0.1:{door.server_address[1]}/in/x", secret=SECRETS["webhook"])
        stand_in.offer("a", [{"type": "post", "id": "1", "text": "Hi"}])
        assert stand_in.settled()
        door.shutdown()
    assert len(Door.calls) == 3
    assert len(set(Door.calls)) == 1
    lines = [(line["what"], line["events"]) for line in read_ledger(stand_in.ledger.path)]
    assert lines == [("offered", ["1"]), ("acknowledged", ["1"])]


def test_files_of_a_reply_reach_the_venue_before_it(stand_in: StandIn) -> None:
    stored = storage.store([b"%PDF-1.7 steps"], most=100)
    file = OutboundFile(stored.sha256, "steps.pdf", "application/pdf", stored.size)
    assert VENUE.send(account(stand_in), replace(REPLY, attachments=(file,))).external_ids
    assert taken(stand_in)[-1]["files"] == [stored.sha256]
    assert stand_in.files[stored.sha256] == b"%PDF-1.7 steps"


def test_file_that_is_gone_is_refused_and_nothing_is_published(stand_in: StandIn) -> None:
    gone = OutboundFile("0" * 64, "steps.pdf", "application/pdf", 14)
    with pytest.raises(Refused):
        VENUE.send(account(stand_in), replace(REPLY, attachments=(gone,)))
    assert taken(stand_in) == []
