"""Tumblr as far as Hark asks it, written after tumblr/docs `api.md` and `npf-spec.md`."""

import json
import re
from typing import Any

from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Raw

TOKEN = "a-token-of-the-suite"
PLUM = {"name": "plumcare", "uuid": "t:Plum000000000000000001"}
MAUD = {"name": "maud-rides", "uuid": "t:Maud000000000000000001"}
START = int(MOMENT.timestamp())
ASKED, OURS = "7000", "7001"  # a post of Maud's that is answered, and one of ours


def post(number: str, blog: dict[str, str], *paragraphs: str, at: int = START, **more: Any) -> dict[str, Any]:
    """A post in the Neue Post Format."""
    made = {
        "id": int(number), "id_string": number, "blog_name": blog["name"], "blog": blog, "timestamp": at,
        "post_url": f"https://{blog['name']}.tumblr.com/post/{number}", "reblog_key": f"key{number}", "tags": [],
        "state": "published", "content": [{"type": "text", "text": each} for each in paragraphs], "trail": [],
    }  # fmt: skip
    return {**made, **more}


def note(number: str, kind: str, at: int = START, **more: Any) -> dict[str, Any]:
    """An activity of Maud's."""
    return {
        "id": number, "type": kind, "timestamp": at, "from_tumblelog_name": MAUD["name"],
        "from_tumblelog_uuid": MAUD["uuid"], "target_tumblelog_name": PLUM["name"], **more,
    }  # fmt: skip


class TumblrPlace(HttpCounterpart):
    """One blog's Tumblr: activity newest first, twenty at once; posts by blog and number; tags."""

    def __init__(self, account: Account) -> None:
        """With a post that is answered and one of ours."""
        super().__init__(account)
        self.posts = {ASKED: post(ASKED, MAUD, "Where is my order?"), OURS: post(OURS, PLUM, "Our new wheel is here")}
        self.notes: list[dict[str, Any]] = []
        self.hidden: set[str] = set()
        self.next = 8000

    def answer(self, call: Call) -> Answer:
        """By path and method, in Tumblr's envelope."""
        if call.path.startswith("/files/"):
            return Answer(200, b"x" * int(re.findall(r"\d+", call.path)[0]))
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return said(401, "Unauthorized", [])
        done = self._writes(call) if call.method != "GET" else self._reads(call)
        return done if isinstance(done, Answer) else said(200 if call.method == "GET" else 201, "OK", done)

    def _reads(self, call: Call) -> Any:
        if call.path == "/v2/user/info":
            return {"user": {"name": "plumcare", "blogs": [{**PLUM, "primary": True}]}}
        if call.path == "/v2/tagged":
            tagged = [one for one in self.posts.values() if call.query["tag"].lower() in one["tags"]]
            return sorted(tagged, key=lambda one: -one["id"])[: int(call.query["limit"])]
        found = re.fullmatch(r"/v2/blog/([^/]+)/(info|posts|notifications)(?:/(\d+))?", call.path)
        assert found
        if found[3]:  # as it is fetched for editing
            return self.posts.get(found[3]) or said(404, "Not Found", [])
        blog = next((one for one in (PLUM, MAUD) if found[1] in one.values()), None)
        if found[2] == "info":
            return {"blog": blog} if blog else said(404, "Not Found", [])
        return self._activity(call) if found[2] == "notifications" else self._posts_of(call, blog or {})

    def _activity(self, call: Call) -> Any:
        before = int(call.query.get("before", 1 << 40))
        wanted = {value for name, value in call.query.items() if name.startswith("types[")}
        there = [one for one in self.notes if one["timestamp"] < before and one["type"] in wanted]
        return {"notifications": sorted(there, key=lambda one: -one["timestamp"])[:20], "_links": {}}

    def _posts_of(self, call: Call, blog: dict[str, str]) -> Any:
        there = [one for one in self.posts.values() if one["blog"] == blog and one["id_string"] not in self.hidden]
        if "id" in call.query:
            there = [one for one in there if one["id_string"] == call.query["id"]]
            return {"posts": there} if there else said(404, "Not Found", [])
        return {"posts": sorted(there, key=lambda one: -one["id"])[: int(call.query["limit"])]}

    def _writes(self, call: Call) -> Any:
        form = call.json()
        if call.path.endswith("/post/delete"):
            return {"id": form["id"]} if self.posts.pop(form["id"], None) else said(404, "Not Found", [])
        parent = self.posts.get(str(form.get("parent_post_id")))
        if not parent or form["reblog_key"] not in {parent["reblog_key"], "own"}:
            return said(400, "Bad Request", [{"title": "The parent post is not there.", "code": 8002}])
        if call.method == "PUT":
            number = call.path.rpartition("/")[2]
            self.posts[number]["content"] = form["content"]
            return {"id": number}
        number = self.number()
        self.posts[number] = post(
            number, PLUM, at=START + self.next, content=form["content"], parent_post_id=str(form["parent_post_id"]),
            parent_tumblelog_uuid=form["parent_tumblelog_uuid"], reblog_key=form["reblog_key"],
            trail=[*parent["trail"], {"post": {"id": parent["id_string"]}}],
        )  # fmt: skip
        self.taken.append({"id": number, "text": text_in(form["content"]), "parent": parent["id_string"], "form": form})
        return {"id": number}

    def number(self) -> str:
        """The next number."""
        self.next += 1
        return str(self.next)

    def offer(self, count: int) -> list[str]:
        """So many posts that mention us, one a second."""
        made = []
        for place in range(count):
            number = self.number()
            self.posts[number] = post(number, MAUD, f"@plumcare news {place}", at=START + place)
            self.notes.append(note(f"n{number}", "mention_in_post", START + place, post_id=number))
            made.append(number)
        return made

    def mention(self, text: str) -> str:
        """A stranger's post, with its words as tags."""
        number = self.number()
        self.posts[number] = post(number, {"name": "tom", "uuid": "t:Tom0"}, text, tags=text.lower().split())
        return number

    def echo(self) -> Raw:
        """Our last post, as our blog shows it."""
        return Raw(json.dumps({"post": self.posts[self.taken[-1]["id"]]}).encode())

    def published(self, external_id: str) -> str | None:
        """What it says there now."""
        return text_in(self.posts[external_id]["content"]) if external_id in self.posts else None

    def file(self, size: int) -> str:
        """A picture of this size."""
        return f"{self.base_url}/files/{size}.bin"


def text_in(content: list[dict[str, Any]]) -> str:
    """The paragraphs of a post."""
    return "\n\n".join(block["text"] for block in content)


def said(status: int, words: str, response: Any) -> Answer:
    """Tumblr's envelope."""
    body = {"meta": {"status": status, "msg": words}, "response": response}
    return Answer(status, body if status < 400 else {**body, "response": [], "errors": response})
