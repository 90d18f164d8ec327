"""Apple's reviews, into Hark's words. Pure and total.

An arrival is an answer of `customerReviews` with its responses included, or our note that one is gone. Source:
developer.apple.com/documentation/appstoreconnectapi, Customer Reviews and Customer Review Responses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.newest_first import BACKFILLED, CHANGED
from hark.channels.kit.words import id_of, number_of, text_of, time_of
from hark.channels.types import Account, Inbound, Person, Raw

REPLY = "/response"
STATES = {"PENDING_PUBLISH": "accepted", "PUBLISHED": "delivered"}


def read_reviews(account: Account, raw: Raw) -> list[Inbound]:
    """The events in an arrival, in its order."""
    try:
        body = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    return [replace(one, account=account.key, raw_id=raw.id) for one in _events(account, body, raw)]


def app_of(account: Account) -> str:
    """The app's number at Apple."""
    return (text_of(account.settings.get("app")) or account.external_id).strip()


def attributes_of(resource: Json) -> dict[str, Json]:
    """What a resource says of itself."""
    found = resource.get("attributes") if isinstance(resource, dict) else None
    return found if isinstance(found, dict) else {}


def responses_in(body: dict[str, Json]) -> Mapping[str, dict[str, Json]]:
    """The responses that came along, by their own ids."""
    listed = body.get("included")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {number: one for one in found if (number := id_of(one.get("id")))}


def response_of(review: dict[str, Json], responses: Mapping[str, dict[str, Json]]) -> dict[str, Json] | None:
    """Our answer to a review."""
    related: Json = review.get("relationships")
    for name in ("response", "data"):
        related = related.get(name) if isinstance(related, dict) else None
    number = id_of(related.get("id")) if isinstance(related, dict) else None
    return responses.get(number) if number else None


def _events(account: Account, body: Json, raw: Raw) -> Iterator[Inbound]:
    listed = body.get("data") if isinstance(body, dict) else None
    if isinstance(body, dict) and (gone := id_of(body.get("gone"))):
        yield Inbound("delete", gone, thread_id=gone.removesuffix(REPLY), sent_at=raw.received_at)
        return
    if not isinstance(listed, list | dict):
        yield Inbound("unknown", problem="no list of reviews")
        return
    responses = responses_in(body)
    for one in listed if isinstance(listed, list) else [listed]:
        number = id_of(one.get("id")) if isinstance(one, dict) else None
        if number is None:
            yield Inbound("unknown", problem="a review without an id")
            continue
        if raw.headers.get("part") != "reply":
            yield _written(number, attributes_of(one), raw)
        if raw.headers.get("part") != "review" and (ours := response_of(one, responses)):
            yield from _answered(account, number, attributes_of(ours), raw)


def _written(number: str, said: dict[str, Json], raw: Raw) -> Inbound:
    title, words = text_of(said.get("title")), text_of(said.get("body"))
    stars, at, territory = number_of(said.get("rating"), 1, 5), time_of(said.get("createdDate")), _territory(said)
    problems = ([] if at else ["the time cannot be read"]) + ([] if stars else ["the stars cannot be read"])
    return Inbound(
        "edit" if raw.headers.get("news") == CHANGED else "review",
        external_id=number,
        thread_id=number,
        visibility="public",
        author=Person(number, network="appstore", name=text_of(said.get("reviewerNickname"))[:200]),
        message_kind="review",
        subject=f"App Store, {territory}" if territory else "",
        text=f"{title}\n{words}".strip("\n") if title else words,
        rating=stars,
        sent_at=at,
        targets_us="owned_venue",
        policy=("backfilled",) if raw.headers.get("news") == BACKFILLED else (),
        problem="; ".join(problems) or None,
    )


def _territory(said: dict[str, Json]) -> str:
    code = text_of(said.get("territory"))
    return code if code.isascii() and code.isalpha() and len(code) <= 3 else ""


def _answered(account: Account, number: str, ours: dict[str, Json], raw: Raw) -> Iterator[Inbound]:
    """Our one answer, and whether Apple shows it yet."""
    is_edit, at = raw.headers.get("news") == CHANGED, time_of(ours.get("lastModifiedDate"))
    yield Inbound(
        "edit" if is_edit else "echo",
        external_id=number + REPLY,
        thread_id=number,
        parent_id=number,
        visibility="public",
        author=None if is_edit else Person(app_of(account) or "developer", network="appstore", is_self=True),
        message_kind="review",
        text=text_of(ours.get("responseBody")),
        sent_at=at,
    )
    state = text_of(ours.get("state"))
    if state in STATES:
        yield Inbound(
            "receipt",
            external_id=f"{number}{REPLY}/{state.lower()}",
            thread_id=number,
            state=STATES[state],  # type: ignore[arg-type]
            state_of=number + REPLY,
            sent_at=at,
        )
