"""The contact form: who gets in, what a refused one sees, what a message is made of."""

from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from hark.channels.form import ContactForm, new_stamp, settings_of, talk_of, talk_token
from hark.channels.form.fields import read_post
from hark.channels.form.venue import BUSY, OLD, QUICK, TRAPPED
from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.types import Accepted, Account, Reply
from tests.channels.accounts import FORM, URLENCODED, a_call, a_post, stored, without_secrets

VENUE = ContactForm()
NASTY = 'It\'s "broken" </textarea><script>alert(1)</script> & I typed a lot of words'
FIELDS = [
    {"name": "name", "label": "Name", "required": True},
    {"name": "email", "label": "E-mail", "type": "email"},
    {"name": "phone", "label": "Phone", "type": "phone"},
    {
        "name": "topic",
        "label": "What is it about?",
        "type": "select",
        "options": ["Invoice", "Network"],
        "required": True,
    },
    {"name": "order", "label": "Order number", "help": "On your invoice"},
    {"name": "message", "label": "Message", "type": "textarea", "required": True},
]
RICH = replace(FORM, settings={"fields": FIELDS, "title": "Ask Plum", "region": "BE", "consent": "We keep it a year."})
FULL = {
    "name": "Maud",
    "email": "Maud@Example.org",
    "phone": "0470 12 34 56",
    "topic": "Invoice",
    "order": "4711",
    "message": "Twice charged",
}


def verdict(body: bytes, account: Account = FORM, headers: dict[str, str] | None = None, seconds: int = 0) -> object:
    call = a_call(body, headers or URLENCODED)
    return VENUE.verify(account, replace(call, received_at=MOMENT + timedelta(seconds=seconds)))


def refused(body: bytes, account: Account = FORM, seconds: int = 0) -> str:
    """The page that a refused post gets."""
    answer = verdict(body, account, seconds=seconds)
    assert not isinstance(answer, Accepted)
    reply: Reply = answer.reply  # type: ignore[attr-defined]
    assert reply.status == 422
    assert reply.content_type == "text/html; charset=utf-8"
    assert "frame-ancestors 'self'" in dict(reply.headers)["Content-Security-Policy"]
    return reply.body.decode()


def hidden(page: str, name: str) -> str:
    return unescape(page.partition(f'name="{name}" value="')[2].partition('"')[0])


def test_good_form_is_taken_and_leads_to_its_private_page() -> None:
    taken = verdict(a_post(message="Hello"))
    assert isinstance(taken, Accepted)
    assert taken.dedupe_key == taken.lane_key == "A" * 22
    assert taken.reply.status == 303
    place = dict(taken.reply.headers)["Location"]
    assert place.startswith(f"/form/{FORM.key}/thanks/")
    assert talk_of(FORM, place.split("/")[4]) == "A" * 22


def test_same_form_twice_is_one_and_other_words_are_never_lost_behind_it() -> None:
    first, again, other = (a_post(message=text) for text in ("Hello", "Hello", "Hello, and one more thing"))
    ids = [VENUE.parse(FORM, stored(body))[0].external_id for body in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert {VENUE.parse(FORM, stored(body))[0].thread_id for body in (first, other)} == {"A" * 22}


@pytest.mark.parametrize(
    ("fields", "seconds", "words"),
    [
        ({"hark_stamp": ""}, 0, OLD),
        ({"hark_stamp": "a.b.c"}, 0, OLD),
        ({}, 24 * 3600, OLD),
        ({}, -59, QUICK),
        ({}, -3600, QUICK),
        ({"hark_website": "https://spam.example"}, 0, TRAPPED),
        ({"hark_talk": "x.y"}, 0, OLD),
    ],
    ids=[
        "no stamp",
        "made-up stamp",
        "a day old",
        "a second old",
        "from the future",
        "hidden field filled",
        "foreign talk",
    ],
)
def test_refused_form_says_why_and_keeps_what_was_typed(fields: dict[str, str], seconds: int, words: str) -> None:
    page = refused(a_post(**{"message": NASTY, "name": "Maud", **fields}), seconds=seconds)
    assert words in unescape(page)
    assert NASTY in unescape(page)
    assert "<script>alert" not in page
    assert ("spam.example" in page) is False, "the trap is empty again"


@pytest.mark.parametrize(("seconds", "fields"), [(24 * 3600, {}), (0, {"hark_stamp": "x"}), (0, {"hark_website": "x"})])
def test_refused_form_can_be_sent_again_from_its_own_page(seconds: int, fields: dict[str, str]) -> None:
    page = refused(a_post(message="Hello", **fields), seconds=seconds)
    again = urlencode({"hark_stamp": hidden(page, "hark_stamp"), "message": "Hello"}).encode()
    assert isinstance(verdict(again, seconds=seconds + 5), Accepted)


def test_field_errors_stand_beside_their_fields() -> None:
    page = refused(a_post(RICH, name="", email="nobody", phone="12", topic="Cake", order="x" * 600, message=""), RICH)
    assert "Ask Plum" in page
    assert page.count('aria-invalid="true"') == 6
    for words in ("fill in this field", "name@example.org", "country code", "one of the list", "at most 500"):
        assert words in page
    assert 'href="#f-topic"' in page


def test_limit_on_an_address_gives_the_page_back_too() -> None:
    taken = verdict(a_post(message=NASTY))
    assert isinstance(taken, Accepted)
    assert [(limit.burst, limit.per_minute) for limit in taken.limits] == [(5, 5), (30, 0.5)]
    assert taken.later is not None
    assert taken.later.status == 429
    page = unescape(taken.later.body.decode())
    assert BUSY in page
    assert NASTY in page


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "multipart/mixed; boundary=x"}, b"--x", 415),
        ({"content-type": "multipart/form-data; boundary=x"}, b"a" * 4_194_305, 413),
        ({"content-type": "text/plain"}, b"a=b", 415),
        ({}, b"a=b", 415),
        (URLENCODED, b"a" * 1_048_577, 413),
    ],
)
def test_other_kinds_of_body_are_refused(headers: dict[str, str], body: bytes, status: int) -> None:
    answer = verdict(body, headers=headers or {"x": "y"})
    assert not isinstance(answer, Accepted)
    assert answer.reply.status == status  # type: ignore[attr-defined]


def test_channel_without_a_secret_takes_nothing() -> None:
    answer = verdict(a_post(message="x"), without_secrets(FORM))
    assert not isinstance(answer, Accepted)


def test_message_is_made_of_all_fields_and_people_are_claims() -> None:
    body = a_post(RICH, **FULL)
    assert isinstance(verdict(body, RICH), Accepted)
    event = VENUE.parse(RICH, stored(body))[0]
    assert event.text == "Twice charged\n\nWhat is it about?: Invoice\nOrder number: 4711"
    assert event.visibility == "private"
    assert event.author is not None
    assert event.author.name == "Maud"
    assert event.author.claims == (("email", "maud@example.org"), ("phone", "+32470123456"))
    assert (event.author.network, event.author.scope, event.author.external_id) == ("form", FORM.key, "A" * 22)
    assert not event.author.proved


def test_number_that_is_none_stays_in_the_text() -> None:
    event = VENUE.parse(RICH, stored(a_post(RICH, phone="ask my mother", message="Call me")))[0]
    assert event.text == "Call me\n\nPhone: ask my mother"
    assert event.author is not None
    assert event.author.claims == ()


def test_writing_on_joins_the_talk_and_leads_back_to_it() -> None:
    talk = talk_token(FORM, "A" * 22)
    body = a_post(nonce="C" * 22, hark_talk=talk, message="And when?")
    taken = verdict(body, RICH)
    assert isinstance(taken, Accepted), "the other required fields are not asked again"
    assert taken.lane_key == "A" * 22
    assert dict(taken.reply.headers)["Location"] == f"/form/{FORM.key}/talk/{talk}/?sent=1"
    event = VENUE.parse(FORM, stored(body))[0]
    assert event.thread_id == "A" * 22
    assert event.author is not None
    assert event.author.external_id == "A" * 22


def test_private_link_cannot_be_made_up() -> None:
    token = talk_token(FORM, "A" * 22)
    assert talk_of(FORM, token) == "A" * 22
    assert talk_of(replace(FORM, key="chan_other"), token) is None
    assert new_stamp(FORM, at=MOMENT, nonce="A" * 22).text.rpartition(".")[2] != token.rpartition(".")[2]
    for wrong in ("", ".", "A" * 22, f"{'A' * 22}.", token[:-1], token + "=", "B" + token[1:], "x" * 500):
        assert talk_of(FORM, wrong) is None


@pytest.mark.parametrize(
    ("body", "content_type", "text", "problem"),
    [
        ("message=Caf%C3%A9+ol%C3%A9", "", "Café olé", ""),
        ("message=Caf%E9", "x; charset=ISO-8859-1", "Café", ""),
        ("message=Caf%E9&_charset_=windows-1252", "", "Café", ""),
        ("message=Caf%E9", "", "Caf\ufffd", "some characters"),
        ("message=Hi", "x; charset=klingon", "Hi", "not known"),
        ("message=Hi", "x; charset=punycode", "Hi", "not known"),
        ("message=Hi", "x; charset=iso-8859-12", "Hi", "some characters"),
        ("message=a%00b", "", "a\ufffdb", "some characters"),
        ("message=%zz%4", "", "%zz%4", ""),
        ("&".join(["x=1"] * 300), "", None, "only the first"),
    ],
)
def test_charsets_are_read_or_replaced_with_a_problem(
    body: str, content_type: str, text: str | None, problem: str
) -> None:
    posted = read_post(body.encode(), content_type)
    assert posted.values.get("message") == text
    assert problem in posted.problem
    assert bool(posted.problem) == bool(problem)


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        "x",
        [{"name": "a"}],
        [{"name": "hark_stamp", "type": "textarea"}],
        [{"name": "Bad Name", "type": "textarea"}],
        [5],
    ],
)
def test_fields_that_cannot_be_used_fall_back_to_the_usual_three(fields: object) -> None:
    settings = settings_of(replace(FORM, settings={"fields": fields}))
    assert [field.name for field in settings.fields] == ["name", "email", "message"]


def test_connection_test_names_what_is_wrong() -> None:
    bad = replace(FORM, settings={"fields": [{"name": "Bad Name"}], "sites": ["shop.example"]}, secrets={})
    assert len(VENUE.check(bad).problems) == 3
    assert VENUE.check(RICH).problems == ()
