"""The API channel: the suite that every venue passes, its mistakes in words, and the code of its document at work."""

import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from pytest_django import DjangoDbBlocker

from hark.channels.api import ApiChannel
from hark.channels.api.signing import signed_bytes, signed_headers
from hark.channels.api.trying import read_call
from hark.channels.api.venue import CODE, SNIPPETS
from hark.channels.errors import Refused
from hark.channels.kit.signatures import hex_code
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.types import Accepted, Account, OutboundFile, Raw, Rejected, Request
from hark.conversations.models import Message
from hark.delivery.models import OutboxItem
from hark.kernel.storage import store
from hark.kernel.time import now
from hark.organisation.actions.channels import connect_channel
from tests.channels.accounts import a_call
from tests.channels.api_program import Program, running_program
from tests.intake.running import RunningFront, running_front, until
from tests.portal.makers import Plum, answer, make_plum, post, read_everything

VENUE = ApiChannel()
INCOMING, OUTGOING = "the-secret-of-calls-to-hark-of-the-suite", "the-secret-of-calls-from-hark-of-the-suite"
ACCOUNT = Account("chan_api", "chan_api", {}, {"incoming": INCOMING, "outgoing": OUTGOING})
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api-channel.md"


def signed(body: bytes, at: datetime = MOMENT, secret: str = INCOMING) -> dict[str, str]:
    """The headers of a genuine call."""
    stamp = str(int(at.timestamp()))
    return {"hark-timestamp": stamp, "hark-signature": hex_code(secret.encode(), signed_bytes(stamp, body))}


def event(text: str, visibility: str = "private", thread: str = "t1", at: datetime = MOMENT) -> dict[str, Any]:
    """Something a customer says."""
    return {
        "id": str(uuid5(UUID(int=3), text)), "thread": thread, "text": text, "visibility": visibility,
        "at": at.isoformat(), "author": {"id": "u1", "name": "Maud"},
    }  # fmt: skip


class TestApiChannel(ChannelConformance):
    venue = VENUE
    samples = Path(__file__).parent / "samples" / "api"
    secret_name = "incoming"
    proof_headers = ("hark-timestamp", "hark-signature")

    def account(self) -> Account:
        return replace(ACCOUNT, base_url="http://127.0.0.1:1/hark", settings={"changes": True})

    def genuine(self, body: bytes) -> Request:
        return a_call(body, signed(body))

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        return Raw(json.dumps(event(text, visibility, thread, at)).encode(), {}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        events = [event(f"line {number}") for number in range(count)]
        return Raw(json.dumps({"events": events}).encode(), {}, "1", MOMENT), [each["id"] for each in events]

    def counterpart(self) -> AbstractContextManager[Program]:
        return running_program(ACCOUNT)


def verdict(body: bytes, headers: dict[str, str] | None = None) -> Accepted | Rejected:
    taken = VENUE.verify(ACCOUNT, a_call(body, signed(body) if headers is None else headers))
    assert isinstance(taken, Accepted | Rejected)
    return taken


@pytest.mark.parametrize("minutes", [-6, 6])
def test_signature_is_good_for_five_minutes(minutes: int) -> None:
    body = json.dumps(event("Hello")).encode()
    assert isinstance(verdict(body, signed(body, MOMENT + timedelta(minutes=minutes))), Rejected)
    assert isinstance(verdict(body, signed(body, MOMENT + timedelta(minutes=minutes / 2))), Accepted)


def test_secret_of_the_other_direction_opens_nothing() -> None:
    body = json.dumps(event("Hello")).encode()
    assert isinstance(verdict(body, signed(body, secret=OUTGOING)), Rejected)
    both = {**signed(body), "hark-signature": f"{'0' * 64}, {signed(body)['hark-signature']}"}
    assert isinstance(verdict(body, both), Accepted)


def test_our_calls_carry_one_signature_for_each_live_secret() -> None:
    rotated = replace(ACCOUNT, secrets={"outgoing": "n" * 43, "outgoing.previous": OUTGOING})
    headers = signed_headers(rotated, b"{}", at=MOMENT)
    message = signed_bytes(headers["hark-timestamp"], b"{}")
    wanted = [hex_code(secret.encode(), message) for secret in ("n" * 43, OUTGOING)]
    assert headers["hark-signature"].split(",") == wanted


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"hello", "not JSON"),
        (b"[]", "one JSON object is expected"),
        (b'{"events": []}', "at least one event"),
        (b'{"id": "1", "id": "2"}', "stands twice"),
        ({"events": [event("x")] * 501}, "at most 500 events"),
        ({"events": [event("x"), {"type": "wave"}]}, "events[1]: type is one of message, edit"),
        ({"events": [7]}, "events[0]: an event is a JSON object"),
        ({**event("x"), "author": {"name": "Maud"}}, "author is missing"),
        ({**event("x"), "text": "  "}, "text is missing"),
        ({**event("x"), "id": None}, "id is missing"),
        ({**event("x"), "at": "2026-10-12 11:22"}, "at is a time with its zone"),
        ({**event("x"), "visibility": "secret"}, "visibility is one of private, public, limited"),
        ({**event("x"), "rating": 6}, "rating is a whole number from 1 to 5"),
        ({"type": "receipt", "reply": "x", "state": "lost"}, "state is one of accepted, sent"),
        ({"type": "receipt"}, "reply is missing"),
    ],
)
def test_mistakes_are_named_with_their_place_and_nothing_is_taken(said: object, words: str) -> None:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    refused = verdict(body)
    assert isinstance(refused, Rejected)
    assert refused.reply.status == 422
    assert words in " ".join(json.loads(refused.reply.body)["errors"])


def test_pasted_call_is_read_as_the_front_door_reads_it() -> None:
    body = json.dumps({"events": [event("Hello\nthere"), {"type": "receipt", "reply": "r", "state": "read"}]}, indent=1)
    headers = signed(body.encode())
    stamp, code = headers["hark-timestamp"], headers["hark-signature"]
    good = read_call(ACCOUNT, f" {stamp} ", code, body.replace("\n", "\r\n"), at=MOMENT)
    assert good.problems == ()
    assert [line.split()[0] for line in good.events] == ["message", "receipt"]
    assert "by Maud in t1: Hello" in good.events[0]
    assert read_call(ACCOUNT, stamp, code, body + " ", at=MOMENT).problems == (
        "It is not believed: the signature does not fit timestamp, body and secret.",
    )
    late = read_call(ACCOUNT, stamp, code, body, at=MOMENT + timedelta(minutes=6))
    assert "five minutes" in late.problems[0]
    assert "needed" in read_call(ACCOUNT, "", "", "{", at=MOMENT).problems[0]
    assert "Not JSON." in read_call(ACCOUNT, "", "", "{", at=MOMENT).problems


def test_program_s_own_reason_reaches_the_agent() -> None:
    with running_program(ACCOUNT) as program:
        program.fail("403")
        with pytest.raises(Refused) as refusal:
            VENUE.send(program.account, TestApiChannel().reply())
    assert refusal.value.human == "It was refused there: the order is closed"


def test_files_of_a_reply_are_in_the_call_and_a_reply_without_its_file_does_not_leave() -> None:
    data = bytes(range(256)) * 9
    here = OutboundFile(store([data], most=1 << 20).sha256, "rückgabe.pdf", "application/pdf", len(data))
    with running_program(ACCOUNT) as program:
        VENUE.send(program.account, TestApiChannel().reply(attachments=(here,)))
        [file] = program.taken[0]["files"]
        assert (file["name"], file["mime"], file["size"]) == ("rückgabe.pdf", "application/pdf", len(data))
        assert b64decode(file["data"]) == data
        with pytest.raises(Refused, match="is not here any more"):
            VENUE.send(program.account, TestApiChannel().reply(attachments=(replace(here, sha256="0" * 64),)))
    assert len(program.taken) == 1
    assert program.unsigned == 0


def test_check_names_the_step_that_fails() -> None:
    nothing = VENUE.check(replace(ACCOUNT, secrets={}, base_url="http://127.0.0.1:1/")).problems
    assert ["calls to Hark" in nothing[0], "calls from Hark" in nothing[1]] == [True, True]
    assert VENUE.check(ACCOUNT).problems == ()
    with running_program(ACCOUNT) as program:
        assert VENUE.check(program.account).problems == ()
        wrong = replace(program.account, secrets={**ACCOUNT.secrets, "outgoing": "another"})
        assert "refused our signature (401)" in VENUE.check(wrong).problems[0]
        program.fail("500")
        assert "could not be reached" in VENUE.check(program.account).problems[0]
        program.fail("403")
        assert "answered our ping with 403" in VENUE.check(program.account).problems[0]
        program.hang_up()
        assert "could not be reached (no connection)" in VENUE.check(program.account).problems[0]


def test_channel_without_an_address_only_listens() -> None:
    caps = VENUE.caps_for(ACCOUNT)
    assert (caps.public, caps.private) == (False, False)
    assert (
        VENUE.caps_for(replace(ACCOUNT, base_url="https://x.example", settings={"max_length": 300})).max_length == 300
    )
    with pytest.raises(Refused):
        VENUE.send(ACCOUNT, TestApiChannel().reply())


def test_document_shows_the_same_code() -> None:
    said = DOCUMENT.read_text("utf-8")
    assert [file for _, file in CODE if (SNIPPETS / file).read_text("utf-8").strip() not in said] == []


# ── the document's code, at work ──

DELIVER = """
def deliver(call):
    open("TAKEN_FILE", "a").write(json.dumps(call) + "\\n")
    return "order-note-1"

server = HTTPServer(("127.0.0.1", 0), FromHark)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@pytest.fixture
def front(transactional_db: None, django_db_blocker: DjangoDbBlocker) -> Iterator[RunningFront]:
    with running_front() as running:
        yield running


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The document's program that takes replies, run as it stands: its place and what it has delivered."""
    taken = tmp_path / "taken.jsonl"
    code = (SNIPPETS / "take.py.txt").read_text("utf-8")
    work = DELIVER.replace("TAKEN_FILE", str(taken))
    around = {"HARK_OUTGOING_SECRET": f"an-older-one,{OUTGOING}", "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [sys.executable, "-c", code + work], env=around, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdout
        yield f"127.0.0.1:{running.stdout.readline().strip()}", taken
        running.kill()


def run_code(file: str, address: str, call: str = "") -> Any:
    """What the code gives, run as a programmer would run it."""
    code = (SNIPPETS / file).read_text("utf-8").replace("ADDRESS", address)
    command = [sys.executable, "-c"] if file.endswith(".py.txt") else ["sh", "-c"]
    around = {"HARK_INCOMING_SECRET": INCOMING, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [*command, f"{code}\n{call}"], env=around, capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


def test_code_of_the_document_posts_takes_the_reply_and_confirms_it(
    front: RunningFront, bridge: tuple[str, Path], settings: Any
) -> None:
    place, taken = bridge
    settings.HARK_ALLOWED_NETWORKS = [place]
    plum: Plum = make_plum()
    channel = connect_channel(
        actor="test", venue="api", external_id="shop", name="Shop", inbox=plum.inbox,
        settings={"base_url": f"http://{place}/hark"}, secrets={"incoming": INCOMING, "outgoing": OUTGOING},
    )  # fmt: skip
    front.knows(channel)
    address = f"http://127.0.0.1:{front.port}/in/{channel.key}"
    said = {"type": "message", "id": "1", "thread": "4711", "author": {"id": "maud"}, "text": "Where is my order?"}
    call = f"print(json.dumps(to_hark({said!r})))"
    assert [run_code("post.py.txt", address, call) for _ in range(2)] == [{"ok": True}] * 2
    read_everything()
    assert Message.objects.get(channel=channel).text == "Where is my order?"
    if shutil.which("curl") and shutil.which("openssl"):
        assert run_code("post.sh.txt", address) == {"ok": True}
        read_everything()
        assert Message.objects.filter(channel=channel).count() == 2
    answer(plum.tessa, channel, "4711", "It is on its way.")
    item = OutboxItem.objects.get(channel=channel)
    until(taken.exists)
    reply = json.loads(taken.read_text().splitlines()[0])
    assert (reply["id"], reply["text"], reply["thread"]) == (str(item.idempotency_key), "It is on its way.", "4711")
    assert (reply["person"], reply["visibility"], item.external_ids) == ("maud", "private", ["order-note-1"])
    receipt = {"type": "receipt", "reply": reply["id"], "state": "read"}
    run_code("post.py.txt", address, f"print(json.dumps(to_hark({receipt!r})))")
    read_everything()
    item.refresh_from_db()
    assert item.receipt_state == "read"
    assert not Message.objects.filter(channel=channel).exclude(problem="").exists()


def test_edit_deletion_and_an_answer_given_elsewhere_find_their_message(transactional_db: None) -> None:
    plum = make_plum()
    channel = connect_channel(
        actor="test", venue="api", external_id="shop", name="Shop", inbox=plum.inbox, settings={},
        secrets={"incoming": INCOMING, "outgoing": OUTGOING},
    )  # fmt: skip
    for said in (
        {"id": "1", "thread": "t", "author": {"id": "maud"}, "text": "Wher is it?"},
        {"type": "edit", "id": "1", "text": "Where is it?"},
        {"id": "2", "thread": "t", "author": {"id": "maud"}, "text": "Never mind"},
        {"type": "delete", "id": "2"},
        {"type": "echo", "id": "3", "thread": "t", "text": "Answered in the shop"},
    ):
        body = json.dumps(said).encode()
        post(channel, body, signed(body, now()))
    rows = Message.objects.filter(channel=channel).order_by("id")
    assert [(row.external_id, row.text, bool(row.deleted_at), row.native) for row in rows] == [
        ("1", "Where is it?", False, False),
        ("2", "Never mind", True, False),
        ("3", "Answered in the shop", False, True),
    ]
