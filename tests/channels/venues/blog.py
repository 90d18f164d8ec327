"""A WordPress for the suite: comments over its REST API, as a real one answers (tests/venues asks that)."""

import base64
import html
import json
from typing import Any

from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Raw
from hark.channels.wordpress.reading import ROOT
from hark.kernel.time import now

ME = 2
CODES = {
    "401": (401, "incorrect_password", "The provided password is an invalid application password."),
    "403": (403, "rest_comment_closed", "Sorry, comments are closed for this item."),
    "429": (429, "comment_flood", "You are posting comments too quickly. Slow down."),
    "500": (500, "rest_comment_failed_create", "Creating comment failed."),
}


class Blog(HttpCounterpart):
    """One post, whose comments are numbered from 10 on."""

    def __init__(self, account: Account) -> None:
        """`account`: who Hark is here."""
        super().__init__(account)
        self.comments: dict[int, dict[str, Any]] = {}
        self.rights = {"moderate_comments": True, "read": True}
        self.proof = "Basic " + base64.b64encode(f"care:{account.secrets['password']}".encode()).decode()
        self.add("A comment to be answered.", number=5)

    def add(self, text: str, *, number: int = 0, user: int = 0, parent: int = 0, raw: str = "") -> dict[str, Any]:
        """A comment, as somebody without markup writes it."""
        number = number or max([9, *self.comments]) + 1
        self.comments[number] = made = {
            "id": number,
            "post": 3,
            "parent": parent,
            "author": user,
            "author_name": "Care" if user else "Maud",
            "author_email": "care@plum.example" if user else "maud@mail.example",
            "author_url": "",
            "author_ip": "203.0.113.9",
            "date_gmt": now().strftime("%Y-%m-%dT%H:%M:%S"),
            "content": {"raw": raw or html.escape(text, quote=False)},
            "link": f"{self.base_url}/?p=3#comment-{number}",
            "status": "approved",
            "type": "comment",
        }
        return made

    def answer(self, call: Call) -> Answer:
        """`?rest_route=` as WordPress understands it."""
        if call.headers.get("authorization") != self.proof:
            return self.failure("401")
        route = call.query["rest_route"].removeprefix("/wp/v2/")
        if route == "users/me":
            return Answer(200, {"id": ME, "capabilities": self.rights})
        if route == "comments":
            return self._create(call.json()) if call.method == "POST" else Answer(200, self._listed(call))
        return self._one(int(route.partition("/")[2]), call)

    def _listed(self, call: Call) -> list[dict[str, Any]]:
        asked = call.query
        only = {int(one) for one in asked["include"].split(",")} if "include" in asked else None
        found = [
            one
            for number, one in sorted(self.comments.items(), reverse=True)
            if one["status"] in {"approved", "hold"}
            and (only is None or number in only)
            and all(str(one[name]) == asked[name] for name in ("author", "post", "parent") if name in asked)
        ]
        first = (int(asked.get("page", 1)) - 1) * int(asked["per_page"])
        names = {name.partition(".")[0] for name in asked["_fields"].split(",")}
        page = found[first : first + int(asked["per_page"])]
        return [{name: value for name, value in one.items() if name in names} for one in page]

    def _create(self, said: dict[str, Any]) -> Answer:
        for one in self.comments.values():
            same = (str(one["parent"]), one["content"]["raw"]) == (str(said["parent"]), said["content"])
            if same and one["author"] == ME:
                return Answer(409, {"code": "comment_duplicate", "message": "Duplicate comment detected"})
        made = self.add("", user=ME, parent=int(said["parent"]), raw=said["content"])
        made["author_user_agent"] = said["author_user_agent"]
        text = html.unescape(said["content"])
        self.taken.append({"text": text, "by": "", "parent": str(made["parent"]), "id": str(made["id"])})
        return Answer(201, made)

    def _one(self, number: int, call: Call) -> Answer:
        one = self.comments.get(number)
        if one is None:
            return Answer(404, {"code": "rest_comment_invalid_id", "message": "Invalid comment ID."})
        if call.method == "DELETE":
            if one["status"] == "trash":
                return Answer(410, {"code": "rest_already_trashed", "message": "The comment has already been trashed."})
            one["status"] = "trash"
        if call.method == "POST":
            said = call.json()
            one["content"] = {"raw": said["content"]} if "content" in said else one["content"]
            one["status"] = said.get("status", one["status"])
        return Answer(200, one)

    def failure(self, how: str) -> Answer:
        """In WordPress's words."""
        status, code, message = CODES[how]
        more = {"retry-after": "2"} if how == "429" else {}
        return Answer(status, {"code": code, "message": message, "data": {"status": status}}, more)

    def offer(self, count: int) -> list[str]:
        """Customers comment."""
        return [str(self.add(f"news {number}")["id"]) for number in range(count)]

    def echo(self) -> Raw:
        """Our last comment, as a poll brings it."""
        last = self.taken[-1]
        return Raw(json.dumps(self.comments[int(last["id"])]).encode(), {ROOT: last["parent"]}, "1", now())

    def published(self, external_id: str) -> str | None:
        """What our comment says there."""
        one = self.comments[int(external_id)]
        return html.unescape(one["content"]["raw"]) if one["status"] == "approved" else None
