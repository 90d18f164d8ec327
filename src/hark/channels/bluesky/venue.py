"""The verbs of Bluesky."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.bluesky import media, polling, sending, session
from hark.channels.bluesky.calls import read
from hark.channels.bluesky.guide import GUIDE
from hark.channels.bluesky.reading import read_answer
from hark.channels.errors import Refused, SendError
from hark.channels.kit.limits import MOST_PARTS
from hark.channels.kit.setting import setting
from hark.channels.kit.words import text_of
from hark.channels.types import Account, Caps, Change, Grant, Guide, Health, Inbound, Outbound, Page, Raw, Receipt

MAX_LENGTH = 300  # graphemes, and at most 3,000 bytes (lexicon app.bsky.feed.post)
MOST_PICTURES, LARGEST_PICTURE = 4, 1_000_000  # lexicon app.bsky.embed.images
TO_US = frozenset({"mention", "reply", "owned_venue"})


@dataclass(frozen=True)
class Settings:
    """`base_url` and `directory_url` stand for servers of one's own."""

    handle: str = setting("", label="Handle", help="Such as plumcare.bsky.social, without the @.", required=True)
    password: str = setting("", label="App password", secret=True, help="Made at Bluesky for Hark alone.")
    read_back_days: int = setting(0, label="Days to read back", help="Shown, but open no cases.", low=0, high=30)
    max_parts: int = setting(4, label="Parts of one answer", help="Posts in a row; 1: it is refused.", low=1, high=10)
    base_url: str = setting("", label="Server", help="Empty: https://bsky.social.")
    directory_url: str = setting("", label="Directory of identities", help="Empty: https://plc.directory.")


class Bluesky(Venue):
    """An account on Bluesky, signed in by an app password."""

    key: ClassVar[str] = "bluesky"
    name: ClassVar[str] = "Bluesky"
    intro: ClassVar[str] = "An account on Bluesky: mentions, answers, quotations, and posts with your words in them."
    proof: ClassVar[str] = "real server"
    caps: ClassVar[Caps] = Caps(
        public=True,
        threaded=True,
        max_length=MAX_LENGTH,
        unit="graphemes",
        max_parts=MOST_PARTS,
        media=True,
        deletes_in=True,
        deletes_out=True,
        idempotent_send="key",
        echo=True,
        poll=True,
        listen_keywords=True,
        native_reply_url=True,
        files_out=LARGEST_PICTURE,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "handle"
    folds_case: ClassVar[bool] = True
    poll_seconds: ClassVar[float] = 30.0
    send_seconds: ClassVar[float] = 90.0  # pictures are brought first

    def caps_for(self, account: Account) -> Caps:
        """An answer leaves in as many posts as the settings say."""
        parts = account.settings.get("max_parts")
        return replace(self.caps, max_parts=max(1, min(parts, MOST_PARTS)) if isinstance(parts, int) else 4)

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How an app password is made."""
        return (GUIDE,)

    def objections(self, account: Account) -> Mapping[str, str]:
        """A handle is a domain name."""
        handle = text_of(account.settings.get("handle"))
        fits = "." in handle and "@" not in handle and "/" not in handle
        return {} if fits else {"handle": "Write the whole handle without the @, such as plumcare.bsky.social."}

    def session(self, account: Account) -> str:
        """The core keeps the session that the app password opens."""
        return session.name_of(account)

    def open_session(self, account: Account, refresh: str) -> Grant:
        """Opened by the app password, or prolonged."""
        return session.opened(account, refresh)

    def check(self, account: Account) -> Health:
        """Who Bluesky says we are."""
        caps = self.caps_for(account)
        try:
            me = read(account, "com.atproto.server.getSession")
        except SendError as error:
            return Health((error.human if isinstance(error, Refused) else error.detail or error.message,), caps=caps)
        handle = text_of(me.get("handle"))
        changed = handle.casefold() != account.external_id.casefold()
        warnings = (f"The account's handle is {handle} now. Write that one here.",) if changed else ()
        if me.get("active") is False:
            return Health((f"Bluesky says that this account is {me.get('status') or 'not active'}.",), caps=caps)
        return Health(self_ids=(text_of(me.get("did")),), caps=caps, warnings=warnings)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """Notifications, posts, or one event of Jetstream."""
        return read_answer(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """What was said to us, by us and of us since."""
        return polling.next_page(account, cursor)

    def objection(self, account: Account, outbound: Outbound) -> Refused | None:
        """Robots answer only those who spoke to us (Bluesky's rule for bots); files are pictures, at most four."""
        if refused := super().objection(account, outbound):
            return refused
        if outbound.author_kind == "bot" and outbound.standing.targets_us not in TO_US:
            return Refused("unasked_robot", "On Bluesky a robot may answer only those who spoke to us.")
        files = outbound.attachments
        if len(files) > MOST_PICTURES or any(not file.mime.startswith("image/") for file in files):
            return Refused("pictures", f"A post here carries at most {MOST_PICTURES} pictures, and no other files.")
        return None

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """A post in the thread, under a key of ours."""
        self.obey(account, outbound)
        return sending.deliver(account, outbound)

    def change(self, account: Account, change: Change) -> Receipt:
        """Posts cannot be edited on Bluesky; they can be deleted."""
        if not change.gone:
            return super().change(account, change)
        return sending.take_away(account, change)

    def media(self, account: Account, ref: str) -> Iterator[bytes]:
        """A blob of its author's repository."""
        return media.blob(account, ref)
