"""A card's number is gone before the first commit: out of the raw arrival, the message, notes, replies and drafts."""

import base64
import json
import time
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from hark.channels.accounts import account_of
from hark.channels.form.stamps import new_stamp
from hark.channels.kit.cards import without_cards_in, without_cards_in_mail
from hark.channels.testing.postman import signed
from hark.conversations.actions.drafts import keep_draft
from hark.conversations.actions.notes import add_note
from hark.conversations.models import Draft, Message
from hark.conversations.types import Author
from hark.intake.models import Arrival
from hark.kernel.time import now
from hark.organisation.actions.channels import connect_channel
from hark.organisation.actions.people import change_brand
from hark.organisation.types import NewBrand
from tests.intake.running import RunningFront, running_front
from tests.portal.makers import Plum, a_visitor, answer, make_plum, read_everything

CARD = "4111 1111 1111 1111"
KEPT = "•••• 1111"
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def front(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[RunningFront]:
    """One front door for the file."""
    with django_db_blocker.unblock(), running_front() as running:
        yield running


@pytest.fixture
def town(front: RunningFront, transactional_db: None) -> Plum:
    """Plum, known to the front door."""
    made = make_plum()
    front.knows(made.chat)
    front.knows(made.form)
    return made


def chat(front: RunningFront, town: Plum, body: bytes) -> None:
    """A visitor's line, as these bytes."""
    token, _ = a_visitor(town.chat)
    assert front.post(town.chat, body, {"authorization": f"Bearer {token}"}) == 200


def line(text: str) -> bytes:
    """A line of the chat."""
    return json.dumps({"id": str(uuid4()), "text": text}, ensure_ascii=False).encode()


def stored() -> str:
    """Everything that is kept of the only arrival, and of its message."""
    read_everything()
    arrival, message = Arrival.objects.get(), Message.objects.get()
    body = bytes(arrival.body).decode()
    said = json.loads(body)["text"] if body.startswith("{") else body
    return f"{said} {body} {arrival.headers} {message.text}"


def holds_card(text: str) -> bool:
    """Do the digits stand there, in whatever clothes?"""
    digits = "".join(str(unicodedata.digit(each)) for each in text if each.isdigit())
    return "41111111" in digits


@pytest.mark.parametrize(
    "body",
    [
        line(f"my card is {CARD}, thanks"),
        line("my card is 4111\u00a01111-1111.1111"),
        line("４１１１１１１１１１１１１１１１"),
        line("").replace(b'""', b'"\\u0034' + b"\\u0031" * 15 + b'"'),
        json.dumps({"id": str(uuid4()), "text": "\u0664\u0661\u0661\u0661" + "\u0661" * 12}).encode(),
    ],
    ids=["plain", "separators", "full width", "escaped digits", "Arabic digits, escaped"],
)
@pytest.mark.django_db(transaction=True)
def test_chat_line_is_stored_without_it(front: RunningFront, town: Plum, body: bytes) -> None:
    chat(front, town, body)
    kept = stored()
    assert not holds_card(kept)
    assert KEPT in kept


@pytest.mark.django_db(transaction=True)
def test_form_is_stored_without_it_and_goes_through_all_the_same(front: RunningFront, town: Plum) -> None:
    stamp = new_stamp(account_of(town.form), at=now() - timedelta(seconds=60)).text
    body = urlencode({"hark_stamp": stamp, "name": "Maud", "message": f"Charge\u00a0{CARD} please & thanks"}).encode()
    assert front.post(town.form, body, URLENCODED) == 303
    kept = stored()
    assert not holds_card(kept)
    assert f"Charge\u00a0{KEPT} please & thanks" in kept


@pytest.mark.django_db(transaction=True)
def test_webhook_is_judged_as_it_came_stored_without_it_and_keeps_its_ids(front: RunningFront, town: Plum) -> None:
    square = connect_channel(
        actor="test", venue="simulated", external_id="plum", name="Square", inbox=town.inbox, settings={},
        secrets={"webhook": "w" * 40},
    )  # fmt: skip
    front.knows(square)
    number = "4111111111111111"  # a venue's id may look like this
    event = {
        "type": "direct", "id": number, "thread": "5555555555554444", "author": {"id": "u"}, "text": f"Card {CARD}",
        "at": now().isoformat(),
    }  # fmt: skip
    body = json.dumps({"events": [event]}).encode()
    assert front.post(square, body, signed("w" * 40, body, "d1", int(now().timestamp()))) == 200
    assert front.post(square, body, signed("w" * 40, body, "d1", int(now().timestamp()))) == 200
    read_everything()
    assert Message.objects.get().external_id == number
    assert Message.objects.get().text == f"Card {KEPT}"
    assert CARD not in str(bytes(Arrival.objects.get().body))


@pytest.mark.django_db(transaction=True)
def test_brands_own_numbers_stay(front: RunningFront, town: Plum) -> None:
    brand = town.inbox.brand
    change_brand(key=brand.key, brand=NewBrand(name=brand.name, own_numbers=("P-################",)))
    front.knows(town.chat)
    chat(front, town, line(f"parcel P-4111111111111111, card {CARD}"))
    kept = stored()
    assert "P-4111111111111111" in kept
    assert CARD not in kept


@pytest.mark.django_db(transaction=True)
def test_what_the_front_door_cannot_see_stops_before_the_message(front: RunningFront, town: Plum) -> None:
    stamp = new_stamp(account_of(town.form), at=now() - timedelta(seconds=60)).text
    text = f"Charge {CARD}".encode("utf-16-le")
    body = f"hark_stamp={stamp}&_charset_=utf-16-le&message=".encode() + b"".join(b"%%%02X" % each for each in text)
    front.post(town.form, body, URLENCODED)
    read_everything()
    assert not holds_card("".join(Message.objects.values_list("text", flat=True)))


@pytest.mark.django_db(transaction=True)
def test_note_reply_and_draft_are_stored_without_it_and_agents_see_that_something_is_gone(
    front: RunningFront, town: Plum
) -> None:
    token, thread = a_visitor(town.chat)
    front.post(town.chat, line(f"Here: {CARD}"), {"authorization": f"Bearer {token}"})
    read_everything()
    case = Message.objects.get().conversation.case
    assert case
    author = Author(town.tessa.pk, town.tessa.key, town.tessa.name)
    note = add_note(case_id=case.pk, text=f"She gave {CARD}", author=author, idempotency_key=uuid4())
    assert note.text == f"She gave {KEPT}"
    keep_draft(case_id=case.pk, kind="reply", text=f"Is it {CARD}", author=author)
    assert Draft.objects.get().text == f"Is it {KEPT}"
    assert answer(town.tessa, town.chat, thread, f"Is it {CARD}?").text == f"Is it {KEPT}?"
    client = Client()
    client.force_login(town.tessa, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = " ".join(client.get(f"/case/{case.key}/").content.decode().split())
    assert page.count("A card number was removed") == 3
    assert CARD not in page


MAIL = """From: maud@example.org\r
Subject: my card {card}\r
Message-ID: <5555555555554444@mail.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary="--=4111111111111111"\r
\r
----=4111111111111111\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: {how}\r
\r
{text}\r
----=4111111111111111\r
Content-Type: application/pdf\r
Content-Transfer-Encoding: base64\r
\r
{file}\r
----=4111111111111111--\r
"""


@pytest.mark.parametrize("how", ["7bit", "quoted-printable", "base64"])
def test_raw_mail_is_cleaned_without_a_parser_and_its_frame_stays(how: str) -> None:
    text = f"Please charge {CARD}\r\n-- \r\nMaud, card 5555-5555-5555-4444"
    file = base64.b64encode(f"not text {CARD}".encode()).decode()
    body = base64.b64encode(text.encode()).decode() if how == "base64" else text
    raw = MAIL.format(card=CARD, how=how, text=body, file=file).encode()
    clean = without_cards_in_mail(raw)
    head, _, rest = clean.partition(b"\r\n\r\n")
    assert b"Subject: my card **** 1111" in head
    assert b"<5555555555554444@mail.example>" in head
    assert rest.count(b"----=4111111111111111") == 3
    assert file.encode() in clean
    shown = base64.b64decode(rest.split(b"\r\n\r\n")[1].split(b"----=")[0]) if how == "base64" else clean
    assert b"charge **** 1111" in shown
    assert b"card **** 4444" in shown


def test_form_with_files_is_cleaned_and_its_files_stay() -> None:
    file = f"%PDF {CARD}".encode()
    said, named = 'form-data; name="body-plain"', 'form-data; name="a"; filename="a.txt"'
    parts = [(said, f"Charge {CARD}"), (f"{named}\r\nContent-Type: text/plain", file.decode())]
    body = (
        "".join(f"--b1\r\nContent-Disposition: {head}\r\n\r\n{text}\r\n" for head, text in parts).encode()
        + b"--b1--\r\n"
    )
    clean = without_cards_in(body, "multipart/form-data; boundary=b1")
    assert clean == body.replace(f"Charge {CARD}".encode(), f"Charge {KEPT}".encode())
    assert without_cards_in(file, "application/pdf") == file


def test_body_without_a_card_stays_byte_for_byte() -> None:
    for body in (b'{"text" : "a \\u00e9 1.50",  "id":1.0}', b"\xff\xfe4111", b"a=%41&b=+", b"", b"{", b"[" * 100_000):
        for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain", "message/rfc822", ""):
            assert without_cards_in(body, kind) == body


def test_cleaning_a_large_body_takes_a_moment_only() -> None:
    body = json.dumps({"text": "4111 1111 1111 1112 and so on, " * 30_000}).encode()
    begun = time.process_time()
    without_cards_in(body, "application/json")
    without_cards_in_mail(b"Subject: x\r\n\r\n" + b"--a\r\n" * 100_000)
    assert time.process_time() - begun < 8
