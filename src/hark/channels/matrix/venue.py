"""The verbs of Matrix."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from hark.channels.base import Venue
from hark.channels.errors import Refused, SendError
from hark.channels.kit.limits import refuse_longer
from hark.channels.kit.once import attempt
from hark.channels.kit.setting import setting
from hark.channels.kit.words import text_of
from hark.channels.matrix import sending, syncing
from hark.channels.matrix.calls import call, ours, refusal
from hark.channels.matrix.guide import GUIDE
from hark.channels.matrix.reading import MXC, read_sync
from hark.channels.matrix.rooms import is_encrypted
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, Outbound, Page, Raw, Receipt
from hark.kernel.http import HttpRequest
from hark.kernel.time import monotonic

MAX_LENGTH = 32_000  # bytes: an event holds 65,536 in all, and a quotation mark or line end takes two of them
MAX_MEDIA = 15_000_000
MEDIA_SECONDS = 30.0
WAIT_SECONDS = 4.0  # /sync is asked anew so often while nothing comes, so that a reader can be told to stop
LINE_SECONDS = 1500.0
MOST_ROOMS_CHECKED = 20
INVITATIONS = {
    "private": "Into private talks only",
    "all": "Into every room that is not encrypted",
    "none": "Never: rooms are joined by hand",
}


@dataclass(frozen=True)
class Settings:
    """`own_rooms`: where everything that is said is said to us."""

    base_url: str = setting(
        "", label="Homeserver", help="Its address, such as https://matrix.example.org.", required=True
    )
    user_id: str = setting("", label="Account", help="Its full name, such as @care:example.org.", required=True)
    token: str = setting("", label="Access token", secret=True, help="Of a login made for Hark alone; it is its key.")
    invitations: Literal["private", "all", "none"] = setting("private", label="Accept invitations", words=INVITATIONS)
    own_rooms: tuple[str, ...] = setting(
        (),
        label="Rooms of yours",
        help="Internal room IDs, such as !abc:example.org. All said there is to you.",
    )
    read_back_days: int = setting(0, label="Days to read back", help="Shown, but open no cases.", low=0, high=365)


class Matrix(Venue):
    """An account on a homeserver: public rooms, threads, private talks, files."""

    key: ClassVar[str] = "matrix"
    name: ClassVar[str] = "Matrix"
    icon: ClassVar[str] = "chat"
    intro: ClassVar[str] = "An account on a Matrix homeserver: its rooms, and private talks with it."
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(
        public=True,
        private=True,
        threaded=True,
        max_length=MAX_LENGTH,
        unit="bytes",
        media=True,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        can_move_private="always",
        bot_reply="disclose",
        idempotent_send="key",
        echo=True,
        poll=True,
        native_reply_url=True,
        files_out=MAX_MEDIA,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "user_id"
    poll_seconds: ClassVar[float] = 5.0
    send_seconds: ClassVar[float] = 120.0  # files are brought first

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How Hark's own login is made."""
        return (GUIDE,)

    def objections(self, account: Account) -> Mapping[str, str]:
        """Names of accounts and rooms are written in full."""
        user, rooms = text_of(account.settings.get("user_id")), account.settings.get("own_rooms") or ()
        found = {}
        if not (user.startswith("@") and ":" in user):
            found["user_id"] = "Write the account's full name, such as @care:example.org."
        if any(not str(room).startswith("!") for room in rooms):
            found["own_rooms"] = "Write internal room IDs, which begin with an exclamation mark. A client shows them."
        return found

    def check(self, account: Account) -> Health:
        """Who the homeserver says we are, and which of our rooms we cannot read."""
        caps = self.caps_for(account)
        try:
            me = call(account, "GET", "account", "whoami")
            rooms = call(account, "GET", "joined_rooms").get("joined_rooms")
            sealed = [room for room in (rooms or ())[:MOST_ROOMS_CHECKED] if is_encrypted(account, room)]
        except SendError as error:
            return Health((_sentence(error),), caps=caps)
        who = text_of(me.get("user_id"))
        warnings = [f"The room {room} is end-to-end encrypted: Hark cannot read or write in it." for room in sealed]
        if not me.get("device_id"):
            warnings.append("The access token belongs to no device, so an answer that is sent again may stand twice.")
        wrong = f"The access token is that of {who}, not of {account.external_id}."
        return Health(
            () if who == account.external_id else (wrong,), self_ids=(who,), caps=caps, warnings=tuple(warnings)
        )

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The events of a /sync answer."""
        return read_sync(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """What is there now behind the cursor."""
        return syncing.next_page(account, cursor)

    def watch(self, account: Account, cursor: str) -> Iterator[Page]:
        """Page after page, for 25 minutes; the homeserver answers as soon as there is something."""
        until = monotonic() + LINE_SECONDS
        for page in syncing.pages(account, cursor, wait_seconds=WAIT_SECONDS):
            yield page
            if not page.more and monotonic() > until:
                return

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """Into the thread, or into the private room with the person; under a key that the homeserver remembers."""
        self.obey(account, outbound)
        return sending.deliver(account, outbound)

    def change(self, account: Account, change: Change) -> Receipt:
        """An edit, or a deletion that leaves an empty event."""
        refuse_longer(self.caps_for(account), change.text)
        return sending.change(account, change)

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """A file, fetched from our own homeserver with our token, wherever it lies."""
        if not MXC.fullmatch(ref):
            raise Refused("foreign_host", "This attachment does not lie at the venue.")
        server, _, name = ref.removeprefix("mxc://").partition("/")
        path = f"/_matrix/client/v1/media/download/{quote(server, safe=':[]')}/{quote(name, safe='')}"
        wanted = HttpRequest("GET", path, max_bytes=MAX_MEDIA, total_seconds=MEDIA_SECONDS)
        yield attempt(ours(account, wanted), refusal=refusal).body


def _sentence(error: SendError) -> Any:
    return error.human if isinstance(error, Refused) else error.detail or error.message
