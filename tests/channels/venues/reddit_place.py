"""Reddit as far as Hark asks it, written after reddit.com/dev/api."""

import re
from typing import Any

from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Raw

TOKEN = "a-token-of-the-suite"
ME, MAUD = ("plumcare", "t2_plum1"), ("maud_t", "t2_maud1")
START = int(MOMENT.timestamp())
ASKED, TALK = "t1_asked1", "t4_asked1"


def comment(name: str, who: tuple[str, str], text: str, at: int = START, **more: Any) -> dict[str, Any]:
    """A comment as listings show it."""
    said = {
        "name": name, "id": name[3:], "author": who[0], "author_fullname": who[1], "body": text,
        "parent_id": "t3_post01", "link_id": "t3_post01", "link_title": "Wheels", "subreddit": "bikes",
        "subreddit_type": "public", "edited": False, "permalink": f"/r/bikes/comments/post01/wheels/{name[3:]}/",
        "created_utc": float(at), "type": "username_mention",
    }  # fmt: skip
    return {"kind": "t1", "data": {**said, **more}}


def message(name: str, who: tuple[str, str], text: str, at: int = START, **more: Any) -> dict[str, Any]:
    """A private message."""
    said = {
        "name": name, "id": name[3:], "author": who[0], "author_fullname": who[1], "body": text, "subject": "Hello",
        "dest": "", "parent_id": None, "first_message_name": None, "created_utc": float(at), "was_comment": False,
    }  # fmt: skip
    return {"kind": "t4", "data": {**said, **more}}


class RedditPlace(HttpCounterpart):
    """One account's Reddit: listings newest first, a hundred at once; what is deleted loses words and author."""

    def __init__(self, account: Account) -> None:
        """With a comment and a message that can be answered."""
        super().__init__(account)
        self.things = {ASKED: comment(ASKED, MAUD, "Where is my order?"), TALK: message(TALK, MAUD, "My order is 4711")}
        self.lists: dict[str, list[str]] = {"/message/inbox": [], "/message/sent": [], "/user/plumcare/overview": []}
        self.trouble: list[Any] = []
        self.next = 1000
        self.start = START

    def answer(self, call: Call) -> Answer:
        """By path and method."""
        if call.path.startswith("/files/"):
            return Answer(200, b"x" * int(re.findall(r"\d+", call.path)[0]))
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401, {"message": "Unauthorized", "error": 401})
        assert "hark" in call.headers["user-agent"]
        if call.path == "/api/v1/me":
            return Answer(200, {"name": "plumcare", "id": "plum1", "is_suspended": False})
        if call.method == "POST":
            return Answer(200, self._posted(call.path, call.form()))
        return self._listed(call)

    def _listed(self, call: Call) -> Answer:
        if call.path == "/api/info":
            return self._listing([name for name in call.query["id"].split(",") if name in self.things])
        if call.path == "/search":
            word = call.query["q"].strip('"').lower()
            return self._page(call, [n for n in self.things if n[:2] == "t3" and word in self._title(n).lower()])
        known = self.lists.get(call.path)
        return self._page(call, known) if known is not None else Answer(403, {"message": "Forbidden", "error": 403})

    def _title(self, name: str) -> str:
        return str(self.things[name]["data"]["title"])

    def _page(self, call: Call, names: list[str]) -> Answer:
        newest = sorted(names, key=lambda name: -self.things[name]["data"]["created_utc"])
        begin = newest.index(call.query["after"]) + 1 if "after" in call.query else 0
        page = newest[begin : begin + int(call.query["limit"])]
        rest = begin + len(page) < len(newest)
        return self._listing(page, page[-1] if rest else None)

    def _listing(self, names: list[str], after: str | None = None) -> Answer:
        return Answer(200, {"kind": "Listing", "data": {"after": after, "children": [self.things[n] for n in names]}})

    def failure(self, how: str) -> Answer:
        """Of too many requests only Reddit's own header tells."""
        return Answer(429, b"", {"x-ratelimit-reset": "2"}) if how == "429" else super().failure(how)

    def _posted(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        if self.trouble:
            return {"json": {"errors": [self.trouble.pop()], "ratelimit": 300.5}}
        if path == "/api/comment":
            private = form["thing_id"].startswith("t4_")
            return {"json": {"errors": [], "data": {"things": [self._take(form, private=private)]}}}
        if path == "/api/compose":
            self._take(form, private=True)
            return {"json": {"errors": []}}
        if path == "/api/editusertext":
            self.things[form["thing_id"]]["data"] |= {"body": form["text"], "edited": float(START + 60)}
            return {"json": {"errors": [], "data": {"things": [self.things[form["thing_id"]]]}}}
        self.things[form["id"]]["data"] |= {"body": "[deleted]", "author": "[deleted]"}
        return {}

    def _take(self, form: dict[str, str], *, private: bool) -> dict[str, Any]:
        name, parent = f"{'t4' if private else 't1'}_{self.number()}", form.get("thing_id")
        make = message if private else comment
        self.things[name] = make(
            name, ME, form["text"], self.start + self.next, parent_id=parent, dest=form.get("to", "maud_t"), type=""
        )
        self.lists["/message/sent" if private else "/user/plumcare/overview"].append(name)
        self.taken.append({
            "id": name, "text": form["text"], "parent": parent or "", "visibility": "private" if private else "public",
            "private_of": ASKED if form.get("to") == "maud_t" else "",
        })  # fmt: skip
        return self.things[name]

    def number(self) -> int:
        """The next number."""
        self.next += 1
        return self.next

    def add(self, thing: dict[str, Any], *lists: str) -> str:
        """A thing in these listings; its name."""
        name = thing["data"]["name"]
        self.things[name] = thing
        for each in lists:
            self.lists.setdefault(each, []).append(name)
        return str(name)

    def offer(self, count: int) -> list[str]:
        """So many mentions, one a second."""
        return [
            self.add(comment(f"t1_{self.number()}", MAUD, f"u/plumcare news {n}", START + n), "/message/inbox")
            for n in range(count)
        ]

    def mention(self, text: str) -> str:
        """A stranger's post."""
        name = f"t3_{self.number()}"
        said = {
            "name": name, "title": text, "selftext": "", "is_self": True, "author": "tom", "author_fullname": "t2_tom",
            "subreddit": "all", "permalink": f"/r/all/comments/{name[3:]}/x/", "created_utc": float(START + 5),
        }  # fmt: skip
        return self.add({"kind": "t3", "data": said})

    def echo(self) -> Raw:
        """Our last comment or message, as a listing shows it."""
        import json

        return Raw(json.dumps(self.things[self.taken[-1]["id"]]).encode())

    def published(self, external_id: str) -> str | None:
        """What it says there now."""
        body = str(self.things[external_id]["data"]["body"])
        return None if body == "[deleted]" else body

    def file(self, size: int) -> str:
        """A picture of this size."""
        return f"{self.base_url}/files/{size}.bin"
