"""A post at a Discourse forum: in the topic that is answered, or as a private message of its own."""

from typing import Any
from urllib.parse import quote

from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry, SendError
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.json_api import JsonApi, in_its_words, mapping, reason_of
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.types import Outbound, OutboundFile
from hark.kernel.http import HttpResponse

Said = dict[str, Any]
GONE = "The post that this answers is not there any more, or this account may not see it."
NOT_PRIVATE = "This topic is public. Move the talk to private first, or answer in public."
NO_TOPIC = "Nobody knows in which topic this belongs."
WRONG_KEY = "API username or key is invalid"
TITLE = 200
MOST_FILES = 5


def refusal(response: HttpResponse) -> SendError:
    """A key that the forum does not know is answered like a thing that is not allowed; only the words differ."""
    if response.status == 403 and WRONG_KEY in reason_of(response):
        return AuthLost("the forum does not know this key")
    return in_its_words(response)


def as_post(api: JsonApi, outbound: Outbound) -> Said:
    """The fields of the new post, after a look at the one that it answers. Raises Refused."""
    if len(outbound.attachments) > MOST_FILES:
        raise Refused("files", f"At most {MOST_FILES} files go with a post here.")
    number = outbound.target.parent or outbound.target.external_id
    answered = _answered(api, number) if number.isdigit() else {}
    raw = "\n\n".join([outbound.text, *(_uploaded(api, file) for file in outbound.attachments)])
    if outbound.private_of and outbound.visibility == "private":
        return {"raw": raw, **_to_the_author(answered)}
    topic = id_of(answered.get("topic_id")) or outbound.target.thread
    if not topic.isdigit():
        raise Refused("no_topic", NO_TOPIC)
    if outbound.visibility == "private" and not _is_private(api, topic):
        raise Refused("not_private", NOT_PRIVATE)
    said: Said = {"raw": raw, "topic_id": int(topic)}
    above = number_of(answered.get("post_number"), 1, 1 << 40)
    return {**said, "reply_to_post_number": above} if above else said


def _answered(api: JsonApi, number: str) -> Said:
    try:
        return mapping(api.get(f"/posts/{quote(number)}.json"))
    except Refused as error:
        raise Refused("gone", GONE) if error.code in {"404", "410"} else error from None


def _to_the_author(answered: Said) -> Said:
    """A private message to whoever wrote it, by the name he has today."""
    name = text_of(answered.get("username"))
    if not name:
        raise Refused("gone", GONE)
    title = text_of(answered.get("topic_title")) or text_of(answered.get("topic_slug")).replace("-", " ") or "your post"
    return {"title": f"About: {title}"[:TITLE], "target_recipients": name, "archetype": "private_message"}


def _is_private(api: JsonApi, topic: str) -> bool:
    """Is this topic a talk of few? What is meant for one person never goes where all can read it."""
    return text_of(mapping(api.get(f"/t/{topic}.json")).get("archetype")) == "private_message"


def _uploaded(api: JsonApi, file: OutboundFile) -> str:
    """A file brought to the forum, as it is named in a post. Nothing is published by that."""
    parts = [("file", file.name, file.mime, bytes_of(file))]
    try:
        said = mapping(api.upload("/uploads.json", {"type": "composer", "synchronous": "true"}, parts))
    except Ambiguous as error:
        raise Retry(detail="a file did not arrive there") from error
    url = text_of(said.get("short_url"))
    if not url.startswith("upload://"):
        raise Retry(detail="the forum did not say where it keeps a file")
    name = file.name.replace("[", "(").replace("]", ")").replace("|", "-")
    return f"![{name}]({url})" if file.mime.startswith("image/") else f"[{name}|attachment]({url})"
