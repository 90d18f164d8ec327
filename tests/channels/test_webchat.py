"""Web chat: tokens, the site's word, what is taken and what it becomes."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hark.channels.errors import Refused
from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.types import Accepted, Outbound, Raw, Rejected, Target
from hark.channels.webchat import WebChat, mint, visitor_of
from hark.channels.webchat.identity import NotProved, SitePerson, site_person
from hark.channels.webchat.tokens import LIFE
from tests.channels.accounts import CHAT, IDENTITY, SECRET, a_call, a_token, bearer, without_secrets

VENUE = WebChat()
LINE = {"id": "0b5c1f7e-6d1a-4c57-9a31-0d8f6f2b7c01", "text": "Hello"}
NOW = int(MOMENT.timestamp())
CLAIMS = {
    "aud": CHAT.key,
    "iat": NOW,
    "exp": NOW + 600,
    "sub": "customer-4711",
    "name": "Maud",
    "email": "maud@example.org",
}


def verdict(said: object, token: str | None = None) -> object:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return VENUE.verify(CHAT, a_call(body, bearer(token or a_token())))


def status(verdict: object) -> int:
    assert isinstance(verdict, Rejected)
    return verdict.reply.status


def word(**changes: object) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode(claims, IDENTITY, algorithm="HS256")


def test_two_visitors_get_different_tokens_and_ids() -> None:
    made = [mint(CHAT, at=MOMENT) for _ in range(200)]
    assert len({token for token, _ in made}) == len({visitor.id for _, visitor in made}) == 200


def test_token_stands_for_its_visitor_until_it_is_over() -> None:
    token, visitor = mint(CHAT, at=MOMENT)
    assert visitor_of(CHAT, token, at=MOMENT) == visitor
    assert visitor_of(CHAT, token, at=MOMENT + LIFE - timedelta(seconds=2)) == visitor
    assert visitor_of(CHAT, token, at=MOMENT + LIFE) is None


def test_token_of_another_channel_is_nobody() -> None:
    other = replace(CHAT, key="chan_other")
    assert visitor_of(other, mint(CHAT, at=MOMENT)[0], at=MOMENT) is None
    assert visitor_of(without_secrets(CHAT), a_token(), at=MOMENT) is None


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=120) | st.from_regex(r"[A-Za-z0-9_-]{1,80}\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_guessed_token_is_nobody(token: str) -> None:
    assert visitor_of(CHAT, token, at=MOMENT) is None


def test_a_hundred_thousand_guesses_find_nobody() -> None:
    payload = a_token().partition(".")[0]
    guesses = (
        f"{payload}.{base64.urlsafe_b64encode(number.to_bytes(32)).decode().rstrip('=')}" for number in range(100_000)
    )
    assert [guess for guess in guesses if visitor_of(CHAT, guess, at=MOMENT)] == []


def test_other_spelling_of_a_token_is_nobody() -> None:
    token = a_token()
    assert [extra for extra in ("=", "==", " ", "\n", ".") if visitor_of(CHAT, token + extra, at=MOMENT)] == []


def test_proved_person_has_one_id_wherever_he_signs_in_and_only_as_long_as_the_site_says() -> None:
    person = site_person(CHAT, word(), at=MOMENT)
    (one, visitor), (two, again) = mint(CHAT, at=MOMENT, person=person), mint(CHAT, at=MOMENT, person=person)
    assert visitor.id == again.id != mint(CHAT, at=MOMENT, person=replace(person, key="another"))[1].id
    known = visitor_of(CHAT, one, at=MOMENT)
    assert known is not None
    assert known.person == SitePerson("customer-4711", "Maud", "maud@example.org", person.until)
    assert visitor_of(CHAT, two, at=person.until) is None


def unsigned(header: dict[str, str]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, CLAIMS)]
    return ".".join([*parts, ""])


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "x" * 9_000,
        unsigned({"alg": "none", "typ": "JWT"}),
        unsigned({"alg": "HS256", "typ": "JWT"}),
        jwt.encode(CLAIMS, IDENTITY, algorithm="HS512"),
        jwt.encode(CLAIMS, SECRET, algorithm="HS256"),
        jwt.encode(CLAIMS, IDENTITY + "x", algorithm="HS256", headers={"kid": "../../../dev/null"}),
        word(aud="chan_other"),
        word(aud=None),
        word(sub=None),
        word(sub=""),
        word(exp=None),
        word(iat=None),
        word(exp=NOW),
        word(exp=NOW - 1, iat=NOW - 600),
        word(exp=NOW + 3_601),
        word(iat=NOW + 300, exp=NOW + 600),
        word(exp="tomorrow"),
        word(iat=NOW, exp=1e300),
        word(exp=True),
    ],
)
def test_word_of_the_site_that_does_not_hold_proves_nobody(token: str) -> None:
    with pytest.raises(NotProved):
        site_person(CHAT, token, at=MOMENT)


def test_channel_without_or_with_a_short_identity_secret_believes_no_site() -> None:
    for secrets in ({}, {"identity": ""}, {"identity": "short"}):
        with pytest.raises(NotProved):
            site_person(replace(CHAT, secrets=secrets), word(), at=MOMENT)


def test_site_s_word_counts_while_its_secret_is_replaced() -> None:
    rotated = replace(CHAT, secrets={"identity": "n" * 40, "identity.previous": IDENTITY})
    assert site_person(rotated, word(), at=MOMENT).key == "customer-4711"


def test_line_is_taken_once_for_its_visitor_and_id() -> None:
    token, visitor = mint(CHAT, at=MOMENT)
    taken = verdict(LINE, token)
    assert isinstance(taken, Accepted)
    assert taken.dedupe_key == f"{visitor.id}:{LINE['id']}"
    assert taken.lane_key == visitor.id
    assert [(limit.burst, limit.per_minute) for limit in taken.limits] == [(30, 30)]
    assert token not in repr(taken), "the token itself is not kept"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (b"not json", 422),
        ({}, 422),
        ([], 422),
        ({"id": "7", "text": "x"}, 422),
        ({"id": LINE["id"]}, 422),
        ({**LINE, "text": " \n"}, 422),
        ({**LINE, "text": "x" * 10_001}, 422),
        ({**LINE, "text": 5}, 200),
        ({**LINE, "edit": "x"}, 422),
        ({**LINE, "edit": LINE["id"], "delete": LINE["id"]}, 422),
        ({**LINE, "id": 7}, 422),
        ({**LINE, "text": "x" * 10_000}, 200),
        (b"x" * 65_537, 413),
        (b'{"id":"a","id":"b"}', 422),
        ({"id": LINE["id"], "delete": LINE["id"]}, 200),
    ],
)
def test_what_is_no_line_is_refused_with_a_reason(said: object, wanted: int) -> None:
    answer = verdict(said)
    if wanted == 200:
        assert isinstance(answer, Accepted)
    else:
        assert status(answer) == wanted
        assert isinstance(answer, Rejected)
        assert json.loads(answer.reply.body)["error"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer x.y"])
def test_nobody_writes_without_a_token(header: str) -> None:
    call = a_call(json.dumps(LINE).encode(), {"authorization": header})
    assert status(VENUE.verify(CHAT, call)) == 401


def test_headers_that_a_caller_sends_himself_name_nobody() -> None:
    call = a_call(
        json.dumps(LINE).encode(), {**bearer(a_token()), "hark-visitor": "v-somebody", "hark-site-person": "{}"}
    )
    taken = VENUE.verify(CHAT, call)
    assert isinstance(taken, Accepted)
    assert taken.headers["hark-visitor"] != "v-somebody"
    assert "hark-site-person" not in taken.headers


def test_typed_address_is_a_claim_and_the_site_s_word_is_proof() -> None:
    said = json.dumps({**LINE, "text": "I am boss@example.org"}).encode()
    typed = VENUE.parse(CHAT, Raw(said, {"hark-visitor": "v-1"}))[0].author
    assert typed is not None
    assert (typed.network, typed.scope, typed.external_id) == ("webchat", CHAT.key, "v-1")
    assert typed.claims == (("email", "boss@example.org"),)
    assert not typed.proved
    token, _ = mint(CHAT, at=MOMENT, person=site_person(CHAT, word(), at=MOMENT))
    taken = VENUE.verify(CHAT, a_call(said, bearer(token)))
    assert isinstance(taken, Accepted)
    proved = VENUE.parse(CHAT, Raw(said, taken.headers))[0].author
    assert proved is not None
    assert (proved.network, proved.scope, proved.external_id) == ("site", CHAT.key, "customer-4711")
    assert proved.proved
    assert proved.claims == (("email", "maud@example.org"), ("email", "boss@example.org"))


def test_edit_reaches_only_one_s_own_lines() -> None:
    said = json.dumps({"id": LINE["id"], "edit": LINE["id"], "text": "changed"}).encode()
    mine, his = (VENUE.parse(CHAT, Raw(said, {"hark-visitor": who}))[0].external_id for who in ("v-me", "v-him"))
    assert mine == f"v-me:{LINE['id']}" != his


def test_receipt_is_made_of_the_reply_s_own_key() -> None:
    reply = Outbound(UUID(int=3), Target(thread="v-1"), "private", "Hello")
    assert VENUE.send(CHAT, reply) == VENUE.send(CHAT, reply)
    assert VENUE.send(CHAT, reply).external_ids == (f"out:{UUID(int=3)}",)
    with pytest.raises(Refused):
        VENUE.send(CHAT, replace(reply, text="x" * 10_001))
