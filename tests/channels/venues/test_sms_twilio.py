"""Twilio passes the suite; its signature over the address as it was told, its own opt-out words, its refusals."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256 as digest
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from hark.channels.errors import AuthLost, Refused
from hark.channels.sms_twilio import signing
from hark.channels.sms_twilio.reading import REF
from hark.channels.sms_twilio.venue import Twilio
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Accepted, Account, Inbound, Outbound, Raw, Rejected, Request, Standing, Target
from hark.kernel.ids import new_uuid
from tests.channels.accounts import URLENCODED, a_call

VENUE = Twilio()
SID = "AC" + "0123456789abcdef" * 2
TOKEN = "an-auth-token-of-the-suite-32-char"
ADDRESS = "https://hark.example/in/chan_sms"
OURS, MAUD = "+3225550100", "+32470123456"
NUMBER = Account(
    "chan_sms",
    OURS,
    {"number": OURS, "account_sid": SID, "public_url": ADDRESS, "region": "BE"},
    {"token": TOKEN},
    frozenset({OURS}),
)


class Api(HttpCounterpart):
    """Twilio's API, after its documentation (twilio.com/docs/messaging/api/message-resource)."""

    def __init__(self, account: Account) -> None:
        """`account`: whose number it is."""
        super().__init__(account)
        self.number: dict[str, Any] = {"sms_url": ADDRESS, "capabilities": {"sms": True, "mms": True}}
        self.status = "active"

    def answer(self, call: Call) -> Answer:
        """The account, its numbers, its messages."""
        proof = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {proof}":
            return self.failure("401")
        path = call.path.removeprefix(f"/2010-04-01/Accounts/{SID}")
        if path == ".json":
            return Answer(200, {"sid": SID, "status": self.status})
        if path == "/IncomingPhoneNumbers.json":
            there = [self.number] if call.query["PhoneNumber"] == OURS and self.number else []
            return Answer(200, {"incoming_phone_numbers": there})
        if path.startswith("/Messages/"):
            return Answer(200, b"x" * int(path.rpartition("/")[2]))
        return self._create(call.form())

    def _create(self, said: dict[str, str]) -> Answer:
        if said["To"] == "+15005550001":
            return Answer(400, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400})
        sid = f"SM{len(self.taken):032x}"
        self.taken.append({**said, "text": said["Body"], "sid": sid})
        return Answer(201, {"sid": sid, "status": "queued", "num_segments": "1", "price": None})

    def failure(self, how: str) -> Answer:
        """In Twilio's words."""
        code = {"401": 20003, "403": 20403, "429": 20429, "500": 20500}[how]
        more = {"retry-after": "2"} if how == "429" else {}
        return Answer(int(how), {"code": code, "message": "Made up", "status": int(how)}, more)

    def file(self, size: int) -> str:
        """A picture of this size."""
        return f"{self.base_url}/2010-04-01/Accounts/{SID}/Messages/MM1/Media/{size}"


class TestTwilio(ChannelConformance):
    venue = VENUE
    samples = Path(__file__).parents[1] / "samples" / "sms-twilio"
    secret_name = "token"
    proof_headers = ("x-twilio-signature",)
    permission_ends = False  # a token has neither scopes nor an end
    target = Target("SM1", f"{OURS}:{MAUD}", "", "", MAUD)

    def account(self) -> Account:
        return NUMBER

    def genuine(self, body: bytes) -> Request:
        return calls(body)

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        name = "SM" + digest(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        who = f"+3247012345{ord(thread[-1]) % 10}"
        return Raw(form(MessageSid=name, From=who, To=OURS, Body=text), {}, "1", at)

    def forbidden(self) -> Outbound:
        return self.reply(standing=Standing(stopped=True))

    @contextmanager
    def counterpart(self) -> Iterator[Api]:
        with Api(NUMBER) as place:
            yield place


def form(**fields: str) -> bytes:
    """A form as Twilio posts it."""
    return urlencode({"AccountSid": SID, "NumMedia": "0", **fields}).encode()


def calls(body: bytes, query: str = "", address: str = ADDRESS, token: str = TOKEN, **headers: str) -> Request:
    """A call of Twilio's."""
    message = signing.signed_message(f"{address}?{query}" if query else address, signing.fields_of(body))
    code = signing.sha1(token.encode(), message)
    return replace(a_call(body, {**URLENCODED, "x-twilio-signature": code, **headers}), query=query)


def read(body: bytes, headers: dict[str, str] | None = None) -> Inbound:
    [event] = VENUE.parse(NUMBER, Raw(body, headers or {}, "1", MOMENT))
    return event


@pytest.fixture
def api() -> Iterator[Api]:
    with Api(NUMBER) as place:
        yield place


def test_the_signature_is_that_of_twilio_s_own_example() -> None:
    fields = [("CallSid", "CA1234567890ABCDE"), ("Digits", "1234"), ("From", "+14158675309"), ("To", "+18005551212")]
    message = signing.signed_message(
        "https://mycompany.com/myapp.php?foo=1&bar=2", [*fields, ("Caller", "+14158675309")]
    )
    assert signing.sha1(b"12345", message) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize("address", [ADDRESS, "https://hark.example:443/in/chan_sms"])
def test_the_address_is_tried_with_and_without_its_port(address: str) -> None:
    assert isinstance(VENUE.verify(NUMBER, calls(form(MessageSid="SM1"), address=address)), Accepted)
    told = replace(NUMBER, settings={**NUMBER.settings, "public_url": address})
    assert isinstance(VENUE.verify(told, calls(form(MessageSid="SM1"))), Accepted)


def test_another_address_and_a_query_that_was_not_signed_are_refused() -> None:
    body = form(MessageSid="SM1")
    assert isinstance(VENUE.verify(NUMBER, calls(body, address="https://elsewhere.example/in/chan_sms")), Rejected)
    assert isinstance(VENUE.verify(NUMBER, replace(calls(body), query="ref=1")), Rejected)
    nowhere = replace(NUMBER, settings={**NUMBER.settings, "public_url": ""})
    assert isinstance(VENUE.verify(nowhere, calls(body)), Rejected)


def test_an_account_with_a_shared_key_refuses_the_older_signature() -> None:
    body, settings = form(MessageSid="SM1"), "key=KS1,algorithm=HMAC_SHA256"
    chosen = {**NUMBER.settings, "signing": "sha256", "shared_key_id": "KS1"}
    account = replace(NUMBER, settings=chosen, secrets={"token": TOKEN, "shared_key": "a-shared-key"})
    code = signing.sha256(b"a-shared-key", signing.signed_message(ADDRESS, signing.fields_of(body)))
    headers = {"x-twilio-signature": code, "x-twilio-webhooks-signature-settings": settings}
    assert isinstance(VENUE.verify(account, a_call(body, headers)), Accepted)
    assert isinstance(VENUE.verify(account, calls(body)), Rejected)
    for other in ("key=KS2,algorithm=HMAC_SHA256", "key=KS1,algorithm=HMAC_SHA1", ""):
        bent = {**headers, "x-twilio-webhooks-signature-settings": other}
        assert isinstance(VENUE.verify(account, a_call(body, bent)), Rejected)
    assert isinstance(VENUE.verify(NUMBER, a_call(body, headers)), Rejected)


def test_a_report_names_our_own_id_by_the_address_it_comes_to(api: Api) -> None:
    reply = Outbound(new_uuid(), Target(person=MAUD), "private", "Grüße 🎉")
    receipt = VENUE.send(api.account, reply)
    [taken] = api.taken
    assert (taken["To"], taken["From"], taken["Body"]) == (MAUD, OURS, "Grüße 🎉")
    where = urlsplit(taken["StatusCallback"])
    body = form(MessageSid=receipt.external_ids[0], MessageStatus="delivered", To=MAUD, From=OURS)
    verdict = VENUE.verify(NUMBER, calls(body, query=where.query))
    assert isinstance(verdict, Accepted)
    assert verdict.reply.body == b"<Response></Response>"
    event = read(body, dict(verdict.headers))
    assert (event.kind, event.state, event.client_ref) == ("receipt", "delivered", str(reply.id))
    assert event.state_of == receipt.external_ids[0]


def test_states_that_come_late_are_each_their_own_arrival() -> None:
    keys = set()
    for status, state in (("sent", "sent"), ("undelivered", "failed"), ("read", "read"), ("brand new", None)):
        body = form(MessageSid="SM1", MessageStatus=status)
        verdict = VENUE.verify(NUMBER, calls(body))
        assert isinstance(verdict, Accepted)
        keys.add(verdict.dedupe_key)
        assert read(body, {REF: "r"}).state == state
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("words", "choice", "kind", "policy"),
    [
        ("STOP", "", "consent_stop", ()),
        ("Please", "STOP", "consent_stop", ()),
        ("Stop the delivery, please", "", "message", ()),
        ("Unstop", "", "message", ("consent_start",)),
        ("Ja", "START", "message", ("consent_start",)),
        ("INFO", "HELP", "message", ()),
    ],
)
def test_what_ends_texting_at_twilio_ends_it_here(words: str, choice: str, kind: str, policy: tuple[str, ...]) -> None:
    event = read(form(MessageSid="SM1", From=MAUD, To=OURS, Body=words, OptOutType=choice))
    assert (event.kind, event.policy) == (kind, policy)
    assert event.author
    assert (event.author.network, event.author.external_id) == ("phone", MAUD)


def test_pictures_are_references_and_only_so_many() -> None:
    home = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    event = read(
        form(MessageSid="MM1", From=MAUD, To=OURS, NumMedia="1", MediaUrl0=home, MediaContentType0="image/jpeg")
    )
    [picture] = event.attachments
    assert (picture.ref, picture.mime, event.message_kind, event.text) == (home, "image/jpeg", "mms", "")
    assert read(form(MessageSid="MM1", From=MAUD, NumMedia="999999999")).attachments == ()


def test_a_picture_elsewhere_is_not_asked_for(api: Api) -> None:
    for bad in ("https://evil.example/2010-04-01/Accounts/x", f"{api.base_url}/elsewhere/9", "http://[half"):
        with pytest.raises(Refused):
            list(VENUE.media(api.account, bad))
    assert api.calls == []


def test_a_refusal_is_told_in_words_for_an_agent(api: Api) -> None:
    with pytest.raises(Refused, match="no number that can be texted"):
        VENUE.send(api.account, Outbound(new_uuid(), Target(person="+15005550001"), "private", "Hello"))
    with pytest.raises(AuthLost):
        VENUE.send(
            replace(api.account, secrets={"token": "wrong"}), Outbound(new_uuid(), Target(person=MAUD), "private", "x")
        )


def test_a_messaging_service_sends_by_its_own_name(api: Api) -> None:
    service = "MG" + "0" * 32
    account = replace(api.account, settings={**api.account.settings, "number": service})
    VENUE.send(account, Outbound(new_uuid(), Target(person=MAUD), "private", "Hello"))
    assert (api.taken[0]["MessagingServiceSid"], "From" in api.taken[0]) == (service, False)


def test_the_check_says_what_is_missing_at_twilio(api: Api) -> None:
    api.number["sms_url"] = "https://demo.twilio.com/welcome/sms/reply"
    assert "does not call this channel" in VENUE.check(api.account).problems[0]
    api.number["capabilities"] = {"sms": False}
    assert any("cannot text" in one for one in VENUE.check(api.account).problems)
    api.number = {}
    assert any("no number of this account" in one for one in VENUE.check(api.account).problems)
    api.status = "suspended"
    assert any("suspended" in one for one in VENUE.check(api.account).problems)


def test_settings_that_cannot_work_are_refused_in_the_form() -> None:
    assert "account_sid" in VENUE.objections(Account("", settings={"account_sid": "plum"}))
    half = {"account_sid": SID, "signing": "sha256"}
    assert "shared_key" in VENUE.objections(Account("", settings=half))
    assert not VENUE.objections(Account("", settings={"account_sid": SID, "public_url": ADDRESS}))


@pytest.mark.parametrize(
    "body", [b"", b"nothing", b"MessageSid=", b"MessageSid=SM1&Body=x", b"\xff\xfe=\xff", b"a=1&" * 900]
)
def test_anything_else_is_unknown(body: bytes) -> None:
    assert read(body).kind == "unknown"


def test_a_sender_of_another_network_is_no_telephone() -> None:
    event = read(form(MessageSid="SM1", From=f"whatsapp:{MAUD}", To=f"whatsapp:{OURS}", Body="Hello"))
    assert event.author
    assert (event.author.network, event.author.external_id) == ("sms", f"whatsapp:{MAUD}")


def test_fields_that_repeat_are_signed_once_and_sorted() -> None:
    body = b"b=2&a=2&a=1&a=2"
    assert signing.signed_message("u", parse_qsl(body.decode())) == b"ua1a2b2"
