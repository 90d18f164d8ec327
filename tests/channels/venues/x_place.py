"""X's API v2 as its documentation describes it, as far as the venue uses it: a stand-in on loopback."""

import base64
import json
import re
from typing import Any

from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Raw
from hark.kernel.time import now
from tests.channels.venues.meta_place import fields_of

OWN, MAUD, POST = "2244994945", "1000000000000000007", "2080000000000000001"
TOKEN, CLIENT_SECRET = "an-access-token-of-the-suite", "a-client-secret-of-the-suite"
USERS = {OWN: "plumprams", MAUD: "maud_t"}
PROBLEMS = {
    "429": "Too Many Requests",
    "500": "Internal Server Error",
    "403": "You are not permitted",
    "401": "Unauthorized",
}


class XPlace(HttpCounterpart):
    """One account's X: posts by others, ours, and direct messages. Newest first, in pages, as X gives them."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.posts: list[dict[str, Any]] = []  # by others, oldest first
        self.direct: list[dict[str, Any]] = []
        self.ours: dict[str, str | None] = {}
        self.problem: tuple[int, str, dict[str, str]] | None = None
        self.files: list[dict[str, bytes]] = []
        self.me = OWN
        self.number = 0

    def answer(self, call: Call) -> Answer:
        if call.path.startswith("/files/"):
            return Answer(200, b"x" * int(call.path.removeprefix("/files/").removesuffix(".bin")))
        if call.path == "/2/oauth2/token":
            return self._granted(call)
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.failure("401")
        if self.problem and self.is_send(call):
            status, detail, headers = self.problem
            return Answer(status, {"title": "No", "detail": detail, "status": status}, headers)
        return self._told(call) if call.method == "GET" else self._taken(call)

    def failure(self, how: str) -> Answer:
        said = {"title": PROBLEMS[how], "detail": PROBLEMS[how], "status": int(how), "type": "about:blank"}
        return Answer(int(how), said, {"retry-after": "2"} if how == "429" else {})

    def _told(self, call: Call) -> Answer:
        if call.path == "/2/users/me":
            return Answer(200, {"data": {"id": self.me, "username": "plumprams", "name": "Plum"}})
        if call.path == f"/2/users/{OWN}/mentions":
            return self._page(call, [one for one in self.posts if "@plumprams" in one["text"]], "pagination_token")
        if call.path == "/2/tweets/search/recent":
            return self._page(call, self._found(call.query["query"]), "next_token")
        if call.path == "/2/dm_events":
            return self._page(call, self.direct, "pagination_token")
        return Answer(404, {"title": "Not Found Error", "detail": "nothing here"})

    def _found(self, query: str) -> list[dict[str, Any]]:
        assert len(query) <= 512
        words = [word.strip('"').lower() for word in query[1 : query.index(")")].split(" OR ")]
        without = re.findall(r"-@(\w+)", query)
        kept = [one for one in self.posts if not any(f"@{name}" in one["text"] for name in without)]
        return [one for one in kept if any(word in one["text"].lower() for word in words)]

    def _page(self, call: Call, posts: list[dict[str, Any]], token_name: str) -> Answer:
        since, until = call.query.get("since_id", ""), call.query.get("until_id", "")
        there = [one for one in reversed(posts) if one["id"] > since and (not until or one["id"] < until)]
        begin, size = int(call.query.get(token_name) or 0), int(call.query["max_results"])
        shown = there[begin : begin + size]
        people = [{"id": key, "username": name, "name": name} for key, name in USERS.items()]
        more = {"next_token": str(begin + size)} if begin + size < len(there) else {}
        return Answer(200, {"data": shown, "includes": {"users": people}, "meta": {"result_count": len(shown), **more}})

    def _taken(self, call: Call) -> Answer:
        if call.method == "DELETE":
            own = call.path.removeprefix("/2/tweets/")
            if self.ours.get(own) is None:
                return Answer(404, {"title": "Not Found Error", "detail": "Could not find that post"})
            self.ours[own] = None
            return Answer(200, {"data": {"deleted": True}})
        if call.path == "/2/media/upload":
            self.files.append(fields_of(call))
            return Answer(200, {"data": {"id": f"media{len(self.files)}", "expires_after_secs": 86400}})
        said, own = call.json(), self._next()
        if call.path == "/2/tweets":
            parent = said.get("reply", {}).get("in_reply_to_tweet_id")
            self.taken.append({"id": own, "text": said["text"], "visibility": "public", "parent": parent, "said": said})
            self.ours[own] = said["text"]
            return Answer(201, {"data": {"id": own, "text": said["text"], "edit_history_tweet_ids": [own]}})
        to = call.path.removeprefix("/2/dm_conversations/").removesuffix("/messages")
        # X is told a person only; here the post from which the talk moved is the one he wrote.
        wrote = POST if to == f"with/{MAUD}" else None
        self.taken.append(
            {"id": own, "text": said["text"], "visibility": "private", "to": to, "private_of": wrote, "said": said}
        )
        return Answer(201, {"data": {"dm_conversation_id": f"{MAUD}-{OWN}", "dm_event_id": own}})

    def _granted(self, call: Call) -> Answer:
        proved = base64.b64encode(f"the%2Fclient:{CLIENT_SECRET}".encode()).decode()
        form = call.form()
        if call.headers.get("authorization") != f"Basic {proved}" or "client_secret" in form:
            return Answer(
                401, {"error": "unauthorized_client", "error_description": "Missing valid authorization header"}
            )
        if form.get("refresh_token") != "once":
            return Answer(
                400, {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
            )
        scopes = "tweet.read tweet.write users.read dm.read dm.write media.write offline.access"
        granted = {"token_type": "bearer", "expires_in": 7200, "access_token": "new", "refresh_token": "twice"}
        return Answer(200, {**granted, "scope": scopes})

    def _next(self) -> str:
        self.number += 1
        return f"20800000000001{self.number:05}"

    def says(self, text: str) -> str:
        own = self._next()
        about = {"created_at": now().isoformat(), "conversation_id": own, "edit_history_tweet_ids": [own]}
        mention = {"entities": {"mentions": [{"id": OWN, "username": "plumprams"}]}} if "@plumprams" in text else {}
        self.posts.append({"id": own, "text": text, "author_id": MAUD, **about, **mention})
        return own

    def writes(self, text: str) -> str:
        own = self._next()
        about = {"event_type": "MessageCreate", "sender_id": MAUD, "dm_conversation_id": f"{MAUD}-{OWN}"}
        self.direct.append({"id": own, "text": text, "created_at": "2026-10-13T10:00:00.000Z", **about})
        return own

    def offer(self, count: int) -> list[str]:
        return [self.says(f"@plumprams news {number}") for number in range(count)]

    def mention(self, text: str) -> str:
        return self.says(text)

    def echo(self) -> Raw:
        last = self.taken[-1]
        if last["visibility"] == "private":
            made = {"target": {"recipient_id": MAUD}, "sender_id": OWN, "message_data": {"text": last["text"]}}
            event = {
                "type": "message_create",
                "id": last["id"],
                "created_timestamp": "1791804284372",
                "message_create": made,
            }
            return activity("dm.sent", {"direct_message_events": [event], "users": {}})
        post = {"id": last["id"], "text": last["text"], "author_id": OWN, "created_at": "2026-10-13T10:00:00.000Z"}
        return activity("post.create", {**post, "conversation_id": POST, "edit_history_tweet_ids": [last["id"]]})

    def published(self, external_id: str) -> str | None:
        return self.ours[external_id]


def activity(kind: str, payload: dict[str, Any]) -> Raw:
    """An event as the Activity API brings it."""
    data = {"event_uuid": "1", "filter": {"user_id": OWN}, "event_type": kind, "payload": payload}
    return Raw(json.dumps({"data": data}).encode(), {}, "1")
