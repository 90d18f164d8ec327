"""Calls about a Facebook Page, into Hark's words. Pure and total (Pages API documentation, "Webhooks for Pages")."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from hark.channels.kit.careful_json import Unreadable
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.meta.hooks import Piece, is_foreign, moment, pieces, table, unreadable
from hark.channels.meta.talks import LONGEST_LINK, read_talk
from hark.channels.meta.writing import private_until
from hark.channels.types import Account, AttachmentRef, Inbound, Person, Raw

FOREIGN = "This is about another Page than the one connected here; each Page needs a Meta app of its own."
POSTS = frozenset({"post", "status", "photo", "video", "share", "link", "album", "event", "note"})
REACTIONS = frozenset({"reaction", "like"})
KINDS: dict[str, Literal["message", "edit", "delete"]] = {
    "add": "message",
    "edited": "edit",
    "edit": "edit",
    "remove": "delete",
    "delete": "delete",
}


def read_call(account: Account, raw: Raw) -> list[Inbound]:
    """The events of one call, in order; `unknown` with a problem for what cannot be read."""
    try:
        found = pieces(raw.body, ("page",))
    except Unreadable as problem:
        return unreadable(account, raw, problem)
    events = [event for piece in found for event in _events(account, piece)]
    return [replace(event, account=account.key, raw_id=raw.id) for event in events]


def _events(account: Account, piece: Piece) -> list[Inbound]:
    if is_foreign(account, piece.account):
        return [Inbound("unknown", problem=FOREIGN)]
    if piece.where in {"messaging", "standby"}:
        return read_talk(account, piece.said, piece.account or account.external_id, "facebook")
    field, value = text_of(piece.said.get("field")), table(piece.said.get("value"))
    read = FIELDS.get(field)
    return [read(account, piece, value) if read else Inbound("unknown", problem=f"an unknown field ({field[:60]})")]


def _feed(account: Account, piece: Piece, value: dict[str, Any]) -> Inbound:
    item, verb = text_of(value.get("item")), text_of(value.get("verb"))
    own = id_of(value.get("comment_id" if item == "comment" else "post_id"))
    if own is None:
        return Inbound("unknown", problem="a change that does not say of what")
    if item in REACTIONS or (item == "share" and not value.get("message")):
        return _reaction(account, piece, value)
    kind = KINDS.get(verb)
    if kind is None:
        external_id = f"{verb[:40]}:{own}:{text_of(piece.at)}"
        return Inbound("profile", external_id=external_id, parent_id=own, author=_author(account, piece, value))
    if item != "comment" and item not in POSTS:
        return Inbound("unknown", external_id=own, problem=f"a change of an unknown thing ({item[:60]})")
    return _said(account, piece, value, kind)


def _said(account: Account, piece: Piece, value: dict[str, Any], kind: Literal["message", "edit", "delete"]) -> Inbound:
    """A post or a comment: new, with other words, or gone."""
    is_comment = value.get("item") == "comment"
    post, author = id_of(value.get("post_id")), _author(account, piece, value)
    own = id_of(value.get("comment_id")) if is_comment else post
    is_ours, at = bool(author and author.is_self), _time(piece, value, kind)
    customers = kind == "message" and not is_ours
    return Inbound(
        "echo" if kind == "message" and is_ours else kind,
        external_id=own,
        thread_id=post or own,
        parent_id=(id_of(value.get("parent_id")) or post) if is_comment else None,
        root_id=post or own,
        visibility="public",
        author=author,
        message_kind="comment" if is_comment else "post",
        text=None if kind == "delete" else text_of(value.get("message")),
        attachments=_files(value) if kind == "message" else (),
        sent_at=at,
        permalink=_link(value, post, own if is_comment else None),
        targets_us="owned_venue" if customers else "none",
        policy=private_until(at) if customers else (),
        problem=_lacking(author, at) if customers else None,
    )


def _lacking(author: Person | None, at: datetime | None) -> str | None:
    lacks = [] if author else ["the author is not named"]
    lacks += [] if at else ["the time cannot be read"]
    return "; ".join(lacks) or None


def _time(piece: Piece, value: dict[str, Any], kind: str) -> datetime | None:
    """Of a change the moment of the call counts: `created_time` is that of the post."""
    created, told = moment(value.get("created_time")), moment(piece.at)
    return (created or told) if kind == "message" else (told or created)


def _author(account: Account, piece: Piece, value: dict[str, Any]) -> Person | None:
    said, page = table(value.get("from")), piece.account or account.external_id
    key = id_of(said.get("id")) or id_of(value.get("sender_id"))
    if key is None:
        return None
    name = text_of(said.get("name")) or text_of(value.get("sender_name"))
    is_self = key == page or key in account.self_ids
    return Person(key, network="facebook", scope=page, name=name, is_self=is_self)


def _reaction(account: Account, piece: Piece, value: dict[str, Any]) -> Inbound:
    author, about = _author(account, piece, value), id_of(value.get("comment_id")) or id_of(value.get("post_id"))
    taken_back = value.get("verb") == "remove"
    kind = text_of(value.get("reaction_type")) or text_of(value.get("item"))
    return Inbound(
        "reaction",
        external_id=f"reaction:{about}:{author.external_id if author else ''}:{text_of(piece.at)}",
        thread_id=id_of(value.get("post_id")),
        parent_id=about,
        visibility="public",
        author=author,
        text="" if taken_back else kind[:40],
        sent_at=moment(value.get("created_time")) or moment(piece.at),
    )


def _files(value: dict[str, Any]) -> tuple[AttachmentRef, ...]:
    photos = value.get("photos")
    listed = [value.get("photo"), value.get("video"), *(photos if isinstance(photos, list) else [])]
    item, link = value.get("item"), value.get("link")
    listed += [link] if item in {"photo", "video"} else []
    found = [text_of(one) for one in listed[:40]]
    links = dict.fromkeys(one for one in found if one.startswith("https://") and len(one) <= LONGEST_LINK)
    return tuple(AttachmentRef(one) for one in links)


def _link(value: dict[str, Any], post: str | None, comment: str | None) -> str | None:
    """Where a person sees it: Meta's own link to the post, else one by its id; of a comment, opened at it."""
    said = text_of(table(value.get("post")).get("permalink_url")) or text_of(value.get("permalink_url"))
    known = said if said.startswith("https://www.facebook.com/") and len(said) <= 2000 else ""
    base = known or (f"https://www.facebook.com/{post}" if post else "")
    if not base:
        return None
    return f"{base}{'&' if '?' in base else '?'}comment_id={comment.rpartition('_')[2]}" if comment else base


def _mention(account: Account, piece: Piece, value: dict[str, Any]) -> Inbound:
    """Somebody names the Page in a post or comment elsewhere, where it may not answer in private."""
    event = _feed(account, piece, value)
    return replace(event, targets_us="mention", policy=()) if event.kind == "message" else event


def _rating(account: Account, piece: Piece, value: dict[str, Any]) -> Inbound:
    """A recommendation of the Page; stars only where it still has them. Comments under one come this way too."""
    own = id_of(value.get("open_graph_story_id"))
    if own is None or value.get("item") == "comment":
        return _feed(account, piece, value)
    kind = KINDS.get(text_of(value.get("verb")), "message")
    named = {"from": {"id": value.get("reviewer_id"), "name": value.get("reviewer_name")}}
    author, at = _author(account, piece, named), _time(piece, value, kind)
    likes = {"POSITIVE": "Recommends us.", "NEGATIVE": "Does not recommend us."}
    words = text_of(value.get("review_text")) or likes.get(text_of(value.get("recommendation_type")), "")
    return Inbound(
        "review" if kind == "message" else kind,
        external_id=own,
        thread_id=own,
        root_id=own,
        visibility="public",
        author=author,
        message_kind="recommendation",
        text=None if kind == "delete" else words,
        rating=number_of(value.get("rating"), 1, 5),
        sent_at=at,
        permalink=f"https://www.facebook.com/{own}",
        targets_us="owned_venue" if kind == "message" else "none",
        problem=_lacking(author, at) if kind == "message" else None,
    )


FIELDS: dict[str, Callable[[Account, Piece, dict[str, Any]], Inbound]] = {
    "feed": _feed,
    "mention": _mention,
    "ratings": _rating,
}
