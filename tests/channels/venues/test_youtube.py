"""YouTube against a stand-in that is written after its documentation."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hark.channels.errors import Retry
from hark.channels.kit.oauth import ACCESS
from hark.channels.testing.conformance import ChannelConformance
from hark.channels.testing.conformance.bench import MOMENT, Visibility
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Inbound, Outbound, Raw, Request, Standing, Target
from hark.channels.youtube import YouTube
from hark.channels.youtube import venue as youtube_venue
from hark.kernel.time import now
from tests.channels.accounts import a_call

SAMPLES = Path(__file__).parents[1] / "samples" / "youtube"
OURS, MAUD = "UCplumplumplumplumplum01", "UCmaudmaudmaudmaudmaud01"
SECRETS = {ACCESS: "ya29.a-token-of-the-suite", "oauth_secret": "a-client-secret"}


def a_comment(number: str, text: str, at: datetime = MOMENT, *, by: str = MAUD, parent: str = "") -> dict[str, Any]:
    """A comment as YouTube lists it."""
    stamp = at.isoformat().replace("+00:00", "Z")
    said = {"textDisplay": text, "authorDisplayName": f"@{by[2:6]}", "authorChannelId": {"value": by}}
    place = {"channelId": OURS, "videoId": "v1", **({"parentId": parent} if parent else {})}
    return {"id": number, "snippet": {**place, **said, "publishedAt": stamp, "updatedAt": stamp}}


class Tube(HttpCounterpart):
    """The comments of one channel. The list of threads shows no more than two answers of each."""

    def __init__(self, account: Account) -> None:
        """`account`: who is connected."""
        super().__init__(account)
        self.comments: dict[str, dict[str, Any]] = {}
        self.signed_in = [OURS]
        self.units = 0

    def answer(self, call: Call) -> Answer:
        """One call of the v3 API."""
        assert call.headers["authorization"] == f"Bearer {SECRETS[ACCESS]}"
        self.units += 1 if call.method == "GET" else 50
        if call.path == "/youtube/v3/channels":
            return Answer(200, {"items": [{"id": number} for number in self.signed_in]})
        if call.path == "/youtube/v3/commentThreads":
            return self.threads(call)
        assert call.path == "/youtube/v3/comments"
        if call.method == "GET":
            return self.listed(call)
        if call.method == "DELETE":
            gone = self.comments.pop(call.query["id"], None)
            return Answer(204) if gone else Answer(404, {"error": {"code": 404, "message": "Comment not found."}})
        return self.written(call.json())

    def threads(self, call: Call) -> Answer:
        """Newest first."""
        assert (call.query["allThreadsRelatedToChannelId"], call.query["order"]) == (OURS, "time")
        tops = [one for one in self.comments.values() if "parentId" not in one["snippet"]]
        tops.sort(key=lambda one: str(one["snippet"]["publishedAt"]), reverse=True)
        return self.page(call, [self.thread(one) for one in tops])

    def thread(self, top: dict[str, Any]) -> dict[str, Any]:
        """A comment with the number of its answers and two of them."""
        below = self.below(top["id"])
        snippet = {"channelId": OURS, "videoId": "v1", "topLevelComment": top, "totalReplyCount": len(below)}
        return {"id": top["id"], "snippet": snippet, **({"replies": {"comments": below[:2]}} if below else {})}

    def below(self, number: str) -> list[dict[str, Any]]:
        """The answers to a comment."""
        return [one for one in self.comments.values() if one["snippet"].get("parentId") == number]

    def listed(self, call: Call) -> Answer:
        """By id, or the answers below one."""
        if "parentId" in call.query:
            return self.page(call, self.below(call.query["parentId"]))
        return Answer(
            200, {"items": [self.comments[one] for one in call.query["id"].split(",") if one in self.comments]}
        )

    def page(self, call: Call, items: list[dict[str, Any]]) -> Answer:
        """Some of the items."""
        start, size = int(call.query.get("pageToken", "0")), int(call.query["maxResults"])
        more = {"nextPageToken": str(start + size)} if start + size < len(items) else {}
        return Answer(200, {"items": items[start : start + size], **more})

    def written(self, said: dict[str, Any]) -> Answer:
        """An answer of ours, or other words for one."""
        if "id" in said:
            self.comments[said["id"]]["snippet"]["textDisplay"] = said["snippet"]["textOriginal"]
            return Answer(200, self.comments[said["id"]])
        parent, text = said["snippet"]["parentId"], said["snippet"]["textOriginal"]
        made = a_comment(f"{parent}.our{len(self.taken)}", text, now(), by=OURS, parent=parent)
        self.comments[made["id"]] = made
        self.taken.append({"text": text, "parent": parent, "id": made["id"]})
        return Answer(200, made)

    def add(self, *comments: dict[str, Any]) -> None:
        """People write."""
        self.comments.update({one["id"]: one for one in comments})

    def offer(self, count: int) -> list[str]:
        """New comments."""
        start = now() - timedelta(minutes=count)
        made = [a_comment(f"Ug{n}", f"news {n}", start + timedelta(seconds=n)) for n in range(count)]
        self.add(*made)
        return [one["id"] for one in made]

    def echo(self) -> Raw:
        """Our answer as the list shows it."""
        return Raw(json.dumps({"items": [self.comments[self.taken[-1]["id"]]]}).encode(), {"news": "new"})

    def published(self, external_id: str) -> str | None:
        """What our answer says there now."""
        there = self.comments.get(external_id)
        return there["snippet"]["textDisplay"] if there else None


class TestYouTube(ChannelConformance):
    venue = YouTube()
    samples = SAMPLES
    seen = "public"
    permission_ends = False  # the core keeps the sign-in, and knows its scopes and its end
    echo_carries_ref = False
    target = Target("Ug1", "Ug1", "Ug1", "Ug1", MAUD)

    def account(self) -> Account:
        settings = {"channel": OURS, "oauth_client": "plum", "read_back_days": 30}
        return Account("chan_tube", OURS, settings, SECRETS, frozenset({OURS}))

    def genuine(self, body: bytes) -> Request:
        """YouTube makes no calls that Hark takes."""
        return a_call(body, {})

    def says(self, text: str, visibility: Visibility = "public", *, thread: str = "t1", at: datetime = MOMENT) -> Raw:
        return Raw(
            json.dumps({"items": [a_comment(f"{thread}.{at:%S}", text, at, parent=thread)]}).encode(), {}, "1", at
        )

    def batch(self, count: int) -> tuple[Raw, list[str]]:
        comments = [a_comment(f"b{number}", f"line {number}") for number in range(count)]
        return Raw(json.dumps({"items": comments}).encode()), [one["id"] for one in comments]

    def forbidden(self) -> Outbound:
        return self.reply(standing=Standing(stopped=True))

    @contextmanager
    def counterpart(self) -> Iterator[Tube]:
        with Tube(self.account()) as place:
            yield place


@pytest.fixture
def tube(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tube]:
    clock(monkeypatch, MOMENT)
    with Tube(TestYouTube().account()) as place:
        place.account = replace(place.account, settings={**place.account.settings, "read_back_days": 3650})
        yield place


def clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """What time it is where the channel is read."""
    monkeypatch.setattr(youtube_venue, "now", lambda: at)


def polled(tube: Tube, cursor: str) -> tuple[list[Inbound], str]:
    """The events of one reading, and the cursor behind it."""
    page = YouTube().poll(tube.account, cursor)
    return [one for raw in page.raws for one in YouTube().parse(tube.account, raw)], page.next_cursor


def test_edited_comment_is_an_edit_and_one_that_is_gone_a_deletion(tube: Tube) -> None:
    tube.add(*(a_comment(f"c{n}", "hello", MOMENT + timedelta(minutes=n)) for n in range(4)))
    _, cursor = polled(tube, "")
    tube.comments["c0"]["snippet"] |= {"textDisplay": "hello all", "updatedAt": "2026-10-12T12:00:00Z"}
    del tube.comments["c2"]
    events, cursor = polled(tube, cursor)
    assert [(one.kind, one.external_id, one.text) for one in events] == [
        ("edit", "c0", "hello all"), ("delete", "c2", None)
    ]  # fmt: skip
    assert polled(tube, cursor) == ([], cursor)


def test_all_answers_below_a_new_comment_are_read_and_ours_are_echoes(tube: Tube) -> None:
    tube.add(a_comment("c1", "hello"))
    _, cursor = polled(tube, "")
    tube.add(*(a_comment(f"c1.{n}", f"answer {n}", MOMENT + timedelta(minutes=n), parent="c1") for n in range(5)))
    tube.add(a_comment("c1.9", "Hello.", MOMENT + timedelta(minutes=9), by=OURS, parent="c1"))
    events, cursor = polled(tube, cursor)
    assert [one.external_id for one in events] == ["c1.0", "c1.1", "c1.2", "c1.3", "c1.4", "c1.9"]
    assert [one.kind for one in events] == ["message"] * 5 + ["echo"]
    assert {(one.thread_id, one.parent_id, one.root_id) for one in events} == {("c1", "c1", "c1")}
    assert polled(tube, cursor)[0] == []


def test_answer_below_an_old_comment_is_found_once_an_hour(tube: Tube, monkeypatch: pytest.MonkeyPatch) -> None:
    tube.add(*(a_comment(f"c{n:03}", "hello", MOMENT - timedelta(hours=n)) for n in range(150)))
    tube.add(*(a_comment(f"c120.{n}", "old", MOMENT - timedelta(hours=9), parent="c120") for n in range(3)))
    _, cursor = polled(tube, "")
    tube.add(a_comment("c120.8", "Still waiting.", MOMENT + timedelta(minutes=20), parent="c120"))
    assert polled(tube, cursor)[0] == []
    clock(monkeypatch, MOMENT + timedelta(hours=1))
    events, cursor = polled(tube, cursor)
    assert [(one.kind, one.external_id, one.text) for one in events] == [("message", "c120.8", "Still waiting.")]
    assert polled(tube, cursor) == ([], cursor)


def test_reading_costs_little_of_the_quota_of_a_day(tube: Tube, monkeypatch: pytest.MonkeyPatch) -> None:
    tube.add(*(a_comment(f"c{n:03}", "hello", MOMENT - timedelta(days=n)) for n in range(510)))
    _, cursor = polled(tube, "")
    costs = []
    for moment in (MOMENT + timedelta(hours=1), MOMENT + timedelta(hours=1, minutes=5)):
        tube.units = 0
        clock(monkeypatch, moment)
        cursor = polled(tube, cursor)[1]
        costs.append(tube.units)
    hourly, usual = costs
    assert (hourly, usual) == (11, 1)
    assert 24 * hourly + (24 * 3600 / YouTube.poll_seconds - 24) * usual < 600


def test_signed_in_for_another_channel_is_said(tube: Tube) -> None:
    tube.signed_in = [MAUD]
    assert MAUD in YouTube().check(tube.account).problems[0]


def test_spent_quota_is_waited_for(tube: Tube, monkeypatch: pytest.MonkeyPatch) -> None:
    spent = {
        "error": {"code": 403, "message": "The request cannot be completed", "errors": [{"reason": "quotaExceeded"}]}
    }
    monkeypatch.setattr(tube, "answer", lambda call: Answer(403, spent))
    with pytest.raises(Retry, match="quota"):
        YouTube().send(tube.account, TestYouTube().reply())


def test_settings_ask_for_the_id_of_a_channel() -> None:
    assert set(YouTube().objections(Account("c", "", {"channel": "@plum"}))) == {
        "channel",
        "oauth_client",
        "oauth_secret",
    }
    assert YouTube().objections(TestYouTube().account()) == {}
