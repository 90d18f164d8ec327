"""A reply to a post at Mastodon: who is named in it, who may see it, what goes with it."""

from typing import Any
from urllib.parse import quote

from hark.channels.errors import Ambiguous, Refused, Retry
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.json_api import JsonApi, mapping, mappings
from hark.channels.kit.words import id_of, text_of
from hark.channels.mastodon.people import is_ours
from hark.channels.types import Account, Outbound, OutboundFile

MOST_FILES = 4
GONE = "The post that this answers is not there any more, or we may no longer see it."
NOT_WIDER = "This post was for us alone. Answer it in private."
Said = dict[str, Any]


def answered(api: JsonApi, outbound: Outbound) -> Said:
    """The post that is answered, as it is now; empty for a post of its own. Raises Refused where it is gone."""
    number = outbound.target.parent or outbound.target.external_id
    if not number:
        return {}
    try:
        return mapping(api.get(f"/api/v1/statuses/{quote(number, safe='')}"))
    except Refused as error:
        raise Refused("gone", GONE) if error.code == "404" else error from None


def as_status(account: Account, outbound: Outbound, about: Said) -> Said:
    """The fields of the new status."""
    said: Said = {"status": addressed(account, outbound.text, about), "visibility": _seen_by(outbound, about)}
    if number := id_of(about.get("id")):
        said["in_reply_to_id"] = number
    return said


def addressed(account: Account, text: str, about: Said) -> str:
    """The text with the name of whom it is for: without it Mastodon tells him nothing.

    That is the author of the post answered, or whom we named ourselves in it. Nobody else who took part is named, so
    that a private answer reaches nobody else.
    """
    author = mapping(about.get("account"))
    people = mappings(about.get("mentions"), 50)[:1] if is_ours(account, author) else [author]
    names = [f"@{name}" for one in people if (name := text_of(one.get("acct")))]
    missing = [name for name in names if name.casefold() not in text.casefold()]
    return " ".join([*missing, text])


def reworded(account: Account, text: str, about: Said) -> Said:
    """The fields of a status of ours that says something else: what is not named again would be taken off it."""
    said: Said = {"status": addressed(account, text, about)}
    if files := [text_of(one.get("id")) for one in mappings(about.get("media_attachments"), MOST_FILES)]:
        said["media_ids"] = files
    return said


def _seen_by(outbound: Outbound, about: Said) -> str:
    """Never seen by more people than the post it answers."""
    there = text_of(about.get("visibility"))
    if outbound.visibility == "private":
        return "direct"
    if there == "direct":
        raise Refused("private", NOT_WIDER)
    return "private" if outbound.visibility == "limited" or there == "private" else there or "public"


def uploaded(api: JsonApi, files: tuple[OutboundFile, ...]) -> list[str]:
    """The ids of files brought to the server. Nothing is published by it: a line that breaks is no doubt.

    Raises Refused for what the server would have to work on first: a status cannot take it at once.
    """
    if len(files) > MOST_FILES:
        raise Refused("files", f"A post here takes at most {MOST_FILES} pictures.")
    if any(not file.mime.startswith("image/") for file in files):
        raise Refused("files", "Only pictures can go with a post here; send a link to anything else.")
    return [_upload(api, file) for file in files]


def _upload(api: JsonApi, file: OutboundFile) -> str:
    try:
        said = mapping(api.upload("/api/v2/media", {}, [("file", file.name, file.mime, bytes_of(file))]))
    except Ambiguous as error:
        raise Retry(detail="a file did not arrive there") from error
    number = id_of(said.get("id"))
    if number is None:
        raise Retry(detail="the server did not say where it keeps a file")
    return number
