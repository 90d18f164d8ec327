"""The verbs of Google Play. Source: developers.google.com/android-publisher/api-ref/rest/v3/reviews."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote, urlencode

from hark.channels.base import Venue
from hark.channels.errors import Refused, SendError
from hark.channels.kit.careful_json import Json
from hark.channels.kit.google import (
    call,
    client_objections,
    client_setting,
    google_guide,
    google_oauth,
    secret_setting,
)
from hark.channels.kit.limits import refuse_longer
from hark.channels.kit.newest_first import Entry, Source, as_value, cursor_in, days_back, mark_of, news, seen_in
from hark.channels.kit.once import sentence_of
from hark.channels.kit.setting import setting
from hark.channels.kit.words import text_of
from hark.channels.play.reading import REPLY, changed_at, package_of, parts_of, read_reviews
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, OAuth, Outbound, Page, Raw, Receipt

API = "https://androidpublisher.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
MAX_CHARS = 350
PAGE, KEPT = 50, 150
PACKAGE = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+")
READ_BACK = "At most a week, more Play does not list. They open no case and start no clock. 0: none."
STEPS = (
    "In the Google Cloud console make a project, or choose one, and enable Google Play Android Developer API.",
    "In the Play Console, Users and permissions, whoever signs in needs “Reply to reviews” for the app.",
)


@dataclass(frozen=True)
class Settings:
    """One app of ours."""

    package: str = setting("", label="App", help="Its package name, such as com.example.plum.", required=True)
    read_back_days: int = setting(0, label="Days to read back", help=READ_BACK, low=0, high=7)
    oauth_client: str = client_setting()
    oauth_secret: str = secret_setting()


class Play(Venue):
    """Reviews of our Android app. Each has one answer of ours, which can be changed and not taken away."""

    key: ClassVar[str] = "play"
    name: ClassVar[str] = "Google Play reviews"
    icon: ClassVar[str] = "review"
    intro: ClassVar[str] = "Reviews of your Android app; one public answer of 350 characters to each."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        public=True,
        max_length=MAX_CHARS,
        edits_in=True,
        edits_out=True,
        one_reply=True,
        idempotent_send="natural",
        echo=True,
        poll=True,
        native_reply_url=True,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "package"
    poll_seconds: ClassVar[float] = 300.0

    def oauth(self, account: Account) -> OAuth | None:
        """Google's sign-in, for the Play Console."""
        return google_oauth(account, SCOPE)

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do at Google first."""
        return (google_guide(redirect, SCOPE, *STEPS),)

    def objections(self, account: Account) -> Mapping[str, str]:
        """An app has a package name; a sign-in needs a client."""
        found = client_objections(account)
        if not PACKAGE.fullmatch(package_of(account)):
            found["package"] = "A package name is written like com.example.plum."
        return found

    def check(self, account: Account) -> Health:
        """Can the reviews of the app be read?"""
        try:
            next(_pages(account))
        except SendError as error:
            return Health((sentence_of(error),), caps=self.caps)
        return Health(self_ids=(package_of(account),), caps=self.caps)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The reviews of a list and our answers to them."""
        return read_reviews(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """What is new or changed in the list, which holds a week. What leaves it has only grown old."""
        seen = seen_in(cursor_in(cursor).get("reviews"))
        raws, seen = news(seen, Source(_pages(account), KEPT, days_back(account)))
        return Page(tuple(raws), json.dumps({"reviews": as_value(seen)}, separators=(",", ":")))

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One POST: the answer to a review, which has one only. Twice the same is one answer."""
        self.obey(account, outbound)
        return _answer(account, outbound.target.external_id, outbound.text)

    def change(self, account: Account, change: Change) -> Receipt:
        """Other words for our answer. Play's API takes none away."""
        if change.gone:
            raise Refused("no_deletion", "Google Play takes answers away in the Play Console only.")
        refuse_longer(self.caps, change.text)
        return _answer(account, (change.of or (change.target.external_id,))[0].removesuffix(REPLY), change.text)


def _answer(account: Account, review: str, text: str) -> Receipt:
    call(account, "POST", f"{_reviews(account)}/{quote(review, safe='')}:reply", {"replyText": text})
    return Receipt((review + REPLY,))


def _reviews(account: Account) -> str:
    home = (account.base_url or API).rstrip("/")
    return f"{home}/androidpublisher/v3/applications/{quote(package_of(account), safe='')}/reviews"


def _pages(account: Account) -> Iterator[list[Entry]]:
    """The reviews of a week, those changed last first; our answer stands beside each as an entry of its own."""
    token = ""
    while True:
        asked = {"maxResults": str(PAGE), **({"token": token} if token else {})}
        said = call(account, "GET", f"{_reviews(account)}?{urlencode(asked)}")
        listed, following = said.get("reviews"), said.get("tokenPagination")
        yield [entry for one in listed for entry in _both(one)] if isinstance(listed, list) else []
        token = text_of(following.get("nextPageToken")) if isinstance(following, dict) else ""
        if not token:
            return


def _both(review: Json) -> Iterator[Entry]:
    parts = parts_of(review)
    if parts is None:
        return
    number, said, ours = parts
    body = json.dumps({"reviews": [review]}).encode()
    if ours.get("text"):
        yield Entry(number + REPLY, mark_of(ours.get("text")), body, changed_at(said), {"part": "reply"})
    mark = mark_of(said.get("lastModified"), said.get("text"), said.get("starRating"))
    yield Entry(number, mark, body, changed_at(said), {"part": "review"})
