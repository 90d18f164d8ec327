"""Google Play against a stand-in that is written after its documentation."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest

from hark.channels.errors import Refused
from hark.channels.kit.oauth import ACCESS
from hark.channels.play import Play
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Change, Inbound, Outbound, Raw, Request, Standing, Target
from hark.kernel.time import now
from tests.channels.accounts import a_call

SAMPLES = Path(__file__).parents[1] / "samples" / "play"
PACKAGE = "example.plum.app"
SECRETS = {ACCESS: "ya29.a-token-of-the-suite", "oauth_secret": "a-client-secret"}


def a_review(number: str, text: str = "", at: datetime = MOMENT, stars: int = 3) -> dict[str, Any]:
    """A review as Play lists it."""
    stamp = {"seconds": str(int(at.timestamp()))}
    said = {"text": text, "lastModified": stamp, "starRating": stars}
    return {"reviewId": number, "authorName": "Maud", "comments": [{"userComment": said}]}


class Store(HttpCounterpart):
    """The reviews of one app in the last week."""

    def __init__(self, account: Account) -> None:
        """`account`: who is connected."""
        super().__init__(account)
        self.reviews: list[dict[str, Any]] = []
        self.replies: dict[str, dict[str, Any]] = {}

    def answer(self, call: Call) -> Answer:
        """`reviews.list` or `reviews.reply`."""
        home = f"/androidpublisher/v3/applications/{PACKAGE}/reviews"
        if call.path == home:
            return self.listed(call)
        assert call.method == "POST"
        number = unquote(call.path.removeprefix(home + "/").removesuffix(":reply"))
        text = call.json()["replyText"]
        if len(text) > 350:
            return Answer(400, {"error": {"code": 400, "message": "Reply text too long."}})
        self.replies[number] = {"text": text, "lastModified": {"seconds": str(int(MOMENT.timestamp()))}}
        return Answer(200, {"result": {"replyText": text}})

    def listed(self, call: Call) -> Answer:
        """Those changed last first, of the last week."""
        newest = sorted(self.reviews, key=lambda one: -self.at(one))
        start, size = int(call.query.get("token", "0")), int(call.query["maxResults"])
        more = {"tokenPagination": {"nextPageToken": str(start + size)}} if start + size < len(newest) else {}
        page = [self.whole(one) for one in newest[start : start + size]]
        return Answer(200, {**({"reviews": page} if page else {}), **more})

    def at(self, review: dict[str, Any]) -> int:
        """When it was last changed."""
        return int(review["comments"][0]["userComment"]["lastModified"]["seconds"])

    def whole(self, review: dict[str, Any]) -> dict[str, Any]:
        """A review with our answer."""
        reply = self.replies.get(review["reviewId"])
        return {**review, "comments": [*review["comments"], *([{"developerComment": reply}] if reply else [])]}

    def received(self) -> list[dict[str, Any]]:
        """The answers that stand there."""
        return [{"text": one["text"]} for one in self.replies.values()]

    def offer(self, count: int) -> list[str]:
        """New reviews."""
        start = now() - timedelta(minutes=count)
        made = [a_review(f"gp:{n}", f"news {n}", start + timedelta(seconds=n)) for n in range(count)]
        self.reviews += made
        return [one["reviewId"] for one in made]

    def echo(self) -> Raw:
        """Our answer as the list shows it."""
        number = list(self.replies)[-1]
        return Raw(json.dumps({"reviews": [self.whole(a_review(number, "hello"))]}).encode(), {"part": "reply"})

    def published(self, external_id: str) -> str | None:
        """What our answer says there now."""
        return str(self.replies[external_id.removesuffix("/reply")]["text"])


class TestPlay(ChannelConformance):
    venue = Play()
    samples = SAMPLES
    seen = "public"
    permission_ends = False  # the core keeps the sign-in, and knows its scopes and its end
    echo_carries_ref = False
    target = Target("gp:r1", "gp:r1", "", "", "gp:r1")

    def account(self) -> Account:
        settings = {"package": PACKAGE, "oauth_client": "plum", "read_back_days": 7}
        return Account("chan_play", PACKAGE, settings, SECRETS, frozenset({PACKAGE}))

    def genuine(self, body: bytes) -> Request:
        """Play makes no calls."""
        return a_call(body, {})

    def says(self, text: str, visibility: Visibility = "public", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        return Raw(json.dumps({"reviews": [a_review(thread, text, at)]}).encode(), {}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        reviews = [a_review(f"b{number}", f"line {number}") for number in range(count)]
        return Raw(json.dumps({"reviews": reviews}).encode()), [one["reviewId"] for one in reviews]

    def forbidden(self) -> Outbound:
        return self.reply(standing=Standing(replies=1))

    @contextmanager
    def counterpart(self) -> Iterator[Store]:
        with Store(self.account()) as place:
            yield place


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(TestPlay().account()) as place:
        yield place


def polled(store: Store, cursor: str) -> tuple[list[Inbound], str]:
    """The events of one reading, and the cursor behind it."""
    page = Play().poll(store.account, cursor)
    return [one for raw in page.raws for one in Play().parse(store.account, raw)], page.next_cursor


def test_changed_review_is_an_edit_with_its_new_stars(store: Store) -> None:
    store.reviews = [a_review("gp:1", "Bad.", now()), a_review("gp:2", "Good.", now())]
    _, cursor = polled(store, "")
    store.reviews[0] = a_review("gp:1", "Better.", now() + timedelta(seconds=9), 4)
    events, cursor = polled(store, cursor)
    assert [(one.kind, one.external_id, one.text, one.rating) for one in events] == [("edit", "gp:1", "Better.", 4)]
    assert polled(store, cursor) == ([], cursor)


def test_review_that_grows_older_than_a_week_is_not_gone(store: Store) -> None:
    store.reviews = [a_review(f"gp:{n}", at=now() - timedelta(hours=n)) for n in range(4)]
    _, cursor = polled(store, "")
    store.reviews = store.reviews[:2]
    assert polled(store, cursor)[0] == []


def test_answer_given_in_the_console_comes_in(store: Store) -> None:
    store.reviews = [a_review("gp:1", "Bad.", now())]
    _, cursor = polled(store, "")
    store.replies["gp:1"] = {"text": "Sorry.", "lastModified": {"seconds": "1791804153"}}
    events, cursor = polled(store, cursor)
    assert [(one.kind, one.external_id, one.text) for one in events] == [("echo", "gp:1/reply", "Sorry.")]
    store.replies["gp:1"]["text"] = "Sorry, Maud."
    events, _ = polled(store, cursor)
    assert [(one.kind, one.text, one.author) for one in events] == [("edit", "Sorry, Maud.", None)]


def test_version_and_device_stand_beside_the_words_and_not_among_them() -> None:
    [crash, *_] = Play().parse(TestPlay().account(), Raw((SAMPLES / "list.raw").read_bytes()))
    assert crash.subject == "version 7.2.1 · Google Pixel 9 · SDK 36"
    assert crash.text == "Crashes since Monday\nThe app closes when I open an invoice. 😡"
    assert crash.permalink == "https://play.google.com/store/apps/details?id=example.plum.app&reviewId=gp%3AAOqpTOE1"


def test_answer_is_taken_away_in_the_console_only(store: Store) -> None:
    change = Change(UUID(int=2), UUID(int=1), ("gp:r1/reply",), TestPlay.target, "public", gone=True)
    with pytest.raises(Refused, match="Console"):
        Play().change(store.account, change)


def test_settings_ask_for_a_package() -> None:
    assert "package" in Play().objections(Account("c", "", {"package": "Plum"}))
    assert Play().objections(TestPlay().account()) == {}
