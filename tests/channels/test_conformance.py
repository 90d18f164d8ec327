"""The venues of Hark pass the suite that every venue must pass."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID, uuid5

import pytest
from django.test import override_settings

from hark.channels.email.venue import Email
from hark.channels.encounter import Encounters, Met, body_of
from hark.channels.errors import SendError
from hark.channels.form import ContactForm, new_stamp, talk_token
from hark.channels.simulated import Simulated
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility, flipped, with_header
from hark.channels.testing.ledger import read_ledger
from hark.channels.testing.postman import signed
from hark.channels.testing.stand_in import Fault, StandIn
from hark.channels.types import Account, Raw, Request, Target
from hark.channels.webchat import WebChat
from hark.channels.webchat.files import STORED
from hark.kernel.storage import store
from tests.channels.accounts import CHAT, FORM, OPENED, SECRET, URLENCODED, a_call, a_token, bearer
from tests.channels.mail_stand_in import PASSWORD, WHO, MailServers, mail_servers, words_of
from tests.channels.mails import a_mail

SAMPLES = Path(__file__).parent / "samples"
WEBHOOK, TOKEN = "a-webhook-secret-of-the-suite", "a-token-of-the-suite"
MAIL = Account(
    "chan_mail", WHO, {"incoming": "postmark"}, {"signing": SECRET, "webhook": WEBHOOK, "password": PASSWORD}
)


class TestWebChat(ChannelConformance):
    venue = WebChat()
    samples = SAMPLES / "webchat"
    proof_headers = ("authorization",)

    def account(self) -> Account:
        return CHAT

    def genuine(self, body: bytes) -> Request:
        return a_call(body, bearer(a_token()))

    def tampered(self, request: Request) -> Iterator[Request]:
        """The words are the visitor's own; his token is what must not be touched."""
        value = request.headers["authorization"].encode()
        for place in range(len("Bearer "), len(value)):
            yield with_header(request, "authorization", flipped(value, place).decode("utf-8", "replace"))

    def case_13(self) -> None:
        """The bytes come before the line; they lie with Hark under their hash."""
        refs = [file.ref for event in self.events() for file in event.attachments]
        assert refs, "bring a sample with an attachment"
        with TemporaryDirectory() as folder, override_settings(HARK_FILES=Path(folder)):
            small, large = (store([b"x" * size], most=20_000_000) for size in (1_000, 15_000_001))
            assert len(b"".join(self.venue.media(CHAT, f"{STORED}{small.sha256}"))) == 1_000
            for bad in (*refs, f"{STORED}{large.sha256}", "http://127.0.0.1:1/elsewhere", "file:///etc/passwd", ""):
                with pytest.raises(SendError):
                    list(self.venue.media(CHAT, bad))

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        body = json.dumps({"id": str(uuid5(UUID(int=1), text)), "text": text}).encode()
        return Raw(body, {"hark-visitor": thread}, "1", at)


class TestContactForm(ChannelConformance):
    venue = ContactForm()
    samples = SAMPLES / "form"

    def account(self) -> Account:
        return FORM

    def genuine(self, body: bytes) -> Request:
        """The same fields with a stamp of the suite's moment."""
        stamp = new_stamp(FORM, at=OPENED, nonce="B" * 22).text
        fields = body.replace(b"hark_stamp=", b"old=") + b"&" + urlencode({"hark_stamp": stamp}).encode()
        return a_call(fields, URLENCODED)

    def tampered(self, request: Request) -> Iterator[Request]:
        """The words are the customer's own; the stamp is what must not be touched."""
        for place in range(request.body.index(b"hark_stamp=") + len(b"hark_stamp="), len(request.body)):
            yield replace(request, body=flipped(request.body, place))

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        stamp = new_stamp(FORM, at=OPENED, nonce=text.encode().hex()[:22]).text
        said = {"hark_stamp": stamp, "hark_talk": talk_token(FORM, thread), "message": text}
        return Raw(urlencode(said).encode(), {}, "1", at)


class TestEncounters(ChannelConformance):
    venue = Encounters()
    samples = SAMPLES / "encounter"

    def account(self) -> Account:
        return Account("chan_met", "inbox_1")

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        number = str(uuid5(UUID(int=4), text))
        return Raw(body_of(Met(number, "counter", "", at, text, "", "p1", "Maud")), {}, "1", at)


class TestSimulated(ChannelConformance):
    venue = Simulated()
    samples = SAMPLES / "simulated"
    secret_name = "webhook"
    proof_headers = ("simulated-timestamp", "simulated-signature")
    target = Target(external_id="p1", thread="t1", person="u1")
    in_private: ClassVar[Mapping[str, Any]] = {"moves": "reply_once"}

    def account(self) -> Account:
        secrets = {"webhook": WEBHOOK, "token": TOKEN, "signing": SECRET}
        return Account(
            "chan_sim", "plum", {"network": "square"}, secrets, frozenset({"plum"}), frozenset({"@plumcare"})
        )

    def genuine(self, body: bytes) -> Request:
        return a_call(body, signed(WEBHOOK, body, "delivery-1", int(MOMENT.timestamp())))

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        return events_raw(event(text, "direct" if visibility == "private" else "post", thread, at))

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        events = [event(f"line {number}") for number in range(count)]
        return events_raw(*events), [each["id"] for each in events]

    @contextmanager
    def counterpart(self) -> Iterator["StandInBench"]:
        with (
            TemporaryDirectory() as folder,
            StandIn(Path(folder) / "ledger.jsonl") as venue,
            override_settings(HARK_ALLOWED_NETWORKS=[venue.place]),
        ):
            venue.connect("plum@square", token=TOKEN, own_id="plum")
            yield StandInBench(venue, replace(self.account(), base_url=venue.base_url("plum@square")))


class StandInBench:
    """The stand-in as the suite wants to hold it."""

    def __init__(self, venue: StandIn, account: Account) -> None:
        self.venue, self.account = venue, account
        self.books = venue.books["plum@square"]

    def received(self) -> list[dict[str, Any]]:
        return [line for line in read_ledger(self.venue.ledger.path, "received") if not line["repeat"]]

    def fail(self, how: str) -> None:
        mode, after = how.removesuffix(" alone"), "2" if how == "429" else ""
        self.venue.fail_next(Fault(mode, retry_after=after))  # type: ignore[arg-type]

    def offer(self, count: int) -> list[str]:
        events = [event(f"news {number}") for number in range(count)]
        self.venue.offer("plum@square", events)
        return [each["id"] for each in events]

    def mention(self, text: str) -> str:
        """Nobody can listen here."""
        raise NotImplementedError

    def echo(self) -> Raw:
        last = self.received()[-1]
        said = {**last, "audience": last["visibility"]}
        return events_raw(self.venue.echo_of(self.books, said, {"id": last["id"]}))

    def published(self, external_id: str) -> str | None:
        return self.books.posts[external_id]

    def weaken(self) -> None:
        self.books.scopes = ("read",)
        self.books.expires_at = "2026-11-01T00:00:00+00:00"

    def hang_up(self) -> None:
        self.venue.hang_up()

    def file(self, size: int) -> str:
        self.venue.files[f"{size}.bin"] = b"x" * size
        return f"{self.account.base_url}/files/{size}.bin"


class TestEmail(ChannelConformance):
    venue = Email()
    samples = SAMPLES / "email"
    secret_name = "webhook"
    proof_headers = ("authorization",)
    permission_ends = False  # a password has neither scopes nor an end
    target = Target("<q1@mail.example>", "<q1@mail.example>", "", "<q1@mail.example>", "maud@mail.example")

    def account(self) -> Account:
        return MAIL

    def genuine(self, body: bytes) -> Request:
        """Postmark's call with this mail in it."""
        said = json.dumps({"MessageID": "1", "RawEmail": body.decode("utf-8", "replace")}).encode()
        code = b64encode(f"hark:{WEBHOOK}".encode()).decode()
        return a_call(said, {"authorization": f"Basic {code}", "content-type": "application/json"})

    def tampered(self, request: Request) -> Iterator[Request]:
        """Postmark signs nothing; the password in its address is what must not be touched."""
        value = request.headers["authorization"].encode()
        for place in range(len(value)):
            yield with_header(request, "authorization", flipped(value, place).decode("utf-8", "replace"))

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        number = uuid5(UUID(int=3), text)
        head = {"Message_ID": f"<{number}@mail.example>", "References": f"<{thread}@mail.example>"}
        return Raw(a_mail(text, Date=format_datetime(at), **head), {}, "1", MOMENT)

    def carried(self, text: str) -> str:
        return text.replace("\r\n", "\n")

    @contextmanager
    def counterpart(self) -> Iterator["MailBench"]:
        with mail_servers() as servers, override_settings(HARK_ALLOWED_NETWORKS=servers.allowed):
            yield MailBench(servers, replace(MAIL, settings=servers.settings(read_back_days=3)))


class MailBench:
    """The mail servers as the suite wants to hold them."""

    def __init__(self, servers: MailServers, account: Account) -> None:
        self.servers, self.account = servers, account

    def received(self) -> list[dict[str, Any]]:
        return [{"text": words_of(raw), "by": ""} for _, _, raw in self.servers.sent]

    def fail(self, how: str) -> None:
        self.servers.smtp_faults.append(how)

    def offer(self, count: int) -> list[str]:
        ids = [f"<offer{number}@mail.example>" for number in range(count)]
        for each in ids:
            self.servers.put(a_mail(each, Message_ID=each))
        return ids

    def mention(self, text: str) -> str:
        """Nobody can listen here."""
        raise NotImplementedError

    def echo(self) -> Raw:
        return Raw(self.servers.sent[-1][2], {"folder": "sent"}, "1", MOMENT)

    def published(self, external_id: str) -> str | None:
        raise NotImplementedError

    def weaken(self) -> None:
        raise NotImplementedError

    def hang_up(self) -> None:
        self.servers.hang_up()

    def file(self, size: int) -> str:
        raise NotImplementedError


def event(text: str, kind: str = "post", thread: str = "t1", at: datetime = MOMENT) -> dict[str, Any]:
    """Something a customer says there."""
    return {
        "type": kind,
        "id": str(uuid5(UUID(int=2), text)),
        "thread": thread,
        "text": text,
        "at": at.isoformat(),
        "author": {"id": "u1", "handle": "@maud", "name": "Maud Terlinden"},
    }


def events_raw(*events: dict[str, Any]) -> Raw:
    """One call with these events."""
    return Raw(json.dumps({"events": list(events)}).encode(), {}, "1", MOMENT)
