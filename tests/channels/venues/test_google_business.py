"""Google Business Profile against a stand-in that is written after its documentation."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hark.channels.errors import AuthLost, Refused, Retry
from hark.channels.google_business import GoogleBusiness
from hark.channels.google_business.reading import original
from hark.channels.kit.oauth import ACCESS
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Change, Inbound, Outbound, Raw, Request, Standing, Target
from hark.kernel.time import now
from tests.channels.accounts import a_call

SAMPLES = Path(__file__).parents[1] / "samples" / "google-business"
PLACE = "accounts/1184/locations/7720"
SECRETS = {ACCESS: "ya29.a-token-of-the-suite", "oauth_secret": "a-client-secret"}


def a_review(number: str, text: str = "", at: datetime = MOMENT, **more: Any) -> dict[str, Any]:
    """A review as Google lists it."""
    stamp = at.isoformat().replace("+00:00", "Z")
    said = {"reviewer": {"displayName": "Maud Terlinden"}, "starRating": "THREE", "comment": text}
    times = {"createTime": stamp, "updateTime": stamp}
    return {"name": f"{PLACE}/reviews/{number}", "reviewId": number, **said, **times, **more}


class Google(HttpCounterpart):
    """Reviews of one place, and the list of an account's places."""

    def __init__(self, account: Account) -> None:
        """`account`: who is connected."""
        super().__init__(account)
        self.reviews: list[dict[str, Any]] = []
        self.replies: dict[str, dict[str, Any]] = {}
        self.places: list[str] = ["locations/7720"]

    def answer(self, call: Call) -> Answer:
        """One call of the v4 API, or of the list of places."""
        if call.path == "/v1/accounts/1184/locations":
            return Answer(200, {"locations": [{"name": name} for name in self.places]})
        if call.path == f"/v4/{PLACE}/reviews":
            return self.listed(call)
        name = call.path.removeprefix("/v4/")
        if name.endswith("/reply"):
            return self.replied(call, name.removesuffix("/reply"))
        found = [self.whole(one) for one in self.reviews if one["name"] == name]
        return Answer(200, found[0]) if found else Answer(404, {"error": {"code": 404, "status": "NOT_FOUND"}})

    def listed(self, call: Call) -> Answer:
        """Those changed last first."""
        assert call.query["orderBy"] == "updateTime desc"
        newest = sorted(self.reviews, key=lambda one: str(one["updateTime"]), reverse=True)
        start, size = int(call.query.get("pageToken", "0")), int(call.query["pageSize"])
        page = {"reviews": [self.whole(one) for one in newest[start : start + size]]} if newest else {}
        return Answer(200, {**page, **({"nextPageToken": str(start + size)} if start + size < len(newest) else {})})

    def replied(self, call: Call, review: str) -> Answer:
        """PUT overwrites, DELETE takes away."""
        if call.method == "DELETE":
            there = self.replies.pop(review, None)
            return Answer(200, {}) if there else Answer(404, {"error": {"code": 404}})
        self.replies[review] = {
            "comment": call.json()["comment"], "updateTime": "2026-10-12T12:00:00Z", "reviewReplyState": "PENDING"
        }  # fmt: skip
        return Answer(200, self.replies[review])

    def whole(self, review: dict[str, Any]) -> dict[str, Any]:
        """A review with our answer."""
        reply = self.replies.get(review["name"])
        return {**review, "reviewReply": reply} if reply else review

    def received(self) -> list[dict[str, Any]]:
        """The answers that stand there."""
        return [
            {"text": one["comment"], "by": "", "client_ref": "", "visibility": "public"}
            for one in self.replies.values()
        ]

    def offer(self, count: int) -> list[str]:
        """New reviews."""
        start, first = now() - timedelta(minutes=count), len(self.reviews)
        made = [a_review(f"r{first + n}", f"news {n}", start + timedelta(seconds=n)) for n in range(count)]
        self.reviews += made
        return [one["name"] for one in made]

    def echo(self) -> Raw:
        """Our answer as the list shows it."""
        name, reply = list(self.replies.items())[-1]
        review = {**a_review(name.rpartition("/")[2], "hello"), "reviewReply": {**reply, "reviewReplyState": ""}}
        return Raw(json.dumps({"reviews": [review]}).encode(), {"part": "reply", "news": "new"})

    def published(self, external_id: str) -> str | None:
        """What our answer says there now."""
        reply = self.replies.get(external_id.removesuffix("/reply"))
        return reply["comment"] if reply else None


class TestGoogleBusiness(ChannelConformance):
    venue = GoogleBusiness()
    samples = SAMPLES
    seen = "public"
    permission_ends = False  # the core keeps the sign-in, and knows its scopes and its end
    echo_carries_ref = False
    target = Target(f"{PLACE}/reviews/r1", f"{PLACE}/reviews/r1", "", "", f"{PLACE}/reviews/r1")

    def account(self) -> Account:
        settings = {"place": PLACE, "oauth_client": "plum", "read_back_days": 30}
        return Account("chan_google", PLACE, settings, SECRETS, frozenset({PLACE}))

    def genuine(self, body: bytes) -> Request:
        """Google makes no calls that Hark takes."""
        return a_call(body, {})

    def says(self, text: str, visibility: Visibility = "public", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        return Raw(json.dumps({"reviews": [a_review(thread, text, at)]}).encode(), {}, "1", at)

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        reviews = [a_review(f"b{number}", f"line {number}") for number in range(count)]
        return Raw(json.dumps({"reviews": reviews}).encode()), [one["name"] for one in reviews]

    def forbidden(self) -> Outbound:
        return self.reply(standing=Standing(replies=1))

    @contextmanager
    def counterpart(self) -> Iterator[Google]:
        with Google(self.account()) as place:
            yield place


def polled(place: Google, cursor: str, account: Account | None = None) -> tuple[list[Inbound], str]:
    """The events of one reading, and the cursor behind it."""
    page = GoogleBusiness().poll(account or place.account, cursor)
    return [one for raw in page.raws for one in GoogleBusiness().parse(place.account, raw)], page.next_cursor


@pytest.fixture
def google() -> Iterator[Google]:
    with Google(TestGoogleBusiness().account()) as place:
        yield place


def test_changed_review_is_an_edit_with_its_new_stars(google: Google) -> None:
    google.reviews = [a_review("r1", "Bad."), a_review("r2", "Good.")]
    _, cursor = polled(google, "")
    google.reviews[0] |= {"comment": "Better.", "starRating": "FOUR", "updateTime": "2026-10-20T08:00:00Z"}
    events, cursor = polled(google, cursor)
    assert [(one.kind, one.external_id, one.text, one.rating) for one in events] == [
        ("edit", f"{PLACE}/reviews/r1", "Better.", 4)
    ]
    assert events[0].sent_at == datetime.fromisoformat("2026-10-20T08:00:00+00:00")
    assert polled(google, cursor) == ([], cursor)


def test_review_that_is_gone_is_a_deletion_and_one_that_only_moved_is_not(google: Google) -> None:
    google.reviews = [a_review(f"r{n}", at=MOMENT + timedelta(hours=n)) for n in range(5)]
    _, cursor = polled(google, "")
    del google.reviews[3]
    events, cursor = polled(google, cursor)
    assert [(one.kind, one.external_id) for one in events] == [("delete", f"{PLACE}/reviews/r3")]
    assert polled(google, cursor) == ([], cursor)


def test_answer_given_at_google_comes_in_and_its_moderation_is_told(google: Google) -> None:
    google.reviews = [a_review("r1", "Bad.")]
    _, cursor = polled(google, "")
    reply = {"comment": "Sorry.", "updateTime": "2026-10-12T12:00:00Z", "reviewReplyState": "PENDING"}
    google.replies[f"{PLACE}/reviews/r1"] = reply
    events, cursor = polled(google, cursor)
    assert [(one.kind, one.external_id, one.state) for one in events] == [
        ("echo", f"{PLACE}/reviews/r1/reply", None),
        ("receipt", f"{PLACE}/reviews/r1/reply/pending", "accepted"),
    ]
    reply["reviewReplyState"] = "REJECTED"
    events, cursor = polled(google, cursor)
    assert [(one.kind, one.state, one.author) for one in events] == [("edit", None, None), ("receipt", "failed", None)]
    google.replies.clear()
    events, _ = polled(google, cursor)
    assert [(one.kind, one.external_id) for one in events] == [("delete", f"{PLACE}/reviews/r1/reply")]


def test_first_reading_gives_no_more_than_was_asked_for_and_says_that_it_is_old(google: Google) -> None:
    google.reviews = [a_review(f"r{n}", at=now() - timedelta(days=n, hours=1)) for n in range(60)]
    google.replies[f"{PLACE}/reviews/r9"] = {"comment": "Late, but thank you.", "updateTime": now().isoformat()}
    account = replace(google.account, settings={**google.account.settings, "read_back_days": 3})
    events, cursor = polled(google, "", account)
    assert [one.external_id for one in events] == [f"{PLACE}/reviews/r{n}" for n in (2, 1, 0)]
    assert all("backfilled" in one.policy for one in events)
    google.reviews.append(a_review("new", "Hello.", now()))
    events, cursor = polled(google, cursor, account)
    assert [(one.text, one.policy) for one in events] == [("Hello.", ())]
    assert polled(google, cursor, account) == ([], cursor)


def test_old_review_that_is_edited_comes_though_it_was_long_forgotten(google: Google) -> None:
    google.reviews = [a_review(f"r{n:03}", at=now() - timedelta(days=n)) for n in range(100)]
    _, cursor = polled(google, "")
    stamp = now().isoformat()
    google.reviews[90] |= {"comment": "Still true.", "updateTime": stamp}
    events, cursor = polled(google, cursor)
    assert [(one.kind, one.external_id) for one in events] == [("edit", f"{PLACE}/reviews/r090")]
    assert polled(google, cursor) == ([], cursor)


def test_review_that_google_held_back_for_days_is_found_between_the_others(google: Google) -> None:
    google.reviews = [a_review(f"r{n}", at=MOMENT + timedelta(hours=n)) for n in range(5)]
    _, cursor = polled(google, "")
    google.reviews.append(a_review("late", "Held back.", MOMENT + timedelta(hours=2, minutes=5)))
    events, _ = polled(google, cursor)
    assert [(one.kind, one.text) for one in events] == [("review", "Held back.")]


def test_all_places_of_an_account_are_read_each_from_where_it_was(google: Google) -> None:
    account = replace(google.account, settings={**google.account.settings, "place": "accounts/1184"})
    google.offer(3)
    events, cursor = polled(google, "", account)
    assert len(events) == 3
    assert set(json.loads(cursor)) == {PLACE}
    assert GoogleBusiness().check(account).problems == ()
    google.places = []
    assert GoogleBusiness().check(account).problems == ("This account manages no place.",)


@pytest.mark.parametrize(("status", "error"), [(401, AuthLost), (429, Retry), (500, Retry), (503, Retry)])
def test_reading_that_fails_says_why_and_loses_nothing(
    google: Google, monkeypatch: pytest.MonkeyPatch, status: int, error: type[Exception]
) -> None:
    google.offer(3)
    _, cursor = polled(google, "")
    wanted = google.offer(1)
    with monkeypatch.context() as broken:
        broken.setattr(google, "answer", lambda call: Answer(status, {"error": {"code": status}}))
        with pytest.raises(error):
            polled(google, cursor)
    assert [one.external_id for one in polled(google, cursor)[0]] == wanted


def test_a_thousand_reviews_in_one_answer_are_a_thousand_events() -> None:
    raw, ids = TestGoogleBusiness().batch(1000)
    assert [one.external_id for one in GoogleBusiness().parse(TestGoogleBusiness().account(), raw)] == ids


def test_place_that_google_refuses_is_named(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "answer", lambda call: Answer(403, {"error": {"message": "No manager."}}))
    with pytest.raises(Refused, match=f"{PLACE}: Google refused this: No manager."):
        GoogleBusiness().poll(google.account, "")


def test_answer_waits_for_moderation_and_says_so(google: Google) -> None:
    reply = Outbound(UUID(int=1), TestGoogleBusiness.target, "public", "Thank you.")
    assert GoogleBusiness().send(google.account, reply).state == "accepted"


def test_change_of_an_answer_that_is_too_long_or_refused_says_why(google: Google) -> None:
    change = Change(
        UUID(int=2), UUID(int=1), (f"{PLACE}/reviews/r1/reply",), TestGoogleBusiness.target, "public", "é" * 2049
    )
    with pytest.raises(Refused, match="4,096 bytes"):
        GoogleBusiness().change(google.account, change)


def test_quota_that_is_used_up_is_waited_for_and_not_an_error_of_the_reply() -> None:
    from hark.channels.kit.google import refusal
    from hark.kernel.http import HttpResponse

    body = {"error": {"code": 403, "message": "Quota exceeded", "errors": [{"reason": "quotaExceeded"}]}}
    assert isinstance(refusal(HttpResponse(403, {}, json.dumps(body).encode())), Retry)
    body = {"error": {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}}
    error = refusal(HttpResponse(403, {}, json.dumps(body).encode()))
    assert isinstance(error, Refused)
    assert error.human == "Google refused this: The caller does not have permission"


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        ("(Translated by Google) Good.\n\n(Original)\nBom.", "Bom."),
        ("Bom.\n\n(Translated by Google)\nGood.", "Bom."),
        ("Bom.", "Bom."),
        ("They say (Translated by Google) here.", "They say (Translated by Google) here."),
    ],
)
def test_translation_that_google_adds_is_not_taken_for_the_words_of_the_customer(comment: str, text: str) -> None:
    assert original(comment) == text


def test_settings_ask_for_a_place_and_a_client() -> None:
    empty = Account("c", "", {"place": "Plum, Main Street"})
    assert set(GoogleBusiness().objections(empty)) == {"place", "oauth_client", "oauth_secret"}
    assert GoogleBusiness().objections(TestGoogleBusiness().account()) == {}
    oauth = GoogleBusiness().oauth(TestGoogleBusiness().account())
    assert oauth is not None
    assert oauth.scopes == ("https://www.googleapis.com/auth/business.manage",)
