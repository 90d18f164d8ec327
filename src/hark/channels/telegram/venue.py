"""The verbs of Telegram."""

import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from hark.channels.base import Venue
from hark.channels.errors import AuthLost, Refused, SendError
from hark.channels.kit.json_api import JsonApi
from hark.channels.kit.limits import MOST_PARTS, PARTS_HELP, refuse_longer
from hark.channels.kit.once import attempt
from hark.channels.kit.setting import setting
from hark.channels.kit.signatures import live_secrets
from hark.channels.kit.words import id_of, text_of
from hark.channels.telegram import asking, sending
from hark.channels.telegram.guide import GUIDE
from hark.channels.telegram.reading import read_updates
from hark.channels.types import (
    Accepted,
    Account,
    Caps,
    Change,
    Guide,
    Health,
    Inbound,
    Outbound,
    Page,
    Raw,
    Receipt,
    Rejected,
    Reply,
    Request,
    SharedSecret,
    Verdict,
)
from hark.kernel.http import HttpRequest

REAL = "https://api.telegram.org"
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
MAX_LENGTH = 4096
MAX_MEDIA = 15_000_000  # the interface itself gives no file of more than 20 MB
MAX_FILES_OUT = 20_000_000
TWO_DAYS = 48 * 3600
UPLOAD_SECONDS = 60.0
WAIT_SECONDS = 5
TOKEN = re.compile(r"\d{1,20}:[\w-]{20,100}")
FILE_ID = re.compile(r"[\w-]{1,400}")
FILE_PATH = re.compile(r"[\w-]+(?:/[\w.-]*[\w-][\w.-]*)*")
WEBHOOK = SharedSecret("webhook", "Calls from Telegram", "Telegram sends it along with every call.")
SET_WEBHOOK = f"""\
curl https://api.telegram.org/botTOKEN/setWebhook \\
  -d url=ADDRESS \\
  -d secret_token=SECRET \\
  -d 'allowed_updates={json.dumps(asking.KINDS)}'
"""
DELETE_WEBHOOK = "curl https://api.telegram.org/botTOKEN/deleteWebhook\n"


@dataclass(frozen=True)
class Settings:
    """Which bot, and how its messages come."""

    bot: str = setting("", label="Bot", help="Its name, such as @plum_care_bot.", required=True)
    incoming: Literal["asking", "webhook"] = setting(
        "asking",
        label="Messages come",
        words={"asking": "Hark asks Telegram (nothing to set up)", "webhook": "Telegram calls Hark (webhook)"},
    )
    max_parts: int = setting(1, label="Parts of one answer", help=PARTS_HELP, low=1, high=MOST_PARTS)
    token: str = setting("", label="Token", secret=True, help="BotFather gave it when the bot was made.")


class Telegram(Venue):
    """One bot."""

    key: ClassVar[str] = "telegram"
    name: ClassVar[str] = "Telegram"
    icon: ClassVar[str] = "chat"
    intro: ClassVar[str] = "A bot that people write to, also in groups. Telegram can read what is written to a bot."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        public=True,
        private=True,
        threaded=True,
        max_length=MAX_LENGTH,
        unit="utf16",
        max_parts=MOST_PARTS,
        media=True,
        edits_in=True,
        edits_out=True,
        deletes_out=True,
        change_seconds=TWO_DAYS,
        can_move_private="dm_if_open",
        webhook=True,
        poll=True,
        files_out=MAX_FILES_OUT,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "bot"
    folds_case: ClassVar[bool] = True
    shared_secrets: ClassVar[tuple[SharedSecret, ...]] = (WEBHOOK,)
    send_seconds: ClassVar[float] = UPLOAD_SECONDS + 30
    poll_seconds: ClassVar[float] = 2.0

    def caps_for(self, account: Account) -> Caps:
        """Telegram either calls or is asked; both at once it does not do."""
        parts, calls = account.settings.get("max_parts"), account.settings.get("incoming") == "webhook"
        most = max(1, min(parts, MOST_PARTS)) if isinstance(parts, int) else 1
        return replace(self.caps, webhook=calls, poll=not calls, max_parts=most)

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How a bot is made."""
        return (GUIDE,)

    def code(self, account: Account, address: str) -> tuple[tuple[str, str], ...]:
        """How Telegram is told where to call."""
        return ("Shell: set the webhook", SET_WEBHOOK.replace("ADDRESS", address)), ("Shell: drop it", DELETE_WEBHOOK)

    def check(self, account: Account) -> Health:
        """Which bot is it, and does what is written to it reach us?"""
        caps = self.caps_for(account)
        if not TOKEN.fullmatch(account.secrets.get("token", "")):
            return Health(("Paste the token that BotFather gave: a number, a colon and letters.",), caps=caps)
        api = _api(account)
        try:
            me = asking.result(api.get("/getMe"))
            hook = asking.result(api.get("/getWebhookInfo"))
        except SendError as error:
            return Health((_step(error),), caps=caps)
        name, wanted = text_of(me.get("username")), text_of(account.settings.get("bot")).strip().lstrip("@")
        problems = [] if name.casefold() == wanted.casefold() else [f"The token belongs to @{name}, not to @{wanted}."]
        problems += asking.hook_problems(hook, calls=caps.webhook, has_secret=bool(live_secrets(account, WEBHOOK.name)))
        selves = tuple(each for each in (id_of(me.get("id")), f"@{name}" if name else None) if each)
        return Health(tuple(problems), selves, caps=caps, warnings=asking.hook_warnings(me, hook, calls=caps.webhook))

    def verify(self, account: Account, request: Request) -> Verdict:
        """Telegram sends our secret along; the body is not signed."""
        if len(request.body) > self.body_bytes:
            return Rejected(Reply(413, b'{"error":"too long"}'))
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        fits = [hmac.compare_digest(secret, given) for secret in live_secrets(account, WEBHOOK.name)]
        return Accepted() if any(fits) else Rejected(Reply(401, b'{"error":"secret"}'))

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """An update, or an answer of getUpdates."""
        return read_updates(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """The updates behind the cursor. Telegram forgets those before it: they are stored by then."""
        return asking.updates(_api(account), cursor, wait=0)

    def watch(self, account: Account, cursor: str) -> Iterator[Page]:
        """Page after page; Telegram keeps the line open for some seconds while nothing comes."""
        api = replace(_api(account), seconds=WAIT_SECONDS + 10.0)
        while True:
            page = asking.updates(api, cursor, wait=WAIT_SECONDS)
            yield page
            cursor = page.next_cursor

    def objection(self, account: Account, outbound: Outbound) -> Refused | None:
        """With files the words are a caption, and captions are short."""
        return super().objection(account, outbound) or sending.objection(outbound)

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One message, or one album with the words below its first file."""
        self.obey(account, outbound)
        sent = sending.send(_api(account), outbound)
        ids = [f"{chat}:{number}" for one in sent for chat, number in [sending.place_of(one)] if chat and number]
        return Receipt(tuple(ids))

    def change(self, account: Account, change: Change) -> Receipt:
        """The first message says all of it, or all of them go."""
        refuse_longer(self.caps_for(account), change.text)
        api = _api(account)
        for place, post in enumerate(change.of):
            if change.gone or place:
                sending.remove(api, post)
            else:
                sending.reword(api, post, change.text)
        return Receipt(change.of[:1])

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """Telegram says where a file lies for the next hour; it is fetched from there and from nowhere else."""
        if not FILE_ID.fullmatch(ref):
            raise Refused("foreign_host", "This is no file of a message at Telegram.")
        path = text_of(asking.result(_api(account).get("/getFile", [("file_id", ref)])).get("file_path"))
        if not FILE_PATH.fullmatch(path):
            raise Refused("gone", "Telegram does not give this file any more.")
        url = f"{_base(account)}/file/bot{account.secrets.get('token', '')}/{path}"
        yield attempt(HttpRequest("GET", url, max_bytes=MAX_MEDIA)).body


def _base(account: Account) -> str:
    return account.base_url.rstrip("/") or REAL


def _api(account: Account) -> JsonApi:
    address = f"{_base(account)}/bot{account.secrets.get('token', '')}"
    return JsonApi(address, refusal=sending.refusal, seconds=UPLOAD_SECONDS)


def _step(error: SendError) -> str:
    """What an administrator can do about it."""
    if isinstance(error, AuthLost):
        return "Telegram does not know this token. Ask BotFather for it (/mybots, API Token) and paste it."
    if isinstance(error, Refused):
        return f"Telegram refused to say which bot this is: {error.human}"
    return f"Telegram could not be reached ({error.detail or 'no answer'})."
