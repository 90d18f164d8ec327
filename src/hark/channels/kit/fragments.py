"""The short HTML of posts, a page of them at a time: plain ones are read here, all others in one call of the child."""

import json
import re
from collections.abc import Sequence

from hark.channels.kit.formatted import Cleaned
from hark.kernel.foreign_html import html_text
from hark.kernel.hostile import read_in_child

TOGETHER = "hark.kernel.foreign_html:cleaned_together"
LONGEST_PLAIN = 50_000
TAG = re.compile(r"<[^<>]{0,4000}>")
PLAIN = re.compile(r"</?(?:p|br|a|span)(?:\s[^<>]*)?/?>", re.IGNORECASE)
DRESSED = re.compile(r"[\s\"'/](?:style|hidden|dir|color|bgcolor)\b", re.IGNORECASE)


def cleaned_all(fragments: Sequence[str]) -> list[Cleaned]:
    """What may be kept of each, in order. Pure and total.

    A fragment of paragraphs, breaks, links and spans without any style gives its words alone: nothing of it is worth
    showing as it was formatted, and one linear pass over it needs no child. Where the child fails, the words remain.
    """
    formatted = [fragment for fragment in fragments if not is_plain(fragment)]
    read = iter(_in_child(formatted) if formatted else ())
    return [Cleaned(text=html_text(one)) if is_plain(one) else next(read) for one in fragments]


def is_plain(fragment: str) -> bool:
    """Is it nothing but paragraphs, breaks, links and spans, none of them dressed up or hidden?"""
    if len(fragment) > LONGEST_PLAIN or "<" in TAG.sub("", fragment):
        return False
    return all(PLAIN.fullmatch(tag) and not DRESSED.search(tag) for tag in TAG.findall(fragment))


def _in_child(fragments: list[str]) -> list[Cleaned]:
    said = read_in_child(TOGETHER, json.dumps(fragments).encode()).value
    if not isinstance(said, list) or len(said) != len(fragments):
        return [Cleaned(text=html_text(one)) for one in fragments]
    return [Cleaned(one.get("html", ""), one.get("text", ""), one.get("hidden_text", "")) for one in said]
