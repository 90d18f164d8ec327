"""WhatsApp passes the suite, and what is special about it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry, SendError
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.conformance.inbound import no_sockets
from hark.channels.testing.counterpart import Answer, Call
from hark.channels.types import Account, Answered, Outbound, Raw, Rejected, Request, Standing, Target
from hark.channels.whatsapp.guide import SCOPES
from hark.channels.whatsapp.venue import WhatsApp
from tests.channels.venues.meta_place import SECRETS, MetaPlace, fields_of, handshake, signed
from tests.channels.venues.stored import a_file

NUMBER, BUSINESS, PERSON = "1122334455667", "1234567890987654321", "972987654321"
ACCOUNT = Account(
    "chan_wa",
    NUMBER,
    {"phone_number_id": NUMBER, "business_id": BUSINESS},
    SECRETS,
    frozenset({NUMBER, "972123456789"}),
)
VENUE = WhatsApp()
OPEN = Standing(MOMENT, MOMENT + timedelta(hours=1))
CLOSED = Standing(MOMENT, MOMENT - timedelta(seconds=1))
REPLY = Outbound(
    UUID(int=9), Target("wamid.q1", PERSON, "wamid.q1", "wamid.q1", PERSON), "private", "We are on it.", standing=OPEN
)


class WhatsAppPlace(MetaPlace):
    """The Cloud API of one number."""

    def __init__(self, account: Account) -> None:
        super().__init__(account, SCOPES)
        self.apps: list[dict[str, Any]] = [{"whatsapp_business_api_data": {"id": "1"}}]
        self.next_error, self.fails_at = 0, -1
        self.files: list[dict[str, bytes]] = []

    def taken_or_told(self, call: Call) -> Answer:
        if call.path == f"/{NUMBER}/messages":
            return self._message(call.json())
        if call.path == f"/{NUMBER}/media":
            self.files.append(fields_of(call))
            return Answer(200, {"id": f"media{len(self.files)}"})
        if call.path == f"/{NUMBER}":
            return Answer(200, {"id": NUMBER, "display_phone_number": "+972 12-345-6789", "verified_name": "Plum"})
        if call.path == f"/{BUSINESS}/subscribed_apps":
            return Answer(200, {"data": self.apps})
        size = call.path.removeprefix("/file")
        if size.isdigit():
            return Answer(
                200, {"id": f"file{size}", "url": f"{self.base_url}/files/{size}.bin", "file_size": int(size)}
            )
        return self.refuse(100, error_subcode=33)

    def _message(self, said: dict[str, Any]) -> Answer:
        if self.next_error or len(self.taken) == self.fails_at:
            return self.refuse(self.next_error or 131026)
        kind = said["type"]
        text = said["text"]["body"] if kind == "text" else json.dumps(said[kind])
        own = self.take(
            f"wamid.ours{len(self.taken)}",
            text=text,
            to=said.get("to") or said.get("recipient"),
            parent=said.get("context", {}).get("message_id"),
            ref=said["biz_opaque_callback_data"],
            visibility="private",
            said=said,
        )
        return Answer(200, {"messaging_product": "whatsapp", "messages": [{"id": own}]})

    def echo(self) -> Raw:
        """As the Business app's own messages come; those of the API are told of by statuses instead."""
        last = self.taken[-1]
        said = {"from": "972123456789", "to": PERSON, "id": last["id"], "timestamp": "1790000000", "type": "text"}
        return a_change(field="smb_message_echoes", message_echoes=[{**said, "text": {"body": last["text"]}}])

    def status(self, state: str) -> Raw:
        last = self.taken[-1]
        said = {"id": last["id"], "status": state, "timestamp": "1790000001", "recipient_id": PERSON}
        return a_change(statuses=[{**said, "biz_opaque_callback_data": last["ref"]}])

    def file(self, size: int) -> str:
        return f"file{size}"


class TestWhatsApp(ChannelConformance):
    venue = VENUE
    samples = Path(__file__).parents[1] / "samples" / "whatsapp"
    secret_name = "app_secret"
    proof_headers = ("x-hub-signature-256",)
    echo_carries_ref = False
    target = REPLY.target

    def account(self) -> Account:
        return ACCOUNT

    def genuine(self, body: bytes) -> Request:
        return signed(body)

    def handshake(self) -> Request:
        return handshake()

    def says(self, text: str, visibility: Visibility = "private", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        return a_change(messages=[a_text(text, at=at, sender=thread)])

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        said = [a_text(f"line {number}") for number in range(count)]
        return a_change(messages=said), [each["id"] for each in said]

    def counterpart(self) -> "WhatsAppPlace":
        return WhatsAppPlace(ACCOUNT)

    def forbidden(self) -> tuple[Outbound, ...]:
        return (replace(REPLY, standing=CLOSED), replace(REPLY, visibility="public"))


def a_text(text: str, *, at: datetime = MOMENT, sender: str = PERSON) -> dict[str, Any]:
    own = f"wamid.{uuid5(UUID(int=5), text)}"
    return {"from": sender, "id": own, "timestamp": str(int(at.timestamp())), "type": "text", "text": {"body": text}}


def a_change(field: str = "messages", number: str = NUMBER, **lists: Any) -> Raw:
    about = {"display_phone_number": "972123456789", "phone_number_id": number}
    value = {"messaging_product": "whatsapp", "metadata": about, **lists}
    said = {
        "object": "whatsapp_business_account",
        "entry": [{"id": BUSINESS, "changes": [{"value": value, "field": field}]}],
    }
    return Raw(json.dumps(said).encode(), {}, "1", MOMENT)


@contextmanager
def connected(**settings: str) -> Iterator[tuple[WhatsAppPlace, Account]]:
    with WhatsAppPlace(ACCOUNT) as place:
        yield place, replace(place.account, settings={**ACCOUNT.settings, **settings})


def test_every_message_of_every_change_of_every_entry_is_read_in_order() -> None:
    entry = json.loads(a_change(messages=[a_text("one"), a_text("two")]).body)["entry"][0]
    entry["changes"] *= 2
    said = {"object": "whatsapp_business_account", "entry": [entry, entry]}
    events = VENUE.parse(ACCOUNT, Raw(json.dumps(said).encode()))
    assert [event.text for event in events] == ["one", "two"] * 4


def test_thousand_messages_in_one_call_are_a_thousand_events() -> None:
    said = [a_text(f"line {number}") for number in range(1000)]
    raw = a_change(messages=said)
    assert not isinstance(VENUE.verify(ACCOUNT, signed(raw.body)), Rejected)
    assert [event.external_id for event in VENUE.parse(ACCOUNT, raw)] == [each["id"] for each in said]


def test_what_is_about_another_number_is_no_message_here() -> None:
    (event,) = VENUE.parse(ACCOUNT, a_change(number="999", messages=[a_text("for others")]))
    assert event.kind == "unknown"
    assert "another number" in (event.problem or "")


def test_window_ends_a_day_after_what_the_person_wrote() -> None:
    (event,) = VENUE.parse(ACCOUNT, a_change(messages=[a_text("hello")]))
    assert event.expires_reply_at == MOMENT + timedelta(hours=24)


def test_person_is_known_by_his_user_id_and_his_number_is_a_claim() -> None:
    contacts = [{"profile": {"name": "Maud"}, "wa_id": PERSON, "user_id": "NL.13491208655302741918"}]
    (event,) = VENUE.parse(ACCOUNT, a_change(contacts=contacts, messages=[a_text("hello")]))
    assert event.author
    assert event.author.external_id == event.thread_id == "NL.13491208655302741918"
    assert event.author.claims == (("phone", f"+{PERSON}"),)
    hidden = {name: value for name, value in a_text("no number").items() if name != "from"}
    told = {**hidden, "from_user_id": "NL.13491208655302741918"}
    (event,) = VENUE.parse(ACCOUNT, a_change(messages=[told]))
    assert event.author
    assert event.author.external_id == "NL.13491208655302741918"


def test_reply_goes_to_a_user_id_as_recipient_and_to_a_number_as_to() -> None:
    with connected() as (place, account):
        VENUE.send(account, REPLY)
        VENUE.send(account, replace(REPLY, target=replace(REPLY.target, person="NL.134912")))
        first, second = (each["said"] for each in place.taken)
        assert (first.get("to"), first.get("recipient")) == (PERSON, None)
        assert (second.get("to"), second.get("recipient")) == (None, "NL.134912")
        assert first["context"] == {"message_id": "wamid.q1"}


def test_status_brings_our_own_id_back() -> None:
    with connected() as (place, account):
        receipt = VENUE.send(account, REPLY)
        (told,) = VENUE.parse(account, place.status("delivered"))
        assert receipt.state == "accepted"
        assert (told.kind, told.state, told.client_ref) == ("receipt", "delivered", str(REPLY.id))
        assert told.state_of in receipt.external_ids


def test_late_reply_goes_as_the_template_with_the_words_in_it() -> None:
    with connected(template="late_answer", template_language="nl") as (place, account):
        late = replace(REPLY, standing=CLOSED, text="We are\n\non it.")
        assert VENUE.objection(account, late) is None
        VENUE.send(account, late)
        said = place.taken[-1]["said"]
        assert said["type"] == "template"
        assert said["template"]["name"] == "late_answer"
        assert said["template"]["language"] == {"code": "nl"}
        assert said["template"]["components"][0]["parameters"] == [{"type": "text", "text": "We are on it."}]
        with no_sockets(), pytest.raises(Refused, match="900 characters"):
            VENUE.send(account, replace(late, text="x" * 901))


def test_template_takes_away_no_other_rule() -> None:
    account = replace(ACCOUNT, settings={**ACCOUNT.settings, "template": "late_answer"})
    stopped = replace(REPLY, standing=replace(CLOSED, stopped=True))
    refused = VENUE.objection(account, stopped)
    assert refused
    assert refused.code == "stopped"


def test_without_a_template_a_late_reply_is_refused_in_words_that_name_the_way_out() -> None:
    with no_sockets(), pytest.raises(Refused, match="template") as refusal:
        VENUE.send(ACCOUNT, replace(REPLY, standing=CLOSED))
    assert refusal.value.code == "window_closed"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (190, AuthLost),
        (4, Retry),
        (80007, Retry),
        (130429, Retry),
        (131056, Retry),
        (131047, Refused),
        (131026, Refused),
    ],
)
def test_meta_codes_are_the_four_errors_whatever_the_status(code: int, error: type[SendError]) -> None:
    with connected() as (place, account):
        place.next_error = code
        with pytest.raises(error) as found:
            VENUE.send(account, REPLY)
        assert not isinstance(found.value, Refused) or str(code) not in found.value.human


def test_file_that_says_it_is_too_large_is_not_fetched() -> None:
    with connected() as (place, account):
        with pytest.raises(Refused, match="16 MB"):
            list(VENUE.media(account, place.file(4_000_000_000)))
        assert not [call for call in place.calls if call.path.startswith("/files/")]


@pytest.mark.parametrize("challenge", ["<script>alert(1)</script>", "", "a b"])
def test_handshake_gives_back_no_markup(challenge: str) -> None:
    assert isinstance(VENUE.verify(ACCOUNT, handshake(challenge=challenge)), Rejected)


def test_handshake_answers_the_challenge_to_whoever_knows_the_verify_token() -> None:
    known, guessed = VENUE.verify(ACCOUNT, handshake()), VENUE.verify(ACCOUNT, handshake(token="guessed"))
    assert isinstance(known, Answered)
    assert (known.reply.body, known.reply.content_type) == (b"1158201444", "text/plain")
    assert isinstance(guessed, Rejected)
    assert isinstance(VENUE.verify(replace(ACCOUNT, secrets={}), handshake(token="")), Rejected)


def test_check_says_when_no_app_gets_the_messages() -> None:
    with connected() as (place, account):
        assert VENUE.check(account).self_ids == (NUMBER, "972123456789")
        place.apps = []
        assert "Subscribe your app" in VENUE.check(account).problems[0]


def test_what_cannot_be_a_number_or_a_template_is_said_at_its_field() -> None:
    wrong = {"phone_number_id": "+31 20 1234567", "template": "Late answer", "template_language": "english"}
    assert set(VENUE.objections(Account("", settings=wrong))) == set(wrong)
    assert VENUE.objections(ACCOUNT) == {}


@pytest.mark.usefixtures("files_here")
def test_single_picture_takes_the_words_as_its_caption() -> None:
    with connected() as (place, account):
        receipt = VENUE.send(account, replace(REPLY, attachments=(a_file("wheel.jpg", "image/jpeg"),)))
        (taken,) = place.taken
        assert taken["said"]["image"] == {"id": "media1", "caption": REPLY.text}
        assert taken["said"]["context"] == {"message_id": "wamid.q1"}
        assert receipt.external_ids == (taken["id"],)
        (form,) = place.files
        assert (form["messaging_product"], form["type"], form["filename"]) == (b"whatsapp", b"image/jpeg", b"wheel.jpg")
        assert form["file"] == b"what is in wheel.jpg"


@pytest.mark.usefixtures("files_here")
def test_several_files_are_messages_of_their_own_after_the_words() -> None:
    files = (a_file("a.pdf", "application/pdf"), a_file("b.mp3", "audio/mpeg"), a_file('c".png', "image/png"))
    with connected() as (place, account):
        receipt = VENUE.send(account, replace(REPLY, attachments=files))
        assert [each["said"]["type"] for each in place.taken] == ["text", "document", "audio", "image"]
        assert place.taken[1]["said"]["document"] == {"id": "media1", "filename": "a.pdf"}
        assert place.files[2]["filename"] == b"c_.png"
        assert len(receipt.external_ids) == 4
        assert {each["ref"] for each in place.taken} == {str(REPLY.id)}


@pytest.mark.usefixtures("files_here")
def test_what_fails_after_a_part_is_out_is_in_doubt_and_before_that_it_is_not() -> None:
    files = (a_file("a.pdf", "application/pdf"), a_file("b.pdf", "application/pdf"))
    with connected() as (place, account):
        place.fails_at = 1
        with pytest.raises(Ambiguous, match="1 of 3"):
            VENUE.send(account, replace(REPLY, attachments=files))
        place.fail("drop_reply")
        with pytest.raises(Retry):
            VENUE.send(account, replace(REPLY, attachments=files))


@pytest.mark.usefixtures("files_here")
def test_template_takes_no_files() -> None:
    account = replace(ACCOUNT, settings={**ACCOUNT.settings, "template": "late_answer"})
    late = replace(REPLY, standing=CLOSED, attachments=(a_file("a.pdf", "application/pdf"),))
    with no_sockets(), pytest.raises(Refused, match="no files"):
        VENUE.send(account, late)
