"""Replies: a record under a key made of the reply's id, so that sent twice it is there once.

A reply names its parent and the root of its thread by address and content hash (docs.bsky.app, "Posts").
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hark.channels.bluesky.calls import GONE, object_in, read, refusal, request, write
from hark.channels.bluesky.reading import POST, permalink
from hark.channels.errors import Ambiguous, Refused, Retry
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.once import attempt
from hark.channels.kit.words import text_of
from hark.channels.types import Account, Change, Outbound, OutboundFile, Receipt, Target
from hark.kernel.time import now

LETTERS = "234567abcdefghijklmnopqrstuvwxyz"  # atproto.com/specs/tid
LINK = re.compile(rb"(?<![\w@.])https?://[^\s<>\"]{1,1000}[^\s<>\".,;:!?)\]]")
NOT_THERE = Refused("gone", "The post that this answers is not there any more.")
CLOSED = Refused("closed", "Its author lets only some people answer this post.")


def deliver(account: Account, outbound: Outbound) -> Receipt:
    """Put the record, unless it is there already from a try whose end nobody saw."""
    own, key = own_did(account), record_key(outbound.id)
    uri = f"at://{own}/{POST}/{key}"
    if _own_record(account, uri):
        return Receipt((uri,), permalink=permalink(uri))
    record: dict[str, Any] = {
        "$type": POST,
        "text": outbound.text,
        "createdAt": _text(outbound.standing.at or now()),
        **_reply(account, own, outbound.target),
    }
    if facets := _links(outbound.text):
        record["facets"] = facets
    if outbound.attachments:
        record["embed"] = _pictures(account, outbound.attachments)
    put = write(account, "com.atproto.repo.putRecord", {"repo": own, "collection": POST, "rkey": key, "record": record})
    uri = text_of(put.get("uri")) or uri
    return Receipt((uri,), permalink=permalink(uri))


def take_away(account: Account, wanted: Change) -> Receipt:
    """Delete the posts of a reply; one that is gone is gone."""
    own = own_did(account)
    for uri in wanted.of:
        said = {"repo": own, "collection": POST, "rkey": uri.rpartition("/")[2]}
        try:
            write(account, "com.atproto.repo.deleteRecord", said)
        except Refused as error:
            if error.code not in GONE:
                raise
    return Receipt(())


def own_did(account: Account) -> str:
    """Who we are: the one id that stays, whatever handle the account has."""
    return text_of(read(account, "com.atproto.server.getSession").get("did"))


def record_key(number: UUID) -> str:
    """A record key in the form of a TID, made of an id: always the same for the same."""
    bits = int.from_bytes(hashlib.sha256(number.bytes).digest()) >> 196
    return "3" + "".join(LETTERS[(bits >> shift) & 31] for shift in range(55, -1, -5))


def _reply(account: Account, own: str, target: Target) -> dict[str, Any]:
    """Its parent and root, with their content hashes as they are now."""
    parent = target.parent or target.external_id
    if not parent:
        return {}
    if parent.startswith(f"at://{own}/"):  # our own server knows it before the network does
        post = _own_record(account, parent) or {}
        record = post.get("value")
    else:
        posts = read(account, "app.bsky.feed.getPosts", [("uris", parent)]).get("posts")
        post = posts[0] if isinstance(posts, list) and posts and isinstance(posts[0], dict) else {}
        record = post.get("record")
    if not post.get("cid"):
        raise NOT_THERE
    if _object(post.get("viewer")).get("replyDisabled") is True:
        raise CLOSED
    above = {"uri": parent, "cid": post["cid"]}
    root = _object(_object(_object(record).get("reply")).get("root"))
    return {"reply": {"root": {"uri": root["uri"], "cid": root["cid"]} if root else above, "parent": above}}


def _own_record(account: Account, uri: str) -> dict[str, Any] | None:
    own, _, key = uri.removeprefix("at://").partition(f"/{POST}/")
    try:
        return read(account, "com.atproto.repo.getRecord", [("repo", own), ("collection", POST), ("rkey", key)])
    except Refused as error:
        if error.code in GONE:
            return None
        raise


def _links(text: str) -> list[dict[str, Any]]:
    """Addresses become links, at their places in bytes."""
    raw = text.encode("utf-8", "replace")
    return [
        {
            "index": {"byteStart": link.start(), "byteEnd": link.end()},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": link.group().decode("utf-8", "replace")}],
        }
        for link in LINK.finditer(raw)
    ]


def _pictures(account: Account, files: Sequence[OutboundFile]) -> dict[str, Any]:
    return {"$type": "app.bsky.embed.images", "images": [_picture(account, file) for file in files]}


def _picture(account: Account, file: OutboundFile) -> dict[str, Any]:
    """Bring a picture to our server; nothing is published by it, so a line that breaks is no doubt about the reply."""
    wanted = request(account, "POST", "com.atproto.repo.uploadBlob", body=bytes_of(file), mime=file.mime)
    try:
        blob = object_in(attempt(wanted, refusal=refusal)).get("blob")
    except Ambiguous as error:
        raise Retry(detail="the line broke while a picture was sent") from error
    return {"alt": file.name, "image": blob}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
