"""The verbs of the App Store. Source: developer.apple.com/documentation/appstoreconnectapi."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from hark.channels.appstore import calling
from hark.channels.appstore.reading import REPLY, STATES, app_of, attributes_of, read_reviews
from hark.channels.base import Venue
from hark.channels.errors import AuthLost, Refused, SendError
from hark.channels.kit.limits import refuse_longer
from hark.channels.kit.newest_first import READ_BACK_HELP, as_value, cursor_in, news, seen_in
from hark.channels.kit.once import sentence_of
from hark.channels.kit.setting import setting
from hark.channels.kit.words import text_of
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, Outbound, Page, Raw, Receipt

MAX_CHARS = 5970  # what App Store Connect's own form takes
APP = re.compile(r"[0-9]{5,15}")
KEY_ID = re.compile(r"[A-Z0-9]{8,12}")
ISSUER = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
KEYS = "https://appstoreconnect.apple.com/access/integrations/api"
STEPS = (
    "In App Store Connect, Users and Access, Integrations, App Store Connect API: make a team key.",
    "Give it the role Customer Support, which may read and answer reviews; a higher one is not needed.",
    "Type its Key ID and the Issuer ID, which stands above the list, here.",
    "Download the key (AuthKey_….p8): Apple gives it once. Paste the whole file here.",
    "The app's number is its Apple ID, under App Information.",
)


@dataclass(frozen=True)
class Settings:
    """One app of ours."""

    app: str = setting("", label="App", help="Its Apple ID, a number such as 682658836.", required=True)
    read_back_days: int = setting(0, label="Days to read back", help=READ_BACK_HELP, low=0, high=3650)
    issuer: str = setting("", label="Issuer ID", part="The key", required=True)
    key_id: str = setting("", label="Key ID", required=True)
    key: str = setting("", label="Private key", secret=True, help="The whole file AuthKey_….p8.", needed=True)


class AppStore(Venue):
    """Reviews of our app. Each has one answer of ours, which can be changed and taken away."""

    key: ClassVar[str] = "appstore"
    name: ClassVar[str] = "App Store reviews"
    icon: ClassVar[str] = "review"
    intro: ClassVar[str] = "Reviews of your app in Apple’s App Store; one public answer to each."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        public=True,
        max_length=MAX_CHARS,
        edits_in=True,
        edits_out=True,
        deletes_in=True,
        deletes_out=True,
        receipts=True,
        one_reply=True,
        idempotent_send="natural",
        echo=True,
        poll=True,
    )
    Settings = Settings
    identified_by: ClassVar[str] = "app"
    poll_seconds: ClassVar[float] = 300.0

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """How a key is made at Apple."""
        return (Guide("What to do at Apple", STEPS, link=KEYS),)

    def objections(self, account: Account) -> Mapping[str, str]:
        """An app has a number; a key has two ids and can be signed with."""
        found = {}
        for name, shape, words in (
            ("app", APP, "An app's Apple ID is a number, such as 682658836."),
            ("issuer", ISSUER, "An issuer ID is written like 57246542-96fe-1a63-e053-0824d011072a."),
            ("key_id", KEY_ID, "A key ID is ten capital letters and digits."),
        ):
            if not shape.fullmatch(text_of(account.settings.get(name)).strip()):
                found[name] = words
        try:
            calling.token(account)
        except AuthLost:
            found["key"] = calling.BAD_KEY
        return found

    def check(self, account: Account) -> Health:
        """Can the reviews of the app be read?"""
        try:
            next(calling.pages(account))
        except SendError as error:
            return Health((sentence_of(error),), caps=self.caps)
        return Health(self_ids=(app_of(account),), caps=self.caps)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The reviews of a list and our answers to them."""
        return read_reviews(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """What is new, changed or gone among the newest reviews."""
        raws, seen = news(seen_in(cursor_in(cursor).get("reviews")), calling.source(account))
        return Page(tuple(raws), json.dumps({"reviews": as_value(seen)}, separators=(",", ":")))

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One POST: the answer to a review, which has one only. Twice the same is one answer."""
        self.obey(account, outbound)
        return _answer(account, outbound.target.external_id, outbound.text)

    def change(self, account: Account, change: Change) -> Receipt:
        """Other words for our answer, or none any more."""
        review = (change.of or (change.target.external_id,))[0].removesuffix(REPLY)
        if not change.gone:
            refuse_longer(self.caps, change.text)
            return _answer(account, review, change.text)
        number = calling.response_id(account, review)
        if number:
            _delete(account, number)
        return Receipt((review + REPLY,))


def _answer(account: Account, review: str, text: str) -> Receipt:
    about = {"review": {"data": {"type": "customerReviews", "id": review}}}
    data = {"type": "customerReviewResponses", "attributes": {"responseBody": text}, "relationships": about}
    taken = calling.call(account, "POST", "customerReviewResponses", {"data": data})
    waits = STATES.get(text_of(attributes_of(taken.get("data")).get("state"))) == "accepted"
    return Receipt((review + REPLY,), "accepted" if waits else "sent")


def _delete(account: Account, number: str) -> None:
    try:
        calling.call(account, "DELETE", f"customerReviewResponses/{quote(number, safe='')}")
    except Refused as error:
        if error.code != "404":
            raise
