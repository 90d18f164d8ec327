"""A homeserver as the suite wants to hold it: rooms with events, /sync and /messages, transaction ids, aliases."""

import json
from itertools import count
from typing import Any
from urllib.parse import unquote

from hark.channels.testing.counterpart import Answer, Call, HttpCounterpart
from hark.channels.types import Account, Raw

SERVER = "plum.example"
LOBBY, CARE, MAUD = f"!lobby:{SERVER}", f"@care:{SERVER}", f"@maud:{SERVER}"
CLIENT = "/_matrix/client/v3/"
BEGIN = 1_791_804_153_000
NOT_FOUND = Answer(404, {"errcode": "M_NOT_FOUND", "error": "nothing here"})
ERRORS = {"403": "M_FORBIDDEN", "401": "M_UNKNOWN_TOKEN", "429": "M_LIMIT_EXCEEDED"}


class Homeserver(HttpCounterpart):
    """Enough of the client-server API for one account; written after the specification."""

    def __init__(self, account: Account) -> None:
        """The lobby is a public room in which Maud has said something."""
        super().__init__(account)
        self.numbers = count(1)
        self.rooms: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.direct: dict[str, list[str]] = {}
        self.invitations: dict[str, list[dict[str, Any]]] = {}
        self.left: dict[str, str] = {}
        self.log: list[tuple[str, dict[str, Any]]] = []
        self.page = 50
        self.room(LOBBY, "public", {CARE: "join", MAUD: "join", f"@pia:{SERVER}": "join"})

    def room(self, room: str, rule: str, members: dict[str, str], *, encrypted: bool = False) -> str:
        """A room with members."""
        self.rooms[room] = {"rule": rule, "members": members, "events": [], "encrypted": encrypted}
        return room

    def put(self, room: str, sender: str, content: dict[str, Any], kind: str = "m.room.message") -> dict[str, Any]:
        """An event in a room."""
        number = next(self.numbers)
        event: dict[str, Any] = {
            "event_id": f"$e{number}",
            "type": kind,
            "sender": sender,
            "origin_server_ts": BEGIN + number,
            "content": content,
        }
        self.log.append((room, event))
        self.rooms[room]["events"].append(event)
        return event

    # ── what the suite asks for ──

    def offer(self, count: int) -> list[str]:
        """Customers write in the lobby."""
        with self.lock:
            lines = [{"msgtype": "m.text", "body": f"news {number}"} for number in range(count)]
            return [self.put(LOBBY, MAUD, line)["event_id"] for line in lines]

    def echo(self) -> Raw:
        """Our last message, as /sync brings it."""
        room, event = next((room, one) for room, one in reversed(self.log) if one["sender"] == CARE)
        readers = "private" if len(self.rooms[room]["members"]) == 2 else "public"
        about = {"hark": {"readers": readers}, "timeline": {"events": [event]}}
        return Raw(json.dumps({"rooms": {"join": {room: about}}}).encode())

    def published(self, external_id: str) -> str | None:
        """What an event of ours says after its edits."""
        text: str | None = None
        for _, event in self.log:
            content = event["content"]
            if event["event_id"] == external_id and not content:
                return None
            if event["event_id"] == external_id:
                text = content.get("body")
            if content.get("m.relates_to", {}).get("event_id") == external_id and "m.new_content" in content:
                text = content["m.new_content"]["body"]
        return text

    def file(self, size: int) -> str:
        """An attachment."""
        return f"mxc://{SERVER}/{size}"

    def is_send(self, call: Call) -> bool:
        """Only an event that is sent can be refused by a fault."""
        return "/send/" in call.path

    def failure(self, how: str) -> Answer:
        """Errors as Matrix words them."""
        return Answer(int(how), {"errcode": ERRORS.get(how, "M_UNKNOWN"), "error": how, "retry_after_ms": 2000})

    def answer(self, call: Call) -> Answer:
        """By method and path."""
        if call.headers.get("authorization") != f"Bearer {self.account.secrets.get('token')}":
            return Answer(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "token"})
        if call.path.startswith("/_matrix/client/v1/media/download/"):
            return Answer(200, b"x" * int(call.path.rpartition("/")[2]))
        if call.path == "/_matrix/media/v3/upload":
            return Answer(200, {"content_uri": f"mxc://{SERVER}/up{next(self.numbers)}"})
        steps = [unquote(step) for step in call.path.removeprefix(CLIENT).split("/")]
        return getattr(self, f"_{steps[0]}", lambda *_: NOT_FOUND)(call, steps[1:])  # type: ignore[no-any-return]

    def _account(self, call: Call, steps: list[str]) -> Answer:
        return Answer(200, {"user_id": CARE, "device_id": "HARK"})

    def _joined_rooms(self, call: Call, steps: list[str]) -> Answer:
        return Answer(200, {"joined_rooms": list(self.rooms)})

    def _sync(self, call: Call, steps: list[str]) -> Answer:
        since, until = int(call.query.get("since", "s0")[1:]), len(self.log)
        limit = json.loads(call.query["filter"])["room"]["timeline"]["limit"]
        join = {}
        for room, about in self.rooms.items():
            new = [event for place, event in self.log[since:] if place == room]
            if new or not since:
                timeline = {"events": new[-limit:], "limited": len(new) > limit}
                join[room] = {"timeline": timeline, "state": {"events": self._members(about)}}
        invite = {room: {"invite_state": {"events": events}} for room, events in self.invitations.items()}
        return Answer(200, {"next_batch": f"s{until}", "rooms": {"join": join, "invite": invite}})

    def _directory(self, call: Call, steps: list[str]) -> Answer:
        room = self.aliases.get(steps[1])
        return Answer(200, {"room_id": room}) if room else NOT_FOUND

    def _user(self, call: Call, steps: list[str]) -> Answer:
        if call.method == "PUT":
            self.direct = call.json()
        return Answer(200, self.direct) if self.direct or call.method == "PUT" else NOT_FOUND

    def _createRoom(self, call: Call, steps: list[str]) -> Answer:  # noqa: N802 - the API's name
        said = call.json()
        alias = f"#{said['room_alias_name']}:{SERVER}"
        if alias in self.aliases:
            return Answer(400, {"errcode": "M_ROOM_IN_USE"})
        members = {CARE: "join", **dict.fromkeys(said["invite"], "invite")}
        self.aliases[alias] = self.room(f"!made{next(self.numbers)}:{SERVER}", "invite", members)
        return Answer(200, {"room_id": self.aliases[alias]})

    def _rooms(self, call: Call, steps: list[str]) -> Answer:
        room, what, rest = steps[0], steps[1], steps[2:]
        if what in {"join", "leave"}:
            return self._comes_or_goes(call, room, what)
        if room not in self.rooms:
            return Answer(403, {"errcode": "M_FORBIDDEN"})
        about = self.rooms[room]
        if what == "joined_members":
            return Answer(200, {"joined": {name: {} for name, is_in in about["members"].items() if is_in == "join"}})
        if what == "invite":
            about["members"][call.json()["user_id"]] = "invite"
            return Answer(200, {})
        return {"state": self._state, "event": self._one, "messages": self._messages}.get(what, self._writes)(
            call, about, rest, room, what
        )

    def _comes_or_goes(self, call: Call, room: str, what: str) -> Answer:
        self.invitations.pop(room, None)
        if what == "leave":
            self.left[room] = (call.json() or {}).get("reason", "")
        else:
            self.rooms[room]["members"][CARE] = "join"
        return Answer(200, {"room_id": room})

    def _state(self, call: Call, about: dict[str, Any], rest: list[str], room: str, what: str) -> Answer:
        if rest[0] == "m.room.join_rules":
            return Answer(200, {"join_rule": about["rule"]})
        if rest[0] == "m.room.encryption":
            return Answer(200, {"algorithm": "m.megolm.v1.aes-sha2"}) if about["encrypted"] else NOT_FOUND
        membership = about["members"].get(rest[1])
        return Answer(200, {"membership": membership}) if membership else NOT_FOUND

    def _one(self, call: Call, about: dict[str, Any], rest: list[str], room: str, what: str) -> Answer:
        there = [event for event in about["events"] if event["event_id"] == rest[0]]
        return Answer(200, there[0]) if there else NOT_FOUND

    def _messages(self, call: Call, about: dict[str, Any], rest: list[str], room: str, what: str) -> Answer:
        """Tokens are places in the log; backwards from the end where none is given."""
        limit, forwards = int(call.query["limit"]), call.query["dir"] == "f"
        start = int(call.query.get("from", f"s{len(self.log)}")[1:])
        end = int(call.query.get("to", f"s{len(self.log)}")[1:]) if forwards else 0
        places = range(start, end) if forwards else range(start - 1, -1, -1)
        own = [(place, self.log[place][1]) for place in places if self.log[place][0] == room]
        chunk, more = own[:limit], len(own) > limit
        said: dict[str, Any] = {"chunk": [event for _, event in chunk], "state": self._members(about)}
        if more:
            said["end"] = f"s{chunk[-1][0] + (1 if forwards else 0)}"
        return Answer(200, said)

    def _writes(self, call: Call, about: dict[str, Any], rest: list[str], room: str, what: str) -> Answer:
        key = f"{room} {rest[-1]}"
        if what == "redact":
            for event in about["events"]:
                if event["event_id"] == rest[0]:
                    event["content"] = {}
            return Answer(200, {"event_id": self.put(room, CARE, {"redacts": rest[0]}, "m.room.redaction")["event_id"]})
        if key not in self.keys:
            event = self.put(room, CARE, call.json())
            event["unsigned"] = {"transaction_id": rest[-1]}
            self.keys[key] = event["event_id"]
            self._take(room, about, call.json())
        return Answer(200, {"event_id": self.keys[key]})

    def _take(self, room: str, about: dict[str, Any], content: dict[str, Any]) -> None:
        if "m.new_content" in content:
            return
        private = about["rule"] == "invite" and len(about["members"]) == 2
        relates = content.get("m.relates_to", {})
        self.taken.append(
            {
                "room": room,
                "text": content["body"],
                "by": "bot" if content["msgtype"] == "m.notice" else "human",
                "visibility": "private" if private else "public",
                "private_of": content.get("hark.private_of", ""),
                "root": relates.get("event_id", ""),
                "parent": relates.get("m.in_reply_to", {}).get("event_id", ""),
                "content": content,
            }
        )

    def _members(self, about: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "type": "m.room.member",
                "state_key": name,
                "sender": name,
                "content": {"membership": is_in, "displayname": name[1:].partition(":")[0].capitalize()},
            }
            for name, is_in in about["members"].items()
        ]
