"""A Discourse forum as far as Hark asks it, written after docs.discourse.org."""

import json
import re
from html import escape
from typing import Any

from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Raw

KEY = "a-key-of-the-suite"
ME, MAUD = (3, "plumcare"), (17, "maud")
TOPIC, TALK = 88, 90  # a public topic with post 7, a private one with post 8


def post(number: int, who: tuple[int, str], text: str, topic: int = TOPIC, **more: Any) -> dict[str, Any]:
    """A post as the forum shows it."""
    words = escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>")
    return {
        "id": number, "user_id": who[0], "username": who[1], "name": who[1].title(), "created_at": MOMENT.isoformat(),
        "updated_at": MOMENT.isoformat(), "cooked": f"<p>{words}</p>", "raw": text, "post_number": number,
        "post_type": 1, "reply_to_post_number": None, "topic_id": topic, "topic_slug": "wheel",
        "topic_title": "Wheel", "version": 1, **more,
    }  # fmt: skip


class DiscoursePlace(HttpCounterpart):
    """One forum: public and private topics, lists by falling number, a window of numbers as older ones have it."""

    window = False  # older forums give 50 numbers, newer ones 50 posts

    def __init__(self, account: Account) -> None:
        """With a public post and a private one that can be answered, both long before anybody asks."""
        super().__init__(account)
        self.posts: dict[int, dict[str, Any]] = {}
        self.asked = {7: post(7, MAUD, "Where is my order?"), 8: post(8, MAUD, "It is 4711", TALK)}
        self.private = {TALK}
        self.me = {"id": ME[0], "username": ME[1], "admin": False}
        self.next = 1000

    def answer(self, call: Call) -> Answer:
        """By path and method."""
        if call.path.startswith("/uploads/"):
            return Answer(200, b"x" * int(re.findall(r"\d+", call.path)[0]))
        if call.headers.get("api-key") != KEY:
            return Answer(403, {"errors": ["The API username or key is invalid."], "error_type": "invalid_access"})
        if call.path == "/session/current.json":
            return Answer(200, {"current_user": self.me})
        return self._read_or_written(call)

    def _read_or_written(self, call: Call) -> Answer:
        if call.path in {"/posts.json", "/private-posts.json"} and call.method == "GET":
            return self._list(call, private=call.path != "/posts.json")
        if call.path == "/uploads.json":
            return Answer(200, {"short_url": "upload://abc.png"})
        return self._posted(call.json()) if call.path == "/posts.json" else self._one(call)

    def failure(self, how: str) -> Answer:
        """401 is a key that is not known, which a forum says with 403."""
        if how == "401":
            return Answer(403, {"errors": ["The API username or key is invalid."], "error_type": "invalid_access"})
        return super().failure(how)

    def _list(self, call: Call, *, private: bool) -> Answer:
        before = int(call.query.get("before", 1 << 40))
        there = [one for one in self.posts.values() if (one["topic_id"] in self.private) == private]
        if self.window:
            top = min(before, max((one["id"] for one in there), default=0))
            there = [one for one in there if top - 50 < one["id"] <= top]
        else:
            there = [one for one in there if one["id"] < before]
        listed = sorted(there, key=lambda one: -one["id"])[:50]
        return Answer(200, {"private_posts" if private else "latest_posts": listed})

    def _one(self, call: Call) -> Answer:
        topic, number = re.fullmatch(r"/t/(\d+)\.json", call.path), re.fullmatch(r"/posts/(\d+)\.json", call.path)
        if topic:
            private = int(topic[1]) in self.private
            return Answer(200, {"id": int(topic[1]), "archetype": "private_message" if private else "regular"})
        found = {**self.asked, **self.posts}.get(int(number[1])) if number else None
        if found is None:
            return Answer(404, {"errors": ["The requested URL or resource could not be found."]})
        if call.method == "PUT":
            found |= {"raw": call.json()["post"]["raw"], "version": found["version"] + 1}
        if call.method == "DELETE":
            del self.posts[found["id"]]
            return Answer(200, b"")
        return Answer(200, {"post": found} if call.method == "PUT" else found)

    def _posted(self, said: dict[str, Any]) -> Answer:
        number, topic = self.number(), said.get("topic_id")
        if topic is None:
            topic = self.number()
            self.private.add(topic)
        self.posts[number] = post(
            number, ME, said["raw"], topic, reply_to_post_number=said.get("reply_to_post_number"),
            topic_archetype="private_message" if topic in self.private else "regular",
        )  # fmt: skip
        self.taken.append({
            "id": number, "text": said["raw"], "parent": str(said.get("reply_to_post_number", "")), "topic": topic,
            "visibility": "private" if topic in self.private else "public",
            "private_of": "7" if said.get("target_recipients") == MAUD[1] else "", "title": said.get("title", ""),
        })  # fmt: skip
        return Answer(200, self.posts[number])

    def number(self) -> int:
        """The next number."""
        self.next += 1
        return self.next

    def says(self, text: str, topic: int = TOPIC, **more: Any) -> str:
        """A post of Maud's; its id."""
        number = self.number()
        self.posts[number] = post(number, MAUD, text, topic, **more)
        return str(number)

    def offer(self, count: int) -> list[str]:
        """So many posts."""
        return [self.says(f"news {number}") for number in range(count)]

    def echo(self) -> Raw:
        """Our last post, as a webhook brings it."""
        said = {"post": self.posts[self.taken[-1]["id"]]}
        return Raw(json.dumps(said).encode(), {"x-discourse-event": "post_created"})

    def published(self, external_id: str) -> str | None:
        """What it says there now."""
        found = self.posts.get(int(external_id))
        return found["raw"] if found else None

    def file(self, size: int) -> str:
        """An upload of this size."""
        return f"{self.base_url}/uploads/default/{size}.bin"
