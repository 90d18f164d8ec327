"""A feed's bytes, into plain values. Runs in the child that may be killed, and nowhere else."""

import calendar
import re
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import feedparser

MOST_ENTRIES = 200
LONGEST = 250_000  # of a text; what is behind that is at the link
LONGEST_NAME = 400
TAG = re.compile(r"<[^<>]*>")
PICTURE, SMILEY = re.compile(r"<img\b[^<>]{0,1000}>"), re.compile(r"\bclass=[\"'][^\"']*(?:emoji|smiley)")
ALT = re.compile(r"\balt=[\"']([^\"'<>]{1,20})[\"']")
PLAIN = frozenset({"text/plain", "text"})


def entries_in(body: bytes, content_type: str, address: str) -> dict[str, Any]:
    """`{"kind": "rss20", "entries": […]}` in the feed's own order; an empty kind: it is no feed.

    Nothing is fetched: not the feed, not what its entities name.
    """
    headers = {"content-type": content_type or "application/xml", "content-location": address}
    said = feedparser.parse(BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    feed = said.get("feed", {})
    about = {"title": _line(feed, "title"), "link": _line(feed, "link"), "lang": _line(feed, "language")}
    base = address or about["link"]
    entries = [_entry(one, about, base) for one in said.get("entries", [])[:MOST_ENTRIES]]
    return {"kind": str(said.get("version", "")), **about, "entries": entries}


def _entry(said: Any, about: dict[str, str], base: str) -> dict[str, Any]:
    """One entry. `html` or `text` is its full text where the feed gives it, else the summary."""
    content, is_plain = _content(said)
    title = TAG.sub("", _line(said, "title"))
    found: dict[str, Any] = {
        "title": title,
        "link": _joined(base, _line(said, "link")),
        "at": _time(said, "published_parsed") or _time(said, "updated_parsed"),
        "author": _line(said.get("author_detail") or {}, "name") or _line(said, "author"),
        "author_url": _line(said.get("author_detail") or {}, "href"),
        "lang": _language(said) or about["lang"],
        "text" if is_plain else "html": content,
        "digest": _digest(title, content),
    }
    digest = sha256(f"{title}|{found['at']}|{content}".encode("utf-8", "replace")).hexdigest()
    found["id"] = _line(said, "id") or found["link"] or f"sha256:{digest}"
    return found


def _content(said: Any) -> tuple[str, bool]:
    """The full text where the feed gives it, else the summary; and whether that is plain text."""
    forms = [one for one in said.get("content", []) if isinstance(one, dict) and one.get("value")]
    summary = said.get("summary_detail")
    form = next(iter(forms), summary if isinstance(summary, dict) else {})
    words = str(form.get("value") or "")[:LONGEST]
    return PICTURE.sub(_letter, words), str(form.get("type") or "") in PLAIN


def _letter(picture: re.Match[str]) -> str:
    """WordPress sends an emoji as a picture that bears its letter."""
    alt = ALT.search(picture.group()) if SMILEY.search(picture.group()) else None
    return alt.group(1) if alt else picture.group()


def _language(said: Any) -> str:
    forms = [one for one in said.get("content", []) if isinstance(one, dict)]
    return next((str(one["language"]) for one in forms if one.get("language")), "")[:LONGEST_NAME]


def _joined(base: str, link: str) -> str:
    """A link as an address of its own."""
    try:
        return urljoin(base, link) if link else ""
    except ValueError:
        return link


def _line(said: Any, name: str) -> str:
    value = said.get(name)
    return " ".join(value.split())[: LONGEST_NAME * 5] if isinstance(value, str) else ""


def _time(said: Any, name: str) -> str:
    """A time that feedparser has brought to UTC, as ISO 8601."""
    parts = said.get(name)
    try:
        return datetime.fromtimestamp(calendar.timegm(parts), UTC).isoformat() if parts else ""
    except (ValueError, OverflowError, OSError, TypeError):
        return ""


def _digest(title: str, content: str) -> str:
    """Of the words alone: what counts its readers in a picture is not another text each time."""
    words = " ".join(f"{title} {TAG.sub(' ', content)}".split())
    return sha256(words.encode("utf-8", "replace")).hexdigest()[:10]
