"""Google's reviews, into Hark's words. Pure and total.

An arrival is an answer of `accounts.locations.reviews` (a list, or one review), our note that one is gone, or a message
that Pub/Sub pushes. Source: developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import replace

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.newest_first import BACKFILLED, CHANGED, NEW
from hark.channels.kit.words import id_of, text_of, time_of
from hark.channels.types import Account, Inbound, Person, Raw

STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
STATES = {"PENDING": "accepted", "APPROVED": "delivered", "REJECTED": "failed"}
REPLY = "/reply"
PUSHED = {"NEW_REVIEW": "review", "UPDATED_REVIEW": "edit"}
# Google puts its own translation before or behind what was written, in the same field.
BEFORE = re.compile(r"\(Translated by Google\).*?\n\s*\(Original\)\s*", re.DOTALL)
BEHIND = re.compile(r"\s*\n\s*\(Translated by Google\)")
ONLY_NAMED = "a push of Google names the review only; its words come when the list is read"


def read_reviews(account: Account, raw: Raw) -> list[Inbound]:
    """The events in an arrival, in its order."""
    try:
        body = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    return [replace(one, account=account.key, raw_id=raw.id) for one in _events(body, raw)]


def _events(body: Json, raw: Raw) -> Iterator[Inbound]:
    if not isinstance(body, dict):
        yield Inbound("unknown", problem="no list of reviews")
    elif isinstance(body.get("message"), dict):
        yield _pushed(body["message"])
    elif gone := id_of(body.get("gone")):
        yield Inbound("delete", gone, thread_id=gone.removesuffix(REPLY), sent_at=raw.received_at)
    elif "reviews" not in body and (id_of(body.get("name")) or id_of(body.get("reviewId"))):
        yield from _review(body, raw)
    elif isinstance(listed := body.get("reviews", []), list):
        for one in listed:
            yield from _review(one, raw)
    else:
        yield Inbound("unknown", problem="no list of reviews")


def _review(said: Json, raw: Raw) -> Iterator[Inbound]:
    """A review, and our answer to it; the header `part` says where only one of them is news."""
    name = (id_of(said.get("name")) or id_of(said.get("reviewId"))) if isinstance(said, dict) else None
    if name is None:
        yield Inbound("unknown", problem="a review without a name")
        return
    part, reply = raw.headers.get("part", ""), said.get("reviewReply")
    if part != "reply":
        yield _written(said, name, raw)
    if part != "review" and isinstance(reply, dict) and text_of(reply.get("comment")):
        yield from _answered(reply, name, raw)


def _written(said: dict[str, Json], name: str, raw: Raw) -> Inbound:
    made, changed = time_of(said.get("createTime")), time_of(said.get("updateTime"))
    is_edit = _is_edit(raw.headers.get("news", ""), later=bool(made and changed and changed > made))
    stars = text_of(said.get("starRating"))
    at = changed if is_edit else made
    problems = [] if at else ["the time cannot be read"]
    problems += [] if stars in STARS else ["the stars cannot be read"]
    return Inbound(
        "edit" if is_edit else "review",
        external_id=name,
        thread_id=name,
        visibility="public",
        author=_reviewer(said.get("reviewer"), name),
        message_kind="review",
        text=original(text_of(said.get("comment"))),
        rating=STARS.get(stars),
        sent_at=at,
        targets_us="owned_venue",
        policy=("backfilled",) if raw.headers.get("news") == BACKFILLED else (),
        problem="; ".join(problems) or None,
    )


def _is_edit(news: str, *, later: bool) -> bool:
    """Who polls may know; else the venue's own times say whether it is the first form of the review."""
    return news == CHANGED or (later and news not in {NEW, BACKFILLED})


def _answered(reply: dict[str, Json], name: str, raw: Raw) -> Iterator[Inbound]:
    """Our one answer: an echo, or other words for it; then what Google's moderation says of it."""
    is_edit, at = raw.headers.get("news") == CHANGED, time_of(reply.get("updateTime"))
    location = name.partition("/reviews/")[0]
    yield Inbound(
        "edit" if is_edit else "echo",
        external_id=name + REPLY,
        thread_id=name,
        parent_id=name,
        visibility="public",
        author=None if is_edit else Person(location, network="google-business", is_self=True),
        message_kind="review",
        text=text_of(reply.get("comment")),
        sent_at=at,
    )
    state = text_of(reply.get("reviewReplyState"))
    if state in STATES:
        yield Inbound(
            "receipt",
            external_id=f"{name}{REPLY}/{state.lower()}",
            thread_id=name,
            state=STATES[state],  # type: ignore[arg-type]
            state_of=name + REPLY,
            sent_at=at,
        )


def _reviewer(said: Json, name: str) -> Person:
    """Google gives a reviewer no id, and names are no ids: each review is by somebody of its own."""
    said = said if isinstance(said, dict) else {}
    picture = text_of(said.get("profilePhotoUrl"))
    return Person(
        name,
        network="google-business",
        name=text_of(said.get("displayName"))[:200],
        avatar=picture if picture.startswith("https://") else "",
    )


def original(comment: str) -> str:
    """What was written, without Google's translation of it."""
    if "(Translated by Google)" not in comment:
        return comment
    if before := BEFORE.match(comment):
        return comment[before.end() :]
    behind = BEHIND.search(comment)
    return comment[: behind.start()] if behind else comment


def _pushed(message: dict[str, Json]) -> Inbound:
    """NEW_REVIEW and UPDATED_REVIEW of Pub/Sub: {"type", "review"} in base64, or attributes of these names."""
    try:
        said = loads(base64.b64decode(text_of(message.get("data")), validate=True))
    except (Unreadable, binascii.Error, ValueError):
        said = None
    said = said if isinstance(said, dict) else message.get("attributes")
    said = said if isinstance(said, dict) else {}
    kind = PUSHED.get(text_of(said.get("type") or said.get("notificationType")))
    name = next(filter(None, (id_of(said.get(key)) for key in ("review", "reviewName", "review_name"))), None)
    if kind is None or name is None:
        return Inbound("unknown", external_id=id_of(message.get("messageId")), problem="a push that names no review")
    return Inbound(
        kind,  # type: ignore[arg-type]
        external_id=name,
        thread_id=name,
        visibility="public",
        message_kind="review",
        sent_at=time_of(message.get("publishTime")),
        targets_us="owned_venue",
        problem=ONLY_NAMED,
    )
