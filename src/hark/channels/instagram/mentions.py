"""A mention under a post of somebody else: Instagram tells its ids, and gives its words to whoever asks.

They come as a small file of the message, for `parse` may ask nobody (Instagram Platform documentation, "Mentions").
"""

import re

from hark.channels.errors import Refused
from hark.channels.kit.words import text_of
from hark.channels.meta.graph import ask
from hark.channels.meta.hooks import table
from hark.channels.types import Account

PREFIX = "mention:"
NAMED = re.compile(r"mention:([0-9]{1,40}):([0-9]{0,40})")
NO_MENTION = "This is no mention that Instagram knows."


def named(media: str | None, comment: str | None) -> str:
    """The name of a mention's words."""
    return f"{PREFIX}{media or ''}:{comment or ''}"


def is_mention(ref: str) -> bool:
    """Is this the name of a mention's words?"""
    return ref.startswith(PREFIX)


def words_of(account: Account, own: str, ref: str) -> bytes:
    """Who wrote what, and where it stands. Raises the four errors."""
    found = NAMED.fullmatch(ref)
    if found is None:
        raise Refused("no_mention", NO_MENTION)
    media, comment = found.groups()
    if comment:
        asked = f"mentioned_comment.comment_id({comment}){{text,username,media{{permalink}}}}"
        said = table(ask(account, "GET", own, fields=asked).get("mentioned_comment"))
        words, link = text_of(said.get("text")), text_of(table(said.get("media")).get("permalink"))
    else:
        asked = f"mentioned_media.media_id({media}){{caption,username,permalink}}"
        said = table(ask(account, "GET", own, fields=asked).get("mentioned_media"))
        words, link = text_of(said.get("caption")), text_of(said.get("permalink"))
    who = text_of(said.get("username"))
    return "\n".join([f"@{who}: {words}" if who else words, link, ""]).encode("utf-8", "replace")
