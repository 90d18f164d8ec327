"""Kannel passes the suite; charsets, numbers, STOP, and reports that nobody can make up."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from hark.channels.errors import AuthLost, Refused
from hark.channels.kit.numbers import number_of_network
from hark.channels.sms_kannel.reading import QUERY
from hark.channels.sms_kannel.venue import Kannel
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility, flipped, with_header
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Accepted, Account, Inbound, Outbound, Raw, Rejected, Request, Standing, Target
from hark.kernel.ids import new_uuid
from tests.channels.accounts import a_call

VENUE = Kannel()
SECRET = "a-secret-of-the-suite-for-kannel-calls"
GATEWAY = Account(
    "chan_sms",
    "+3225550100",
    {"number": "+3225550100", "user": "hark", "region": "BE", "public_url": "https://hark.example/in/chan_sms"},
    {"incoming": SECRET, "password": "a-password-of-sendsms"},
    frozenset({"+3225550100"}),
)
MAUD = "+32470123456"


class Gateway(HttpCounterpart):
    """Kannel's smsbox, answering in the words of version 1.4.5 (tests/venues asks the real one)."""

    def answer(self, call: Call) -> Answer:
        """sendsms by POST."""
        said = {name.removeprefix("x-kannel-"): value for name, value in call.headers.items()}
        if said.get("password") != GATEWAY.secrets["password"]:
            return Answer(403, b"Authorization failed for sendsms")
        if not said.get("to"):
            return Answer(400, b"Missing receiver number, rejected")
        self.taken.append({**said, "text": call.body.decode()})
        return Answer(202, b"0: Accepted for delivery")

    def is_send(self, call: Call) -> bool:
        """A check names no receiver."""
        return bool(call.headers.get("x-kannel-to"))


class TestKannel(ChannelConformance):
    venue = VENUE
    samples = Path(__file__).parents[1] / "samples" / "sms-kannel"
    secret_name = "incoming"
    proof_headers = ("authorization",)
    permission_ends = False  # a password has neither scopes nor an end
    target = Target("kannel-1", f"+3225550100:{MAUD}", "", "", MAUD)

    def account(self) -> Account:
        return GATEWAY

    def genuine(self, body: bytes) -> Request:
        return brings({"from": MAUD, "to": "+3225550100", "id": "kannel-1", "time": "1791804153"}, body)

    def tampered(self, request: Request) -> Iterator[Request]:
        """Kannel signs nothing; the secret in its address is what must not be touched."""
        value = request.headers["authorization"].encode()
        for place in range(len(value)):
            yield with_header(request, "authorization", flipped(value, place).decode("utf-8", "replace"))

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        name = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        who = f"+3247012345{ord(thread[-1]) % 10}"
        return kept({"from": who, "to": "+3225550100", "id": name, "time": str(int(at.timestamp()))}, text.encode())

    def forbidden(self) -> Outbound:
        return self.reply(standing=Standing(stopped=True))

    @contextmanager
    def counterpart(self) -> Iterator[Gateway]:
        with Gateway(GATEWAY) as place:
            place.account = replace(place.account, base_url=f"{place.base_url}/cgi-bin/sendsms")
            yield place


def brings(fields: dict[str, str], body: bytes, secret: str = SECRET) -> Request:
    """A call of Kannel's with a text."""
    proof = base64.b64encode(f"hark:{secret}".encode()).decode()
    return replace(a_call(body, {"authorization": f"Basic {proof}"}), query=urlencode(fields))


def kept(fields: dict[str, str], body: bytes) -> Raw:
    """The same, as an arrival."""
    return Raw(body, {QUERY: urlencode(fields)}, "1", MOMENT)


def read(raw: Raw | bytes, **more: Any) -> Inbound:
    account = replace(GATEWAY, settings={**GATEWAY.settings, **more})
    [event] = VENUE.parse(account, raw if isinstance(raw, Raw) else Raw(raw, received_at=MOMENT))
    return event


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway(GATEWAY) as place:
        yield place


@pytest.mark.parametrize(
    ("charset", "coding", "body"),
    [
        ("UTF-8", "0", "Grüße 🎉".encode()),
        ("UTF-16BE", "2", "Grüße 🎉".encode("utf-16-be")),
        ("", "2", "Grüße 🎉".encode("utf-16-be")),
        ("8-BIT", "1", "Grüße".encode("latin-1")),
        ("ISO-8859-1", "0", "Grüße".encode("latin-1")),
    ],
)
def test_a_text_is_read_in_the_charset_that_kannel_names(charset: str, coding: str, body: bytes) -> None:
    fields = {"from": MAUD, "to": "4477", "id": "1", "coding": coding, **({"charset": charset} if charset else {})}
    assert (read(kept(fields, body)).text or "").startswith("Grüße")


def test_a_query_string_is_read_whatever_the_operator_called_its_parts() -> None:
    for names in ("from={}&to=4477&id=k1&time=1791804153&text={}", "p={}&P=4477&I=k1&T=1791804153&b={}&c=0&u="):
        event = read(names.format(quote(MAUD), quote("Where is it?")).encode())
        assert (event.external_id, event.text, event.thread_id) == ("k1", "Where is it?", f"4477:{MAUD}")
        assert event.author
        assert (event.author.network, event.author.external_id, event.author.verified) == ("phone", MAUD, False)


def test_a_text_that_looks_like_a_query_string_is_a_text() -> None:
    assert read(kept({"from": MAUD, "id": "1"}, b"dlr=8&from=me")).text == "dlr=8&from=me"


@pytest.mark.parametrize("words", ["STOP", " stop. ", "Stop all", "ARRÊT", "«Unsubscribe»"])
def test_stop_is_heard(words: str) -> None:
    event = read(kept({"from": MAUD, "id": "1"}, words.encode()))
    assert (event.kind, event.author and event.author.external_id) == ("consent_stop", MAUD)


@pytest.mark.parametrize("words", ["Please stop the delivery", "cancel", "", "nonstop"])
def test_what_merely_holds_the_word_is_a_message(words: str) -> None:
    assert read(kept({"from": MAUD, "id": "1"}, words.encode())).kind == "message"


def test_start_takes_it_back_and_own_words_count() -> None:
    assert read(kept({"from": MAUD, "id": "1"}, b"Start")).policy == ("consent_start",)
    assert read(kept({"from": MAUD, "id": "1"}, b"genoeg"), stop_words=["genoeg"]).kind == "consent_stop"


def test_numbers_come_in_international_form() -> None:
    assert number_of_network("0470 12 34 56", "BE") == MAUD
    assert number_of_network("0032470123456", "") == MAUD
    assert number_of_network("32470123456", "") == MAUD
    assert number_of_network("PLUM", "BE") == ""
    assert number_of_network("4477", "") == ""
    event = read(kept({"from": "PLUM", "id": "1"}, b"x"))
    assert event.author
    assert (event.author.network, event.author.scope) == ("sms", "chan_sms")


def test_a_report_is_believed_only_with_the_code_over_our_own_id(gateway: Gateway) -> None:
    reply = Outbound(new_uuid(), Target(person=MAUD), "private", "Grüße 🎉")
    assert VENUE.send(gateway.account, reply).state == "accepted"
    [taken] = gateway.taken
    assert (taken["coding"], taken["to"], taken["dlr-mask"]) == ("2", MAUD, "31")
    query = urlsplit(taken["dlr-url"].replace("%d", "1").replace("%T", "1791804200")).query
    said = replace(a_call(b"", {}), method="GET", query=query)
    verdict = VENUE.verify(GATEWAY, said)
    assert isinstance(verdict, Accepted)
    [event] = VENUE.parse(GATEWAY, Raw(b"", verdict.headers))
    assert (event.kind, event.state, event.client_ref) == ("receipt", "delivered", str(reply.id))
    fields = dict(parse_qsl(query))
    for forged in ({**fields, "ref": str(new_uuid())}, {**fields, "proof": ""}, {**fields, "proof": "x" * 43}):
        assert isinstance(VENUE.verify(GATEWAY, replace(said, query=urlencode(forged))), Rejected)


def test_a_text_goes_in_the_alphabet_of_telephones_where_that_holds_it(gateway: Gateway) -> None:
    for words in ("Grüße für 5 €", "Żółw"):
        VENUE.send(gateway.account, Outbound(new_uuid(), Target(person=MAUD), "private", words))
    assert [one["coding"] for one in gateway.taken] == ["0", "2"]


def test_a_card_number_in_an_address_is_not_kept() -> None:
    fields = {"from": MAUD, "to": "4477", "id": "1", "text": "My card is 4111 1111 1111 1111."}
    verdict = VENUE.verify(GATEWAY, replace(brings(fields, b""), method="GET"))
    assert isinstance(verdict, Accepted)
    assert "1111+1111+1111" not in verdict.headers[QUERY]
    event = read(Raw(b"", verdict.headers))
    assert (event.external_id, (event.text or "").startswith("My card is")) == ("1", True)


def test_no_secret_stands_in_an_address(gateway: Gateway) -> None:
    VENUE.send(gateway.account, Outbound(new_uuid(), Target(person=MAUD), "private", "Hello"))
    [call] = gateway.calls
    assert call.query == {}
    assert SECRET not in call.headers["x-kannel-dlr-url"]


def test_each_state_of_a_report_is_a_receipt() -> None:
    states = {kind: read(f"dlr={kind}&ref=r1".encode()).state for kind in ("1", "2", "4", "8", "16", "99")}
    assert states == {"1": "delivered", "2": "failed", "4": "accepted", "8": "sent", "16": "failed", "99": None}


def test_a_refusal_has_kannel_s_words_and_a_wrong_password_is_lost_permission(gateway: Gateway) -> None:
    reply = Outbound(new_uuid(), Target(), "private", "Hello")
    with pytest.raises(Refused, match="Missing receiver"):
        VENUE.send(gateway.account, reply)
    wrong = replace(gateway.account, secrets={"password": "wrong"})
    with pytest.raises(AuthLost):
        VENUE.send(wrong, reply)
    assert any("password" in problem for problem in VENUE.check(wrong).problems)


def test_the_configuration_holds_the_channel_s_address() -> None:
    [(_, text)] = VENUE.code(GATEWAY, "https://hark.example/in/chan_sms")
    assert 'post-url = "https://hark:THE-SECRET@hark.example/in/chan_sms?from=%p' in text


@pytest.mark.parametrize("body", [b"", b"nothing", b"%%%=&&&", b"\xff\xfe", b"x" * 100_000])
def test_anything_else_is_unknown(body: bytes) -> None:
    assert read(body).kind == "unknown"
