"""What leaves for Reddit: an answer below a comment, post or message, or a message of its own; and changes of both."""

import re
from typing import Any

from hark.channels.errors import Refused, Retry, SendError
from hark.channels.kit.careful_json import Json
from hark.channels.kit.json_api import JsonApi, in_its_words, mapping, mappings
from hark.channels.kit.once import error_of
from hark.channels.kit.words import id_of, text_of
from hark.channels.types import Outbound
from hark.kernel.http import HttpResponse

NAME = re.compile(r"t[134]_\w{1,20}")
SUBJECT = 100
GONE = "What this answers is not there any more."
Said = dict[str, Any]


def refusal(response: HttpResponse) -> SendError:
    """Reddit says in a header of its own when the next request is welcome."""
    if response.status == 429:
        seconds = _seconds(response.headers.get("x-ratelimit-reset", ""))
        error = error_of(response)
        return (
            error
            if isinstance(error, Retry) and error.after_seconds is not None
            else Retry(seconds, "too many requests")
        )
    if response.status == 403:
        return Refused("403", "Reddit forbids this: the account is banned there, or the talk is closed.")
    return in_its_words(response)


def answer(api: JsonApi, outbound: Outbound) -> Said:
    """The new comment, or the new message where a message is answered. Raises Refused where Reddit says why not."""
    about = outbound.target.parent or outbound.target.external_id
    if not NAME.fullmatch(about):
        raise Refused("no_target", "Nobody knows what this answers.")
    if outbound.visibility == "private" and not about.startswith("t4_"):
        raise Refused("not_private", "This is public. Move the talk to private first, or answer in public.")
    said = _done(api.submit("/api/comment", {"api_type": "json", "thing_id": about, "text": outbound.text}))
    things = mappings(mapping(said.get("data")).get("things"))
    return mapping(things[0].get("data")) if things else {}


def message(api: JsonApi, outbound: Outbound) -> Said:
    """A private message to whoever wrote what is answered. Reddit gives no number with it: it is looked up."""
    about = mapping(_thing(api, outbound.private_of).get("data"))
    who = text_of(about.get("author"))
    if not who or who == "[deleted]":
        raise Refused("gone", GONE)
    subject = (outbound.subject or text_of(about.get("title")) or "Your comment")[:SUBJECT]
    _done(api.submit("/api/compose", {"api_type": "json", "to": who, "subject": subject, "text": outbound.text}))
    try:
        sent = mapping(api.get("/message/sent", [("limit", "10"), ("raw_json", "1")]))
    except SendError:  # it has left; its echo brings the number
        return {}
    found = [mapping(one.get("data")) for one in mappings(mapping(sent.get("data")).get("children"))]
    ours = [one for one in found if text_of(one.get("dest")) == who and text_of(one.get("body")) == outbound.text]
    return ours[0] if ours else {}


def _thing(api: JsonApi, name: str) -> Said:
    said = mapping(mapping(api.get("/api/info", [("id", name), ("raw_json", "1")])).get("data"))
    found = mappings(said.get("children"))
    if not found:
        raise Refused("gone", GONE)
    return found[0]


def reword(api: JsonApi, post: str, text: str) -> None:
    """Let a comment say something else."""
    if post.startswith("t4_"):
        raise Refused("no_change", "Reddit does not let a message be changed.")
    _done(api.submit("/api/editusertext", {"api_type": "json", "thing_id": post, "text": text}))


def remove(api: JsonApi, post: str) -> None:
    """Take a comment away; Reddit says nothing of what was gone already."""
    if post.startswith("t4_"):
        raise Refused("no_change", "Reddit does not take a message back.")
    api.submit("/api/del", {"id": post})


def _done(said: Json) -> Said:
    """What is in an answer. Reddit answers 200 to what it refuses, and says why in it."""
    body = mapping(mapping(said).get("json"))
    errors = body.get("errors")
    if not isinstance(errors, list) or not errors:
        return body
    first = errors[0] if isinstance(errors[0], list) else [errors[0]]
    code, words = text_of(first[0]), text_of(first[1]) if len(first) > 1 else ""
    if code == "RATELIMIT":
        raise Retry(_seconds(str(body.get("ratelimit") or "")), "Reddit asks for patience")
    raise Refused(code or "refused", f"Reddit refused it: {words[:200] or code}")


def _seconds(text: str) -> float | None:
    found = re.fullmatch(r"(\d{1,6})(?:\.\d+)?", text.strip())
    return float(found[1]) if found else None


def name_of(said: Said) -> str | None:
    """The full name of a comment or message."""
    return id_of(said.get("name"))
