"""A Bluesky server as the suite wants to hold it: one account's server and the network behind it, in one."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from hark.channels.kit.oauth import ACCESS
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Raw

CARE, MAUD = "did:plc:carecarecarecarecarecare", "did:plc:maudmaudmaudmaudmaudmaud"
HANDLES = {CARE: "care.plum.example", MAUD: "maud.example.com"}
POST = "app.bsky.feed.post"
BLOB = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
FIRST = f"at://{MAUD}/{POST}/3first"
BAD = {"error": "InvalidRequest", "message": "no"}


class Network(HttpCounterpart):
    """Written after the lexicons (github.com/bluesky-social/atproto, MIT)."""

    def __init__(self, account: Account) -> None:
        """Maud has posted something already, long ago, that replies go to."""
        super().__init__(account)
        settings = {**self.account.settings, "directory_url": self.base_url}
        self.account = replace(self.account, settings=settings)
        self.numbers = count(1)
        self.posts: dict[str, dict[str, Any]] = {}
        self.notified: list[dict[str, Any]] = []
        self.password, self.refreshed, self.created = "abcd-efgh-ijkl-mnop", 0, 0
        self.put(MAUD, {"text": "My eSIM has no signal."}, uri=FIRST, ago=timedelta(days=9))

    def put(self, who: str, record: dict[str, Any], uri: str = "", ago: timedelta = timedelta()) -> dict[str, Any]:
        """A post as the network shows it."""
        number = next(self.numbers)
        at = (datetime.now(UTC) - ago).isoformat(timespec="milliseconds")
        at = at.replace("+00:00", "Z")
        post = {
            "uri": uri or f"at://{who}/{POST}/3k{number:011d}",
            "cid": f"bafyreicid{number}",
            "author": {"did": who, "handle": HANDLES[who], "displayName": HANDLES[who].partition(".")[0].capitalize()},
            "record": {"$type": POST, "createdAt": at, **record},
            "indexedAt": at,
            "viewer": {},
        }
        self.posts[post["uri"]] = post
        return post

    def hear(self, text: str, reason: str = "mention", **record: Any) -> dict[str, Any]:
        """Maud says something to us."""
        post = self.put(MAUD, {"text": text, **record})
        self.notified.append({**post, "reason": reason, "isRead": False})
        return post

    # ── what the suite asks for ──

    def offer(self, count: int) -> list[str]:
        """Mentions."""
        with self.lock:
            return [self.hear(f"news {number}")["uri"] for number in range(count)]

    def mention(self, text: str) -> str:
        """Maud says something, and not to us."""
        with self.lock:
            return str(self.put(MAUD, {"text": text})["uri"])

    def echo(self) -> Raw:
        """Our last post, as our own feed shows it."""
        return Raw(json.dumps({"posts": [self.posts[self.taken[-1]["uri"]]], "hark": {"self": CARE}}).encode())

    def published(self, external_id: str) -> str | None:
        """What a post of ours says."""
        post = self.posts.get(external_id)
        return str(post["record"]["text"]) if post else None

    def file(self, size: int) -> str:
        """A blob of Maud's whose name is its size."""
        return f"{MAUD}/{BLOB[:-10]}{size:010d}"

    def is_send(self, call: Call) -> bool:
        """Only what publishes can be refused by a fault."""
        return call.path.endswith(".putRecord")

    def failure(self, how: str) -> Answer:
        """Errors as XRPC words them."""
        names = {"401": "AuthMissing", "403": "Forbidden", "429": "RateLimitExceeded"}
        return Answer(
            int(how),
            {"error": names.get(how, "InternalServerError"), "message": how},
            {"retry-after": "2"} if how == "429" else {},
        )

    def answer(self, call: Call) -> Answer:
        """By the name of the query or procedure."""
        if call.path.startswith("/did:"):
            service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": self.base_url}
            return Answer(200, {"id": call.path[1:], "service": [service]})
        name = call.path.rpartition(".")[2]
        if name == "getBlob":
            return Answer(200, b"x" * int(call.query["cid"][-10:]))
        if name in {"createSession", "refreshSession"}:
            return self._session(call, name)
        if call.headers.get("authorization") != f"Bearer {self.account.secrets.get(ACCESS)}":
            return Answer(401, {"error": "AuthMissing"})
        return getattr(self, f"_{name}", lambda _: Answer(404, BAD))(call)  # type: ignore[no-any-return]

    def _session(self, call: Call, name: str) -> Answer:
        if name == "refreshSession":
            self.refreshed += 1
            fits = call.headers.get("authorization") == f"Bearer refresh-{self.created + self.refreshed - 1}"
        else:
            fits = call.json()["password"] == self.password
            self.created += fits
        if not fits:
            return Answer(401, {"error": "AuthenticationRequired", "message": "Invalid identifier or password"})
        number = self.created + self.refreshed
        return Answer(200, {"accessJwt": self.account.secrets[ACCESS], "refreshJwt": f"refresh-{number}", "did": CARE})

    def _getSession(self, call: Call) -> Answer:  # noqa: N802 - the API's name
        return Answer(200, {"did": CARE, "handle": HANDLES[CARE], "active": True})

    def _listNotifications(self, call: Call) -> Answer:  # noqa: N802
        return self._page(call, "notifications", self.notified)

    def _getAuthorFeed(self, call: Call) -> Answer:  # noqa: N802
        own = [post for post in self.posts.values() if post["author"]["did"] == call.query["actor"]]
        return self._page(call, "feed", [{"post": post} for post in own])

    def _searchPosts(self, call: Call) -> Answer:  # noqa: N802
        word = call.query["q"].strip('"').casefold()
        return self._page(
            call, "posts", [one for one in self.posts.values() if word in one["record"]["text"].casefold()]
        )

    def _getPosts(self, call: Call) -> Answer:  # noqa: N802
        return Answer(200, {"posts": [self.posts[uri] for uri in parse_qs(call.asked)["uris"] if uri in self.posts]})

    def _getRecord(self, call: Call) -> Answer:  # noqa: N802
        post = self.posts.get(f"at://{call.query['repo']}/{POST}/{call.query['rkey']}")
        if post is None:
            return Answer(400, {"error": "RecordNotFound", "message": "Could not locate record"})
        return Answer(200, {"uri": post["uri"], "cid": post["cid"], "value": post["record"]})

    def _uploadBlob(self, call: Call) -> Answer:  # noqa: N802
        blob = {
            "$type": "blob",
            "ref": {"$link": BLOB},
            "mimeType": call.headers["content-type"],
            "size": len(call.body),
        }
        return Answer(200, {"blob": blob})

    def _putRecord(self, call: Call) -> Answer:  # noqa: N802
        said = call.json()
        uri, record = f"at://{CARE}/{POST}/{said['rkey']}", said["record"]
        post = self.put(CARE, record, uri)
        reply = record.get("reply", {})
        self.taken.append(
            {
                "uri": uri,
                "text": record["text"],
                "by": "human",
                "visibility": "public",
                "parent": reply.get("parent", {}).get("uri", ""),
                "root": reply.get("root", {}).get("uri", ""),
                "record": record,
            }
        )
        return Answer(200, {"uri": uri, "cid": post["cid"]})

    def _deleteRecord(self, call: Call) -> Answer:  # noqa: N802
        said = call.json()
        self.posts.pop(f"at://{said['repo']}/{POST}/{said['rkey']}", None)
        return Answer(200, {})

    def _page(self, call: Call, name: str, items: Sequence[dict[str, Any]]) -> Answer:
        start, limit = int(call.query.get("cursor", "0")), int(call.query["limit"])
        newest = list(reversed(items))
        said: dict[str, Any] = {name: newest[start : start + limit]}
        if start + limit < len(newest):
            said["cursor"] = str(start + limit)
        return Answer(200, said)
