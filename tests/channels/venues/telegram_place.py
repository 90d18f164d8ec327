"""Telegram's Bot API as far as Hark asks it, written after core.telegram.org/bots/api."""

import json
import re
from email import message_from_bytes, policy
from typing import Any

from hark.channels.testing.conformance.bench import MOMENT
from hark.channels.testing.counterpart import STATUS, Answer, Call, HttpCounterpart
from hark.channels.types import Account

TOKEN = "900100:AAF-a_token_of_the_suite_0123456789"
MAUD = {"id": 42, "is_bot": False, "first_name": "Maud", "username": "maud_t"}
BOT = {"id": 900100, "is_bot": True, "first_name": "Plum Care", "username": "plum_care_bot"}
GROUP = "-100777"
WORDS = {"403": "Forbidden: bot was blocked by the user", "401": "Unauthorized", "500": "Internal Server Error",
         "429": "Too Many Requests: retry after 2"}  # fmt: skip


class TelegramPlace(HttpCounterpart):
    """It takes messages and albums, edits and deletes them, and keeps updates until it is asked for later ones."""

    forgets = False  # the real one forgets what lies before the offset; by then Hark has stored it

    def __init__(self, account: Account) -> None:
        """With no messages and no webhook."""
        super().__init__(account)
        self.updates: list[dict[str, Any]] = []
        self.messages: dict[str, str] = {}
        self.hook: dict[str, Any] = {"url": "", "pending_update_count": 0}
        self.next = 5000

    def is_send(self, call: Call) -> bool:
        """Only what publishes."""
        return "/send" in call.path

    def failure(self, how: str) -> Answer:
        """In a sentence, the wait in the body."""
        more = {"parameters": {"retry_after": 2}} if how == "429" else {}
        return Answer(STATUS[how], {"ok": False, "error_code": STATUS[how], "description": WORDS[how], **more})

    def answer(self, call: Call) -> Answer:
        """By method."""
        if call.path.startswith(f"/file/bot{TOKEN}/"):
            return Answer(200, b"x" * int(re.findall(r"\d+", call.path.rpartition("/")[2])[0]))
        start, _, method = call.path.rpartition("/")
        if start != f"/bot{TOKEN}":
            return Answer(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        done: Any = getattr(self, re.sub("[A-Z]", lambda big: f"_{big[0].lower()}", method))(call)
        return done if isinstance(done, Answer) else Answer(200, {"ok": True, "result": done})

    def get_me(self, call: Call) -> Any:
        return {**BOT, "can_read_all_group_messages": True}

    def get_webhook_info(self, call: Call) -> Any:
        return self.hook

    def get_updates(self, call: Call) -> Any:
        if self.hook["url"]:
            return refused(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(call.query.get("offset", 0))
        if self.forgets:
            self.updates = [one for one in self.updates if one["update_id"] >= offset]
        return [one for one in self.updates if one["update_id"] >= offset][: int(call.query["limit"])]

    def get_file(self, call: Call) -> Any:
        return {"file_id": call.query["file_id"], "file_path": f"documents/{call.query['file_id']}.bin"}

    def send_message(self, call: Call) -> Any:
        said = call.json()
        if said["chat_id"] == "13":
            return refused(403, "Forbidden: bot can't initiate conversation with a user")
        return self._take(said, said["text"], [])

    def send_photo(self, call: Call) -> Any:
        fields = parts_of(call)
        return self._take(fields, fields["caption"], ["photo"])

    def send_document(self, call: Call) -> Any:
        fields = parts_of(call)
        return self._take(fields, fields["caption"], ["document"])

    def send_media_group(self, call: Call) -> Any:
        fields = parts_of(call)
        album = json.loads(fields["media"])
        caption = next(one["caption"] for one in album if "caption" in one)
        first = self._take(fields, caption, [one["type"] for one in album])
        return [first, *({**first, "message_id": self.number()} for _ in album[1:])]

    def _take(self, said: dict[str, Any], text: str, files: list[str]) -> dict[str, Any]:
        number = self.number()
        chat = str(said["chat_id"])
        answers = said.get("reply_parameters") or {}
        answers = json.loads(answers) if isinstance(answers, str) else answers
        self.messages[f"{chat}:{number}"] = text
        self.taken.append({
            "text": text, "files": files, "chat": chat, "topic": said.get("message_thread_id"),
            "parent": f"{chat}:{answers['message_id']}" if answers else "",
            "visibility": "limited" if chat.startswith("-") else "private",
            "private_of": "42:7" if not answers else "",
        })  # fmt: skip
        return {"message_id": number, "chat": {"id": int(chat)}, "date": int(MOMENT.timestamp()), "text": text}

    def edit_message_text(self, call: Call) -> Any:
        said = call.json()
        key = f"{said['chat_id']}:{said['message_id']}"
        if self.messages[key] == said["text"]:
            return refused(400, "Bad Request: message is not modified: specified new message content is the same")
        self.messages[key] = said["text"]
        return {"message_id": said["message_id"]}

    def delete_message(self, call: Call) -> Any:
        said = call.json()
        gone = self.messages.pop(f"{said['chat_id']}:{said['message_id']}", None)
        return True if gone is not None else refused(400, "Bad Request: message to delete not found")

    def number(self) -> int:
        """The next number."""
        self.next += 1
        return self.next

    def offer(self, count: int) -> list[str]:
        """So many messages of Maud's."""
        chat = {"id": 42, "type": "private"}
        said = [
            {"message_id": self.number(), "from": MAUD, "chat": chat, "date": int(MOMENT.timestamp()), "text": "news"}
            for _ in range(count)
        ]
        self.updates += [{"update_id": 9000 + len(self.updates) + n, "message": one} for n, one in enumerate(said)]
        return [f"42:{one['message_id']}" for one in said]

    def published(self, external_id: str) -> str | None:
        """What it says there now."""
        return self.messages.get(external_id)

    def file(self, size: int) -> str:
        """The id of a file of this size."""
        return f"BQAC-{size}"


def refused(status: int, words: str) -> Answer:
    """As Telegram refuses."""
    return Answer(status, {"ok": False, "error_code": status, "description": words})


def parts_of(call: Call) -> dict[str, str]:
    """The fields of a form with files; of each file its name."""
    raw = b"Content-Type: " + call.headers["content-type"].encode() + b"\r\n\r\n" + call.body
    form = message_from_bytes(raw, policy=policy.default)
    assert form.is_multipart()
    found = {}
    for part in form.iter_parts():  # type: ignore[attr-defined]
        name = part.get_param("name", header="content-disposition")
        found[name] = part.get_filename() or part.get_payload(decode=True).decode()
    return found
