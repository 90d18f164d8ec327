"""An answer at Tumblr: a reblog of the post with a comment, which is the only way that its interface has."""

import re
from typing import Any
from urllib.parse import quote

from hark.channels.errors import Refused, Retry, SendError
from hark.channels.kit.careful_json import Unreadable, loads
from hark.channels.kit.json_api import JsonApi, mapping, mappings
from hark.channels.kit.once import error_of
from hark.channels.kit.words import id_of, text_of
from hark.channels.tumblr.polling import post_of
from hark.channels.types import Outbound
from hark.kernel.http import HttpResponse

GONE = "The post that this answers is not there any more, or its blog does not let us see it."
TOMORROW = frozenset({8004, 8023})  # so many posts a day, and no more
HOUR = 3600.0
NOTE = re.compile(r"note:(\d{1,19}):")
Said = dict[str, Any]


def refusal(response: HttpResponse) -> SendError:
    """What an answer other than 2xx means: Tumblr gives a number of its own and a few words."""
    error = error_of(response)
    try:
        first = (mappings(mapping(loads(response.body)).get("errors"), 1) or [{}])[0]
    except Unreadable:
        return error
    if first.get("code") in TOMORROW:
        return Retry(HOUR, "Tumblr takes no more posts of this blog today")
    words = text_of(first.get("detail")) or text_of(first.get("title"))
    return Refused(error.code, f"Tumblr refused it: {words[:200]}") if isinstance(error, Refused) and words else error


def as_reblog(api: JsonApi, blog: str, outbound: Outbound) -> Said:
    """The fields of the new post. What answers a reply reblogs our own post and names whoever replied."""
    about = outbound.target.parent or outbound.target.external_id
    note = NOTE.match(about)
    number = note[1] if note else about
    homes = [blog] if note or not outbound.target.person else [outbound.target.person, blog]
    post = next((found for home in homes if number.isdigit() and (found := post_of(api, home, number))), {})
    owner = text_of(mapping(post.get("blog")).get("uuid")) or text_of(post.get("tumblelog_uuid"))
    if not post or not owner or not text_of(post.get("reblog_key")):
        raise Refused("gone", GONE)
    named = _name_of(api, outbound.target.person) if note else {}
    return {
        "content": blocks(outbound.text, named),
        "parent_tumblelog_uuid": owner,
        "parent_post_id": id_of(post.get("id_string")) or id_of(post.get("id")),
        "reblog_key": text_of(post.get("reblog_key")),
    }


def _name_of(api: JsonApi, person: str) -> Said:
    """A blog's name of today and its number, so that it is told; empty where it cannot be seen."""
    try:
        said = mapping(mapping(api.get(f"/v2/blog/{quote(person, safe=':')}/info")).get("response"))
    except Refused:
        return {}
    return mapping(said.get("blog"))


def blocks(text: str, named: Said) -> list[Said]:
    """The paragraphs of a text, the first with the name of whom it is for."""
    made: list[Said] = [{"type": "text", "text": part} for part in re.split(r"\n\s*\n", text) if part.strip()]
    name, number = text_of(named.get("name")), text_of(named.get("uuid"))
    if name and number and made and f"@{name}" not in text:
        shown = f"@{name}"
        mention = {"start": 0, "end": len(shown), "type": "mention", "blog": {"uuid": number}}
        made[0] = {"type": "text", "text": f"{shown} {made[0]['text']}", "formatting": [mention]}
    return made


def reword(api: JsonApi, blog: str, post: str, text: str) -> None:
    """Other words for a post of ours; it stays the reblog that it is, for which Tumblr wants its parent again."""
    path = f"/v2/blog/{quote(blog)}/posts/{quote(post, safe='')}"
    there = mapping(mapping(api.get(path, [("post_format", "npf")])).get("response"))
    kept = {name: there[name] for name in ("parent_tumblelog_uuid", "parent_post_id", "reblog_key") if there.get(name)}
    api.send("PUT", path, {"content": blocks(text, {}), **kept})


def remove(api: JsonApi, blog: str, post: str) -> None:
    """Take a post of ours away; what is gone is gone."""
    try:
        api.send("POST", f"/v2/blog/{quote(blog)}/post/delete", {"id": post})
    except Refused as error:
        if error.code != "404":
            raise
