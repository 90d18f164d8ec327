"""WordPress's comments, into Hark's words. Pure and total.

Two headers of our own stand beside what a poll stored: what has become of a comment, which WordPress does not say, and
which comment its thread begins with.
"""

import hashlib
import html
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from hark.channels.kit.careful_json import MAX_BATCH_BYTES, Json, Unreadable, loads
from hark.channels.kit.formatted import Cleaned, cleaned_all
from hark.channels.kit.words import id_of, mail_address, storable, text_of, time_of
from hark.channels.types import Account, Inbound, Person, Raw

EVENT, ROOT, BACK = "wordpress-event", "wordpress-root", "wordpress-back"
EDITED = "edited"
HELD = "held"
GONE = frozenset({"trash", "spam"})
DEEPEST = 50
WAITED = "It waited for moderation in WordPress when it came; nobody else could read it then."
NO_TIME = "the time cannot be read"


def read_comments(account: Account, raw: Raw) -> list[Inbound]:
    """A comment, a list of comments, or WordPress's answer to a deletion; `unknown` where it is something else."""
    try:
        said = loads(raw.body, max_bytes=MAX_BATCH_BYTES)
    except Unreadable as problem:
        return [Inbound("unknown", account=account.key, raw_id=raw.id, problem=str(problem))]
    several = said if isinstance(said, list) else [said]
    parents = {id_of(one.get("id")) or "": number_of_parent(one) for one in several if isinstance(one, dict)}
    shown = cleaned_all([_markup(one) if isinstance(one, dict) else "" for one in several])
    read = [_event(account, one, clean, raw.headers, parents) for one, clean in zip(several, shown, strict=True)]
    return [replace(event, account=account.key, raw_id=raw.id) for event in read]


def number_of_parent(comment: Mapping[str, Json]) -> str:
    """The id of the comment that this one answers; empty at the top."""
    parent = id_of(comment.get("parent")) or ""
    return "" if parent == "0" else parent


def time_in(comment: Mapping[str, Json]) -> datetime | None:
    """When it was written: `date_gmt` is in UTC and does not say so."""
    said = text_of(comment.get("date_gmt"))
    return time_of(said if said.endswith("Z") else f"{said}Z") if said else None


def words_in(comment: Mapping[str, Json]) -> str:
    """The words as they are kept there, with markup; what is rendered where nothing else is shown to us."""
    content = comment.get("content")
    if isinstance(content, dict):
        return text_of(content.get("raw")) or text_of(content.get("rendered"))
    return text_of(content)


def site_of(account: Account, link: str = "") -> str:
    """The site, as the scope of its people's ids."""
    try:
        parts = urlsplit(account.base_url or link)
    except ValueError:
        return ""
    return f"{parts.netloc}{parts.path if account.base_url else ''}".rstrip("/").lower()


def _event(
    account: Account, said: Json, clean: Cleaned, headers: Mapping[str, str], parents: Mapping[str, str]
) -> Inbound:
    if not isinstance(said, dict):
        return Inbound("unknown", problem="no comment")
    previous = said.get("previous")
    if said.get("deleted") is True and isinstance(previous, dict):
        return _gone(previous)
    number = id_of(said.get("id"))
    if number is None or not (said.keys() & {"content", "post"}):
        return Inbound("unknown", external_id=number, problem="no comment")
    if text_of(said.get("status")) in GONE:
        return _gone(said)
    return _comment(account, said, clean, headers, _root(number, parents, headers))


def _gone(said: Mapping[str, Json]) -> Inbound:
    number = id_of(said.get("id"))
    if number is None:
        return Inbound("unknown", problem="a deletion that names no comment")
    return Inbound("delete", external_id=number)


def _comment(
    account: Account, said: Mapping[str, Json], clean: Cleaned, headers: Mapping[str, str], root: str
) -> Inbound:
    link, at, parent = _link(said.get("link")), time_in(said), number_of_parent(said)
    author = _author(account, said, link)
    shown = clean if _markup(said) else Cleaned(text=storable(html.unescape(words_in(said))))
    edited, held = headers.get(EVENT) == EDITED, text_of(said.get("status")) == "hold"
    back = ("backfilled",) if headers.get(BACK) else ()
    problems = [NO_TIME] if at is None else []
    event = Inbound(
        "echo" if author.is_self else "message",
        external_id=id_of(said.get("id")),
        thread_id=f"{id_of(said.get('post')) or ''}:{root}",
        parent_id=parent or None,
        root_id=root,
        visibility="public",
        author=author,
        message_kind="comment",
        text=shown.text,
        html=shown.html or None,
        hidden_text=shown.hidden_text,
        sent_at=at,
        permalink=link or None,
        targets_us="none" if author.is_self else "owned_venue",
        policy=(*back, *((HELD,) if held else ())),
        problem="; ".join([*problems, *([WAITED] if held and not author.is_self else [])]) or None,
    )
    if not edited:
        return event
    # WordPress does not say when it was edited: the moment at which Hark saw it stands for that.
    return replace(event, kind="edit", sent_at=None, author=None if author.is_self else author, problem=None)


def _root(number: str, parents: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """The comment at the top. Where only the parent is known, that is taken for it: most threads are two deep."""
    if headers.get(ROOT):
        return storable(headers[ROOT])[:40]
    for _ in range(DEEPEST):
        above = parents.get(number, "")
        if not above:
            break
        number = above
    return number


def _markup(said: Mapping[str, Json]) -> str:
    """What has to be cleaned before it can be shown: most comments hold no markup."""
    content = said.get("content")
    rendered = text_of(content.get("rendered")) if isinstance(content, dict) else ""
    words = words_in(said)
    return (rendered or in_paragraphs(words)) if "<" in words else ""


def in_paragraphs(words: str) -> str:
    """Line ends mean something in WordPress: an empty line begins a paragraph, another one a line."""
    lines = words.replace("\r\n", "\n").strip()
    return "<p>" + lines.replace("\n\n", "</p><p>").replace("\n", "<br>") + "</p>"


def _author(account: Account, said: Mapping[str, Json], link: str) -> Person:
    """A user of the site by his number; a guest by a digest of the address that he typed, which proves nothing."""
    site, user = site_of(account, link), id_of(said.get("author")) or "0"
    address = mail_address(text_of(said.get("author_email")))
    if user != "0":
        key = user
    elif address:
        key = "guest:" + hashlib.sha256(f"{site}|{address}".encode()).hexdigest()[:32]
    else:
        key = f"comment:{id_of(said.get('id'))}"
    return Person(
        key,
        network="wordpress",
        scope=site,
        name=html.unescape(text_of(said.get("author_name")))[:200],
        url=_link(said.get("author_url")),
        is_self=user != "0" and user in account.self_ids,
        claims=(("email", address),) if address else (),
    )


def _link(said: Json) -> str:
    """Only web addresses become links."""
    text = text_of(said)
    return text if text.startswith(("https://", "http://")) and len(text) <= 2000 else ""
