"""Calls about an Instagram account, into Hark's words. Pure and total (Instagram documentation, "Webhooks")."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hark.channels.instagram.mentions import named
from hark.channels.kit.careful_json import Unreadable
from hark.channels.kit.words import id_of, text_of
from hark.channels.meta.hooks import Piece, is_foreign, moment, pieces, table, unreadable
from hark.channels.meta.talks import read_talk
from hark.channels.meta.writing import private_until
from hark.channels.types import Account, AttachmentRef, Inbound, Person, Raw

FOREIGN = "This is about another account than the one connected here; each account needs a Meta app of its own."
ELSEWHERE = "elsewhere"  # the tag of a mention under a post that is not ours: it is answered another way
WORDLESS = "Instagram tells of a mention without its words and its author; the file beside it has them"


def read_call(account: Account, raw: Raw) -> list[Inbound]:
    """The events of one call, in order; `unknown` with a problem for what cannot be read."""
    try:
        found = pieces(raw.body, ("instagram",))
    except Unreadable as problem:
        return unreadable(account, raw, problem)
    events = [event for piece in found for event in _events(account, piece)]
    return [replace(event, account=account.key, raw_id=raw.id) for event in events]


def _events(account: Account, piece: Piece) -> list[Inbound]:
    if is_foreign(account, piece.account):
        return [Inbound("unknown", problem=FOREIGN)]
    if piece.where in {"messaging", "standby"}:
        return read_talk(account, piece.said, piece.account or account.external_id, "instagram")
    field, value = text_of(piece.said.get("field")), table(piece.said.get("value"))
    read = FIELDS.get(field)
    return [read(account, piece, value) if read else Inbound("unknown", problem=f"an unknown field ({field[:60]})")]


def _comment(account: Account, piece: Piece, value: dict[str, Any]) -> Inbound:
    """A comment under a post of ours. Instagram says no time: that of the call is as near as can be known."""
    own, media = id_of(value.get("id")) or id_of(value.get("comment_id")), id_of(table(value.get("media")).get("id"))
    if own is None:
        return Inbound("unknown", problem="a comment without an id")
    author, at = _author(account, piece, table(value.get("from"))), moment(piece.at)
    is_ours, is_live = bool(author and author.is_self), piece.said.get("field") == "live_comments"
    lacks = [] if author else ["the author is not named"]
    lacks += [] if at else ["the time cannot be read"]
    return Inbound(
        "echo" if is_ours else "message",
        external_id=own,
        thread_id=media or own,
        parent_id=id_of(value.get("parent_id")) or media,
        root_id=media or own,
        visibility="public",
        author=author,
        message_kind="live_comment" if is_live else "comment",
        text=text_of(value.get("text")),
        sent_at=at,
        targets_us="none" if is_ours else "owned_venue",
        policy=() if is_ours or is_live else private_until(at),
        problem=None if is_ours else "; ".join(lacks) or None,
    )


def _author(account: Account, piece: Piece, said: dict[str, Any]) -> Person | None:
    key, handle = id_of(said.get("id")), text_of(said.get("username"))
    if key is None:
        return None
    ours = {piece.account, account.external_id, *account.self_ids, id_of(said.get("self_ig_scoped_id"))} - {""}
    return Person(
        key,
        network="instagram",
        scope=piece.account or account.external_id,
        handle=f"@{handle}" if handle else "",
        url=f"https://www.instagram.com/{handle}/" if handle and handle.replace(".", "").isidentifier() else "",
        is_self=key in ours or bool(handle and handle in {name.lstrip("@") for name in account.handles}),
    )


def _mention(account: Account, piece: Piece, value: dict[str, Any]) -> Inbound:
    """Somebody names us under a post that is not ours: only ids come."""
    media, comment = id_of(value.get("media_id")), id_of(value.get("comment_id"))
    own = comment or media
    if own is None:
        return Inbound("unknown", problem="a mention that does not say where")
    return Inbound(
        "message",
        external_id=own,
        thread_id=media or own,
        parent_id=media if comment else None,
        root_id=media or own,
        visibility="public",
        message_kind="mention",
        text="",
        attachments=(AttachmentRef(named(media, comment), "text/plain", None, "mention.txt"),),
        sent_at=moment(piece.at),
        targets_us="mention",
        policy=(ELSEWHERE,),
        problem=WORDLESS,
    )


def _figures(account: Account, piece: Piece, value: dict[str, Any]) -> Inbound:
    """How often a story of ours was seen: nothing a person says."""
    about = id_of(value.get("media_id")) or ""
    return Inbound("profile", external_id=f"story:{about}:{text_of(piece.at)}", sent_at=moment(piece.at))


FIELDS: dict[str, Callable[[Account, Piece, dict[str, Any]], Inbound]] = {
    "comments": _comment,
    "live_comments": _comment,
    "mentions": _mention,
    "story_insights": _figures,
}
