"""What is asked of Google while a channel is read: which places there are, their reviews, and whether one is gone."""

import json
from collections.abc import Iterator
from urllib.parse import urlencode

from hark.channels.errors import Refused
from hark.channels.google_business.reading import REPLY
from hark.channels.kit.careful_json import Json
from hark.channels.kit.google import call, in_path
from hark.channels.kit.newest_first import Entry, Source, days_back, mark_of
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import Account

REVIEWS = "https://mybusiness.googleapis.com"
PLACES = "https://mybusinessbusinessinformation.googleapis.com"
PAGE = 20  # up to 50 are allowed; what is remembered of each place must hold a page, with our answers
KEPT = 60
MOST_PLACES = 300


def place_of(account: Account) -> str:
    """The place of the channel, or the account whose places are meant."""
    return (text_of(account.settings.get("place")) or account.external_id).strip().strip("/")


def places(account: Account) -> list[str]:
    """accounts/1/locations/2 …: the one that is named, or all that the account has. May ask Google."""
    named, found, token = place_of(account), list[str](), ""
    if "/locations/" in named:
        return [named]
    while len(found) <= MOST_PLACES:
        asked = {"readMask": "name", "pageSize": "100", **({"pageToken": token} if token else {})}
        said = call(account, "GET", _address(account, PLACES, f"v1/{in_path(named)}/locations", asked))
        listed = said.get("locations")
        names = [id_of(one.get("name")) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        found += [f"{named}/{name}" for name in names if name]
        token = text_of(said.get("nextPageToken"))
        if not token:
            return found
    raise Refused("too_many", f"This account has more than {MOST_PLACES} places. Connect groups of them as accounts.")


def source(account: Account, place: str) -> Source:
    """The reviews of a place, as a list to read."""
    prefix = f"{place}/reviews/"
    return Source(
        pages(account, place), KEPT, days_back(account), lambda number: is_gone(account, prefix + number), prefix
    )


def pages(account: Account, place: str) -> Iterator[list[Entry]]:
    """The reviews of a place, those changed last first; our answer stands beside each as an entry of its own."""
    token = ""
    while True:
        asked = {"pageSize": str(PAGE), "orderBy": "updateTime desc", **({"pageToken": token} if token else {})}
        said = call(account, "GET", _address(account, REVIEWS, f"v4/{in_path(place)}/reviews", asked))
        listed = said.get("reviews")
        yield [entry for one in listed for entry in _both(one)] if isinstance(listed, list) else []
        token = text_of(said.get("nextPageToken"))
        if not token:
            return


def is_gone(account: Account, name: str) -> bool:
    """Is a review, or our answer to it, no longer there?"""
    try:
        review = call(account, "GET", _address(account, REVIEWS, f"v4/{in_path(name.removesuffix(REPLY))}", {}))
    except Refused as error:
        if error.code != "404":
            raise
        return True
    return name.endswith(REPLY) and not review.get("reviewReply")


def reply_address(account: Account, review: str) -> str:
    """Where our answer to a review lies."""
    return _address(account, REVIEWS, f"v4/{in_path(review)}/reply", {})


def _address(account: Account, home: str, path: str, asked: dict[str, str]) -> str:
    query = f"?{urlencode(asked)}" if asked else ""
    return f"{(account.base_url or home).rstrip('/')}/{path}{query}"


def _both(review: Json) -> Iterator[Entry]:
    name = id_of(review.get("name")) if isinstance(review, dict) else None
    if name is None:
        return
    number, made = name.rpartition("/")[2], time_of(review.get("createTime"))
    reply, body = review.get("reviewReply"), json.dumps({"reviews": [review]}).encode()
    if isinstance(reply, dict) and reply.get("comment"):
        mark = mark_of(reply.get("updateTime"), reply.get("comment"), reply.get("reviewReplyState"))
        yield Entry(number + REPLY, mark, body, made, {"part": "reply"})
    mark = mark_of(review.get("updateTime"), review.get("comment"), review.get("starRating"))
    yield Entry(number, mark, body, made, {"part": "review"})
