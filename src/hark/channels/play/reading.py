"""Play's reviews, into Hark's words. Pure and total.

An arrival is an answer of `reviews.list`, or one review. Source: developers.google.com/android-publisher, reference of
`reviews` (v3) and "Reply to Reviews".
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.newest_first import BACKFILLED, CHANGED
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.types import Account, Inbound, Person, Raw

REPLY = "/reply"
KINDS = ("userComment", "developerComment")


def read_reviews(account: Account, raw: Raw) -> list[Inbound]:
    """The events in an arrival, in its order."""
    try:
        body = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    return [replace(one, account=account.key, raw_id=raw.id) for one in _events(account, body, raw)]


def parts_of(review: Json) -> tuple[str, dict[str, Json], dict[str, Json]] | None:
    """(id, what the customer says, what we answered) of a review; None where it has no id."""
    number = id_of(review.get("reviewId")) if isinstance(review, dict) else None
    if number is None:
        return None
    listed = review.get("comments")
    comments = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    said, ours = (_of_kind(comments, name) for name in KINDS)
    return number, said, ours


def _of_kind(comments: list[dict[str, Json]], name: str) -> dict[str, Json]:
    return next((found for one in comments if isinstance(found := one.get(name), dict)), {})


def changed_at(comment: dict[str, Json]) -> datetime | None:
    """When a comment was last changed: seconds since 1970, as text."""
    stamp = comment.get("lastModified")
    seconds = text_of(stamp.get("seconds")) if isinstance(stamp, dict) else ""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def package_of(account: Account) -> str:
    """The app, as com.example.plum."""
    return (text_of(account.settings.get("package")) or account.external_id).strip()


def _events(account: Account, body: Json, raw: Raw) -> Iterator[Inbound]:
    listed = body.get("reviews", []) if isinstance(body, dict) else None
    if isinstance(body, dict) and "reviewId" in body:
        listed = [body]
    if not isinstance(listed, list):
        yield Inbound("unknown", problem="no list of reviews")
        return
    for one in listed:
        parts = parts_of(one)
        if parts is None:
            yield Inbound("unknown", problem="a review without an id")
            continue
        number, said, ours = parts
        if raw.headers.get("part") != "reply":
            yield _written(account, number, text_of(one.get("authorName")), said, raw)
        if raw.headers.get("part") != "review" and text_of(ours.get("text")):
            yield _answered(account, number, ours, raw)


def _written(account: Account, number: str, name: str, said: dict[str, Json], raw: Raw) -> Inbound:
    """The venue tells no time of the first writing, only of the last change."""
    title, tab, rest = text_of(said.get("text")).partition("\t")
    stars, at = number_of(said.get("starRating"), 1, 5), changed_at(said)
    problems = ([] if at else ["the time cannot be read"]) + ([] if stars else ["the stars cannot be read"])
    original = text_of(said.get("originalText")).replace("\t", "\n").strip()
    return Inbound(
        "edit" if raw.headers.get("news") == CHANGED else "review",
        external_id=number,
        thread_id=number,
        visibility="public",
        author=Person(number, network="play", name=name[:200]),
        message_kind="review",
        subject=facts_of(said),
        text=original or (f"{title}\n{rest}".strip("\n") if tab else title),
        lang=id_of(said.get("reviewerLanguage")),
        rating=stars,
        sent_at=at,
        permalink=_link(account, number),
        targets_us="owned_venue",
        policy=("backfilled",) if raw.headers.get("news") == BACKFILLED else (),
        problem="; ".join(problems) or None,
    )


def facts_of(said: dict[str, Json]) -> str:
    """The app's version, the device and its Android, as far as Play knows them: `version 7.2.1 · Pixel 9 · SDK 36`."""
    device = said.get("deviceMetadata")
    about = device if isinstance(device, dict) else {}
    version = text_of(said.get("appVersionName")) or text_of(said.get("appVersionCode"))
    maker, model = text_of(about.get("manufacturer")), text_of(about.get("productName")) or text_of(said.get("device"))
    android = text_of(said.get("androidOsVersion"))
    known = (version and f"version {version}", f"{maker} {model}".strip(), android and f"SDK {android}")
    return " · ".join(filter(None, known))[:200]


def _answered(account: Account, number: str, ours: dict[str, Json], raw: Raw) -> Inbound:
    is_edit = raw.headers.get("news") == CHANGED
    return Inbound(
        "edit" if is_edit else "echo",
        external_id=number + REPLY,
        thread_id=number,
        parent_id=number,
        visibility="public",
        author=None if is_edit else Person(package_of(account) or "developer", network="play", is_self=True),
        message_kind="review",
        text=text_of(ours.get("text")),
        sent_at=changed_at(ours),
    )


def _link(account: Account, number: str) -> str | None:
    """The review on the app's public page."""
    package = package_of(account)
    asked = urlencode({"id": package, "reviewId": number})
    return f"https://play.google.com/store/apps/details?{asked}" if package else None
