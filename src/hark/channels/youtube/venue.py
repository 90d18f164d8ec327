"""The verbs of YouTube. Source: developers.google.com/youtube/v3/docs."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.errors import Refused, SendError
from hark.channels.kit.google import (
    call,
    client_objections,
    client_setting,
    google_guide,
    google_oauth,
    secret_setting,
)
from hark.channels.kit.limits import refuse_longer
from hark.channels.kit.newest_first import READ_BACK_HELP, as_value, cursor_in, news, seen_in
from hark.channels.kit.once import sentence_of
from hark.channels.kit.setting import setting
from hark.channels.kit.words import id_of
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, OAuth, Outbound, Page, Raw, Receipt
from hark.channels.youtube import listing
from hark.channels.youtube.listing import Answers, address, own_channel
from hark.channels.youtube.reading import read_comments
from hark.kernel.time import now

SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"
MAX_CHARS = 10_000
CHANNEL = re.compile(r"UC[\w-]{22}")
STEPS = (
    "In the Google Cloud console make a project, or choose one, and enable YouTube Data API v3.",
    "Its quota is 10,000 units a day: Hark reads with about 600 of them, and every answer costs 50.",
    "Whoever signs in must choose the channel itself (the brand account), not only their own name.",
)


@dataclass(frozen=True)
class Settings:
    """One channel of ours."""

    channel: str = setting(
        "", label="Channel", help="Its id, UC and 22 letters: youtube.com/account_advanced shows it.", required=True
    )
    read_back_days: int = setting(0, label="Days to read back", help=READ_BACK_HELP, low=0, high=3650)
    oauth_client: str = client_setting()
    oauth_secret: str = secret_setting()


class YouTube(Venue):
    """Comments below our videos. Everybody sees them, and our answers."""

    key: ClassVar[str] = "youtube"
    name: ClassVar[str] = "YouTube comments"
    icon: ClassVar[str] = "video"
    intro: ClassVar[str] = "Comments below the videos of your channel, answered in public."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        public=True,
        threaded=True,
        max_length=MAX_CHARS,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        echo=True,
        poll=True,
        native_reply_url=True,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "channel"
    poll_seconds: ClassVar[float] = 300.0

    def oauth(self, account: Account) -> OAuth | None:
        """Google's sign-in, for comments."""
        return google_oauth(account, SCOPE)

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do at Google first."""
        return (google_guide(redirect, SCOPE, *STEPS),)

    def objections(self, account: Account) -> Mapping[str, str]:
        """A channel has an id; a sign-in needs a client."""
        found = client_objections(account)
        if not CHANNEL.fullmatch(own_channel(account)):
            found["channel"] = "A channel's id begins with UC and has 24 letters and digits, not the @name."
        return found

    def check(self, account: Account) -> Health:
        """Is the channel that signed in the one that is meant?"""
        try:
            said = call(account, "GET", address(account, "channels", {"part": "id", "mine": "true"}))
        except SendError as error:
            return Health((sentence_of(error),), caps=self.caps)
        listed = said.get("items")
        found = [id_of(one.get("id")) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        if own_channel(account) in found:
            return Health(self_ids=(own_channel(account),), caps=self.caps)
        others = ", ".join(filter(None, found)) or "none"
        words = f"Somebody signed in for another channel ({others}). Sign in again, and choose the right one."
        return Health((words,), caps=self.caps)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The comments of a list; those by our own channel are ours."""
        return read_comments(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """What is new, changed or gone among the newest threads; once an hour what was answered below older ones."""
        known = cursor_in(cursor)
        before, answers, hour = seen_in(known.get("newest")), _answers(known), now().strftime("%Y-%m-%dT%H")
        raws, seen = news(before, listing.source(account, answers))
        if answers.deep_hour != hour:
            raws += listing.deeper(account, answers, hour, seen)
        value = {"newest": as_value(seen), "hour": answers.deep_hour, "counts": answers.counts}
        return Page(tuple(raws), json.dumps(value, separators=(",", ":")))

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """An answer below the first comment of the thread: YouTube knows no deeper ones."""
        self.obey(account, outbound)
        target = outbound.target
        said = {"snippet": {"parentId": target.root or target.thread or target.external_id}}
        said["snippet"]["textOriginal"] = outbound.text
        taken = call(account, "POST", address(account, "comments", {"part": "snippet"}), said)
        number = id_of(taken.get("id"))
        return Receipt((number,) if number else ())

    def change(self, account: Account, change: Change) -> Receipt:
        """Other words for our answer, or none any more."""
        number = change.of[0] if change.of else ""
        if not change.gone:
            refuse_longer(self.caps, change.text)
            said = {"id": number, "snippet": {"textOriginal": change.text}}
            call(account, "PUT", address(account, "comments", {"part": "snippet"}), said)
            return Receipt(change.of)
        try:
            call(account, "DELETE", address(account, "comments", {"id": number}))
        except Refused as error:
            if error.code != "404":
                raise
        return Receipt(change.of)


def _answers(known: Mapping[str, object]) -> Answers:
    hour, counts = known.get("hour"), known.get("counts")
    listed = counts.items() if isinstance(counts, dict) else ()
    found = {str(key): value for key, value in listed if isinstance(value, int)}
    return Answers(hour if isinstance(hour, str) else "", found, first=not known)
