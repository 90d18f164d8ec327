"""The App Store against a stand-in that is written after its documentation, and that checks every signature."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hark.channels.appstore import AppStore
from hark.channels.errors import AuthLost
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Inbound, Outbound, Raw, Request, Standing, Target
from hark.kernel.time import now
from tests.channels.accounts import a_call

SAMPLES = Path(__file__).parents[1] / "samples" / "appstore"
APP, ISSUER, KEY_ID = "682658836", "57246542-96fe-1a63-e053-0824d011072a", "2X9R4HXF34"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
PEM = PRIVATE.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def a_review(number: str, text: str = "", at: datetime = MOMENT, rating: int = 3, title: str = "") -> dict[str, Any]:
    """A review as Apple lists it."""
    said = {"rating": rating, "title": title, "body": text, "reviewerNickname": "maud_t", "territory": "BEL"}
    return {"type": "customerReviews", "id": number, "attributes": {**said, "createdDate": at.isoformat()}}


class Connect(HttpCounterpart):
    """The reviews of one app."""

    def __init__(self, account: Account) -> None:
        """`account`: who is connected."""
        super().__init__(account)
        self.reviews: list[dict[str, Any]] = []
        self.replies: dict[str, dict[str, Any]] = {}
        self.made = 0

    def answer(self, call: Call) -> Answer:
        """One call of version 1."""
        if not self.is_signed(call):
            return Answer(401, {"errors": [{"status": "401", "code": "NOT_AUTHORIZED"}]})
        path = call.path.removeprefix("/v1/").split("/")
        if path == ["apps", APP, "customerReviews"]:
            return self.listed(call)
        if call.method == "POST":
            return self.replied(call.json()["data"])
        if call.method == "DELETE":
            return self.deleted(path[1])
        if path[-1] == "response":
            reply = self.replies.get(path[1])
            return Answer(200, {"data": reply}) if reply else self.nothing()
        found = [one for one in self.reviews if one["id"] == path[1]]
        return Answer(200, {"data": found[0]}) if found else self.nothing()

    def is_signed(self, call: Call) -> bool:
        """As Apple asks for it, with our key, for twenty minutes at most."""
        given = call.headers["authorization"].removeprefix("Bearer ")
        said = jwt.decode(given, PRIVATE.public_key(), ["ES256"], audience="appstoreconnect-v1")
        assert jwt.get_unverified_header(given)["kid"] == KEY_ID
        assert said["exp"] - said["iat"] <= 1200
        return bool(said["iss"] == ISSUER)

    def nothing(self) -> Answer:
        """Not found, in Apple's words."""
        return Answer(404, {"errors": [{"status": "404", "code": "NOT_FOUND", "title": "There is no resource"}]})

    def failure(self, how: str) -> Answer:
        """A fault in Apple's words."""
        return replace(super().failure(how), body={"errors": [{"code": how, "detail": "This request is forbidden."}]})

    def listed(self, call: Call) -> Answer:
        """Newest first, with the responses."""
        assert (call.query["sort"], call.query["include"]) == ("-createdDate", "response")
        newest = sorted(self.reviews, key=lambda one: str(one["attributes"]["createdDate"]), reverse=True)
        start, size = int(call.query.get("cursor", "0")), int(call.query["limit"])
        page = newest[start : start + size]
        links = {"next": f"https://elsewhere.example/v1/x?cursor={start + size}"} if start + size < len(newest) else {}
        included = [self.replies[one["id"]] for one in page if one["id"] in self.replies]
        return Answer(200, {"data": [self.whole(one) for one in page], "included": included, "links": links})

    def whole(self, review: dict[str, Any]) -> dict[str, Any]:
        """A review that names our answer."""
        reply = self.replies.get(review["id"])
        related = {"data": {"type": reply["type"], "id": reply["id"]}} if reply else {"links": {}}
        return {**review, "relationships": {"response": related}}

    def replied(self, data: dict[str, Any]) -> Answer:
        """It overwrites; every answer has an id of its own."""
        self.made += 1
        said = {"responseBody": data["attributes"]["responseBody"], "state": "PENDING_PUBLISH"}
        said["lastModifiedDate"] = MOMENT.isoformat()
        reply = {"type": data["type"], "id": f"77-{self.made}", "attributes": said}
        self.replies[data["relationships"]["review"]["data"]["id"]] = reply
        return Answer(201, {"data": reply})

    def deleted(self, number: str) -> Answer:
        """An answer, by its own id."""
        there = [review for review, reply in self.replies.items() if reply["id"] == number]
        for review in there:
            del self.replies[review]
        return Answer(204) if there else self.nothing()

    def received(self) -> list[dict[str, Any]]:
        """The answers that stand there."""
        return [{"text": one["attributes"]["responseBody"]} for one in self.replies.values()]

    def offer(self, count: int) -> list[str]:
        """New reviews."""
        start = now() - timedelta(minutes=count)
        made = [a_review(f"r{n}", f"news {n}", start + timedelta(seconds=n)) for n in range(count)]
        self.reviews += made
        return [one["id"] for one in made]

    def echo(self) -> Raw:
        """Our answer as the list shows it."""
        number, reply = list(self.replies.items())[-1]
        quiet = {**reply, "attributes": {**reply["attributes"], "state": ""}}
        body = {"data": [self.whole(a_review(number, "hello"))], "included": [quiet]}
        return Raw(json.dumps(body).encode(), {"part": "reply"})

    def published(self, external_id: str) -> str | None:
        """What our answer says there now."""
        reply = self.replies.get(external_id.removesuffix("/response"))
        return reply["attributes"]["responseBody"] if reply else None


class TestAppStore(ChannelConformance):
    venue = AppStore()
    samples = SAMPLES
    seen = "public"
    permission_ends = False  # a key has a role and no end
    echo_carries_ref = False
    target = Target("r1", "r1", "", "", "r1")

    def account(self) -> Account:
        settings = {"app": APP, "issuer": ISSUER, "key_id": KEY_ID, "read_back_days": 30}
        return Account("chan_apple", APP, settings, {"key": PEM}, frozenset({APP}))

    def genuine(self, body: bytes) -> Request:
        """Apple makes no calls that Hark takes."""
        return a_call(body, {})

    def says(self, text: str, visibility: Visibility = "public", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        return Raw(json.dumps({"data": [a_review(thread, text, at)]}).encode(), {}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        reviews = [a_review(f"b{number}", f"line {number}") for number in range(count)]
        return Raw(json.dumps({"data": reviews}).encode()), [one["id"] for one in reviews]

    def forbidden(self) -> Outbound:
        return self.reply(standing=Standing(replies=1))

    @contextmanager
    def counterpart(self) -> Iterator[Connect]:
        with Connect(self.account()) as place:
            yield place


@pytest.fixture
def connect() -> Iterator[Connect]:
    with Connect(TestAppStore().account()) as place:
        yield place


def polled(connect: Connect, cursor: str) -> tuple[list[Inbound], str]:
    """The events of one reading, and the cursor behind it."""
    page = AppStore().poll(connect.account, cursor)
    return [one for raw in page.raws for one in AppStore().parse(connect.account, raw)], page.next_cursor


def test_changed_review_is_an_edit_and_one_that_is_gone_a_deletion(connect: Connect) -> None:
    connect.reviews = [a_review(f"r{n}", "Bad.", now() - timedelta(hours=n)) for n in range(5)]
    _, cursor = polled(connect, "")
    connect.reviews[1] = a_review("r1", "Better.", now(), 4)
    del connect.reviews[2]
    events, cursor = polled(connect, cursor)
    assert [(one.kind, one.external_id, one.text, one.rating) for one in events] == [
        ("edit", "r1", "Better.", 4), ("delete", "r2", None, None)
    ]  # fmt: skip
    assert polled(connect, cursor) == ([], cursor)


def test_answer_given_at_apple_comes_in_and_is_told_when_it_is_published(connect: Connect) -> None:
    connect.reviews = [a_review("r1", "Bad.", now())]
    _, cursor = polled(connect, "")
    AppStore().send(connect.account, TestAppStore().reply("Sorry."))
    events, cursor = polled(connect, cursor)
    assert [(one.kind, one.external_id, one.state) for one in events] == [
        ("echo", "r1/response", None), ("receipt", "r1/response/pending_publish", "accepted")
    ]  # fmt: skip
    connect.replies["r1"]["attributes"]["state"] = "PUBLISHED"
    events, cursor = polled(connect, cursor)
    assert [(one.kind, one.state) for one in events] == [("edit", None), ("receipt", "delivered")]
    connect.replies.clear()
    assert [(one.kind, one.external_id) for one in polled(connect, cursor)[0]] == [("delete", "r1/response")]


def test_title_is_read_with_the_words_and_the_territory_stands_beside_them() -> None:
    [review, *_] = AppStore().parse(TestAppStore().account(), Raw((SAMPLES / "list.raw").read_bytes()))
    assert review.text == "Cannot open invoices\nSince the update every invoice is a white page. 😤"
    assert review.subject == "App Store, BEL"


def test_key_is_taken_though_a_form_swallowed_its_line_ends(connect: Connect) -> None:
    flat = replace(connect.account, secrets={"key": PEM.replace("\n", "")})
    assert AppStore().check(flat).problems == ()
    assert AppStore().objections(flat) == {}


def test_key_that_is_none_is_said_before_the_network_and_never_quoted(connect: Connect) -> None:
    for bad in ("", "plum", PEM.replace("PRIVATE", "PUBLIC"), PEM[:60]):
        account = replace(connect.account, secrets={"key": bad})
        assert "key" in AppStore().objections(account)
        with pytest.raises(AuthLost) as lost:
            AppStore().send(account, TestAppStore().reply())
        assert "p8" in lost.value.detail
        assert not bad or bad not in lost.value.message
    assert connect.calls == []


def test_settings_ask_for_app_and_key() -> None:
    wrong = Account("c", "", {"app": "Plum", "issuer": "me", "key_id": "k"})
    assert set(AppStore().objections(wrong)) == {"app", "issuer", "key_id", "key"}
