"""The short HTML of posts, a page of them at a time: plain ones are read here, all others as `formatted` does."""

import re
from collections.abc import Sequence

from hark.channels.kit.formatted import Cleaned
from hark.channels.kit.formatted import cleaned_all as formatted_all
from hark.kernel.foreign_html import html_text

LONGEST_PLAIN = 50_000
TAG = re.compile(r"<[^<>]{0,4000}>")
PLAIN = re.compile(r"</?(?:p|br|a|span)(?:\s[^<>]*)?/?>", re.IGNORECASE)
DRESSED = re.compile(r"[\s\"'/](?:style|hidden|dir|color|bgcolor)\b", re.IGNORECASE)


def words_of_all(fragments: Sequence[str]) -> list[Cleaned]:
    """What may be kept of each, in order. Pure and total.

    A fragment of paragraphs, breaks, links and spans without any style gives its words alone: nothing of it is worth
    showing as it was formatted, and one linear pass over it needs no child.
    """
    formatted = [fragment for fragment in fragments if not is_plain(fragment)]
    read = iter(formatted_all(formatted))
    return [Cleaned(text=html_text(one)) if is_plain(one) else next(read) for one in fragments]


def is_plain(fragment: str) -> bool:
    """Is it nothing but paragraphs, breaks, links and spans, none of them dressed up or hidden?"""
    if len(fragment) > LONGEST_PLAIN or "<" in TAG.sub("", fragment):
        return False
    return all(PLAIN.fullmatch(tag) and not DRESSED.search(tag) for tag in TAG.findall(fragment))
