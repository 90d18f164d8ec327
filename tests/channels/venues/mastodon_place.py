"""A Mastodon server as far as Hark asks it, written after docs.joinmastodon.org."""

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Raw

TOKEN = "a-token-of-the-suite"
ME = {"id": "101", "username": "care", "acct": "care", "display_name": "Plum", "url": "https://plum.example/@care",
      "uri": "https://plum.example/users/care"}  # fmt: skip
MAUD = {"id": "202", "username": "maud", "acct": "maud@far.example", "display_name": "Maud Terlinden",
        "url": "https://far.example/@maud", "uri": "https://far.example/users/maud"}  # fmt: skip
ASKED = "110"  # the post that replies answer
LARGEST = 500


def named(person: dict[str, str]) -> dict[str, str]:
    """A person as the mentions of a status name him."""
    return {name: person[name] for name in ("id", "username", "acct", "url")}


def status(number: str, text: str, **more: Any) -> dict[str, Any]:
    """A public status of Maud's."""
    words = escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>")
    return {
        "id": number, "created_at": MOMENT.isoformat(), "in_reply_to_id": None, "in_reply_to_account_id": None,
        "spoiler_text": "", "visibility": "public", "language": "en", "edited_at": None, "content": f"<p>{words}</p>",
        "uri": f"https://far.example/users/maud/statuses/{number}", "url": f"https://far.example/@maud/{number}",
        "reblog": None, "account": MAUD, "media_attachments": [], "mentions": [], "poll": None, **more,
    }  # fmt: skip


class MastodonPlace(HttpCounterpart):
    """One account's server: it remembers keys, tells ids from each other, and searches words."""

    def __init__(self, account: Account) -> None:
        """With one public post that can be answered."""
        super().__init__(account)
        self.statuses = {ASKED: status(ASKED, "Where is my Plum order?")}
        self.notifications: list[dict[str, Any]] = []
        self.keys: dict[str, str] = {}
        self.said: dict[str, str] = {}
        self.scopes = ["read", "write"]
        self.longest = LARGEST
        self.media: list[bytes] = []
        self.next = 1000

    def answer(self, call: Call) -> Answer:
        """By path and method."""
        if call.path.startswith("/files/"):
            return Answer(200, b"x" * int(re.findall(r"\d+", call.path)[0]))
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401, {"error": "The access token is invalid"})
        known = {
            "/api/v1/accounts/verify_credentials": ME,
            "/api/v1/apps/verify_credentials": {"name": "Hark", "scopes": self.scopes},
            "/api/v2/instance": {"configuration": {"statuses": {"max_characters": self.longest}}},
        }
        if call.path in known:
            return Answer(200, known[call.path])
        return self._writes(call) if call.method != "GET" else self._reads(call)

    def _reads(self, call: Call) -> Answer:
        path = call.path.removeprefix("/api/v1/")
        listed = self._listed(call, path, list(self.statuses.values()))
        if listed is not None:
            page = self._page(call, listed)
            return Answer(200, {"statuses": page} if call.path == "/api/v2/search" else page)
        if path == "statuses":
            wanted = [value for name, value in parse_qsl(call.asked) if name == "id[]"]
            assert len(wanted) <= 20
            return Answer(200, [self.statuses[one] for one in wanted if one in self.statuses])
        found = re.fullmatch(r"statuses/(\w+)(/context)?", path)
        if not found or found[1] not in self.statuses:
            return Answer(404, {"error": "Record not found"})
        return Answer(200, self._context(found[1]) if found[2] else self.statuses[found[1]])

    def _listed(self, call: Call, path: str, posts: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """What is in the list that was asked for."""
        if path == "notifications":
            return self.notifications
        if path == f"accounts/{ME['id']}/statuses":
            return [one for one in posts if one["account"] == ME]
        tag = re.fullmatch(r"timelines/tag/(.+)", path)
        if not tag and call.path != "/api/v2/search":
            return None
        word = f"#{tag[1]}" if tag else call.query["q"].strip('"')
        return [one for one in posts if one["visibility"] == "public" and word.lower() in one["content"].lower()]

    def _context(self, number: str) -> dict[str, Any]:
        above: list[dict[str, Any]] = []
        while number := self.statuses.get(number, {}).get("in_reply_to_id"):
            above[:0] = [self.statuses[number]] if number in self.statuses else []
        return {"ancestors": above, "descendants": []}

    def _writes(self, call: Call) -> Answer:
        if call.path == "/api/v2/media":
            self.media.append(call.body)
            return Answer(200, {"id": str(len(self.media)), "type": "image", "url": f"{self.base_url}/files/1.bin"})
        if call.path == "/api/v1/statuses":
            return self._posted(call)
        number = call.path.rpartition("/")[2]
        if number not in self.statuses:
            return Answer(404, {"error": "Record not found"})
        if call.method == "DELETE":
            return Answer(200, self.statuses.pop(number))
        text = call.json()["status"]
        self.said[number] = text
        self.statuses[number] |= {"content": f"<p>{escape(text)}</p>", "edited_at": MOMENT.isoformat()}
        return Answer(200, self.statuses[number])

    def _posted(self, call: Call) -> Answer:
        key, said = call.headers["idempotency-key"], call.json()
        if key in self.keys:
            return Answer(200, self.statuses[self.keys[key]])
        number = self.number()
        above = self.statuses.get(said.get("in_reply_to_id") or "")
        people = [MAUD] if f"@{MAUD['acct']}" in said["status"] else []
        self.keys[key], self.said[number] = number, said["status"]
        self.statuses[number] = status(
            number, said["status"], account=ME, visibility=said["visibility"], mentions=[named(one) for one in people],
            in_reply_to_id=above and above["id"], in_reply_to_account_id=above and above["account"]["id"],
            url=f"https://plum.example/@care/{number}", uri=f"https://plum.example/users/care/statuses/{number}",
        )  # fmt: skip
        private = said["visibility"] == "direct"
        self.taken.append({
            "id": number, "text": without_name(said["status"]), "whole": said["status"],
            "parent": said.get("in_reply_to_id"),
            "visibility": "private" if private else said["visibility"], "media": said.get("media_ids", []),
            "private_of": above["id"] if private and above and above["visibility"] == "public" else "",
        })  # fmt: skip
        return Answer(200, self.statuses[number])

    def _page(self, call: Call, listed: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Newest first; `min_id` begins right behind an id, `max_id` before it."""
        low, high = int(call.query.get("min_id", "0")), int(call.query.get("max_id", 1 << 62))
        there = sorted((one for one in listed if low < int(one["id"]) < high), key=lambda one: int(one["id"]))
        most = int(call.query["limit"])
        return list(reversed(there[:most] if "min_id" in call.query else there[-most:]))

    def number(self) -> str:
        """The next id."""
        self.next += 1
        return str(self.next)

    def notify(self, about: dict[str, Any]) -> None:
        """Somebody has mentioned us in this status."""
        self.statuses[about["id"]] = about
        self.notifications.append(notification(self.number(), about))

    def offer(self, count: int) -> list[str]:
        """So many mentions, one a second."""
        made = []
        for place in range(count):
            at = (MOMENT + timedelta(seconds=place)).isoformat()
            made.append(status(self.number(), f"@care news {place}", created_at=at, mentions=[named(ME)]))
            self.notify(made[-1])
        return [one["id"] for one in made]

    def mention(self, text: str) -> str:
        """A public post of a stranger."""
        number = self.number()
        self.statuses[number] = status(number, text)
        return number

    def echo(self) -> Raw:
        """Our last post, as the account's own statuses show it."""
        return Raw(json.dumps({"status": self.statuses[self.taken[-1]["id"]]}).encode())

    def published(self, external_id: str) -> str | None:
        """Its words without the name of whom it answers."""
        return without_name(self.said[external_id]) if external_id in self.statuses else None

    def weaken(self) -> None:
        """It may read, and no more."""
        self.scopes = ["read"]

    def file(self, size: int) -> str:
        """A picture of this size in a post of its own."""
        number = self.number()
        media = [{"id": str(size), "type": "image", "url": f"{self.base_url}/files/{size}.bin"}]
        self.statuses[number] = status(number, "Look", media_attachments=media)
        return f"{number}/{size}"


def notification(number: str, about: dict[str, Any]) -> dict[str, Any]:
    """A mention."""
    return {"id": number, "type": "mention", "created_at": about["created_at"], "account": MAUD, "status": about}


def without_name(text: str) -> str:
    """The words as they were written: who is answered is named by Hark."""
    return text.removeprefix(f"@{MAUD['acct']} ")
