"""The verbs of Google Business Profile. Source: developers.google.com/my-business/reference/rest (reviews are v4)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hark.channels.base import Venue
from hark.channels.errors import Refused, SendError
from hark.channels.google_business import listing
from hark.channels.google_business.reading import REPLY, STATES, read_reviews
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
from hark.channels.kit.words import text_of
from hark.channels.types import Account, Caps, Change, Guide, Health, Inbound, OAuth, Outbound, Page, Raw, Receipt

SCOPE = "https://www.googleapis.com/auth/business.manage"
MAX_BYTES = 4096  # "Maximum length of a reply is 4096 bytes"
PLACE = re.compile(r"accounts/[\w.-]{1,60}(?:/locations/[\w.-]{1,60})?")
ACCESS_STEP = (
    "Ask Google for access to the Business Profile APIs (form “Application for Basic API Access”); without it every "
    "call is refused."
)
ENABLE_STEP = (
    "In the Google Cloud console, in the project that Google has approved, enable Google My Business API and "
    "My Business Business Information API."
)
STEPS = (ACCESS_STEP, ENABLE_STEP, "Whoever signs in must be an owner or manager of the place.")


@dataclass(frozen=True)
class Settings:
    """One place, or all places of an account."""

    place: str = setting(
        "",
        label="Place",
        help="accounts/123/locations/456, or accounts/123 for all its places.",
        required=True,
    )
    read_back_days: int = setting(0, label="Days to read back", help=READ_BACK_HELP, low=0, high=3650)
    oauth_client: str = client_setting()
    oauth_secret: str = secret_setting()


class GoogleBusiness(Venue):
    """Reviews of our places. Each has one answer of ours, which can be changed and taken away."""

    key: ClassVar[str] = "google-business"
    name: ClassVar[str] = "Google Business reviews"
    icon: ClassVar[str] = "review"
    intro: ClassVar[str] = "Reviews of your places on Google Maps and in Search; one public answer to each."
    proof: ClassVar[str] = "specification"
    caps: ClassVar[Caps] = Caps(
        public=True,
        max_length=MAX_BYTES,
        unit="bytes",
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
    identified_by: ClassVar[str] = "place"
    poll_seconds: ClassVar[float] = 120.0

    def oauth(self, account: Account) -> OAuth | None:
        """Google's sign-in, for managing business profiles."""
        return google_oauth(account, SCOPE)

    def guides(self, redirect: str) -> tuple[Guide, ...]:
        """What to do at Google first."""
        return (google_guide(redirect, SCOPE, *STEPS),)

    def objections(self, account: Account) -> Mapping[str, str]:
        """A place is a resource name of Google's; a sign-in needs a client."""
        found = client_objections(account)
        if not PLACE.fullmatch(listing.place_of(account)):
            found["place"] = "A place is written like accounts/123/locations/456, an account like accounts/123."
        return found

    def check(self, account: Account) -> Health:
        """Can the places be found, and the reviews of the first be read?"""
        try:
            places = listing.places(account)
            if not places:
                return Health(("This account manages no place.",), caps=self.caps)
            next(listing.pages(account, places[0]))
        except SendError as error:
            return Health((sentence_of(error),), caps=self.caps)
        return Health(self_ids=(listing.place_of(account),), caps=self.caps)

    def parse(self, account: Account, raw: Raw) -> list[Inbound]:
        """The reviews of a list and our answers to them."""
        return read_reviews(account, raw)

    def poll(self, account: Account, cursor: str) -> Page:
        """What is new, changed or gone among the newest reviews of every place."""
        known, raws = cursor_in(cursor), []
        after: dict[str, object] = {}
        for place in listing.places(account):
            try:
                found, seen = news(seen_in(known.get(place)), listing.source(account, place))
            except Refused as error:
                raise Refused(error.code, f"{place}: {error.human}") from error
            raws += found
            after[place] = as_value(seen)
        return Page(tuple(raws), json.dumps(after, separators=(",", ":")))

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """One PUT: the answer to a review, which has one only. Twice the same is one answer."""
        self.obey(account, outbound)
        return _answer(account, outbound.target.external_id, outbound.text)

    def change(self, account: Account, change: Change) -> Receipt:
        """Other words for our answer, or none any more."""
        review = (change.of or (change.target.external_id,))[0].removesuffix(REPLY)
        if not change.gone:
            refuse_longer(self.caps, change.text)
            return _answer(account, review, change.text)
        try:
            call(account, "DELETE", listing.reply_address(account, review))
        except Refused as error:
            if error.code != "404":
                raise
        return Receipt((review + REPLY,))


def _answer(account: Account, review: str, text: str) -> Receipt:
    taken = call(account, "PUT", listing.reply_address(account, review), {"comment": text})
    waits = STATES.get(text_of(taken.get("reviewReplyState"))) == "accepted"
    return Receipt((review + REPLY,), "accepted" if waits else "sent")
