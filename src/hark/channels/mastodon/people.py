"""Who is who at Mastodon. People are known by the address of their actor, which no other person ever gets."""

from typing import Any
from urllib.parse import urlsplit

from hark.channels.kit.careful_json import Json
from hark.channels.kit.json_api import mapping
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.types import Account, Person

LONGEST = 2_000


def person_of(account: Account, said: Json) -> Person | None:
    """An account as the server shows it; None where it has neither an address nor an id."""
    about = mapping(said)
    key = id_of(about.get("uri")) or id_of(about.get("url")) or id_of(about.get("id"))
    if key is None:
        return None
    return Person(
        key,
        network="mastodon",
        handle=f"@{handle}" if (handle := text_of(about.get("acct"))) else "",
        name=text_of(about.get("display_name")),
        url=web_link(about.get("url")) or "",
        avatar=web_link(about.get("avatar_static")) or "",
        is_self=is_ours(account, about),
        followers=number_of(about.get("followers_count"), 0, 1 << 62),
    )


def is_ours(account: Account, about: dict[str, Any]) -> bool:
    """Is this our own account, by its id on our server, its address or its full name?"""
    ours = {name.lstrip("@").casefold() for name in account.self_ids | account.handles if name}
    host = urlsplit_host(text_of(about.get("url")))
    names = [text_of(about.get(name)) for name in ("id", "uri", "url", "acct")]
    names.append(f"{text_of(about.get('username'))}@{host}" if host else "")
    return any(name.casefold() in ours for name in names if name)


def own_number(account: Account) -> str:
    """Our account's id on our server, as the connection test found it; empty before that."""
    numbers = [name for name in account.self_ids if name and name.isalnum()]
    return min(numbers, key=lambda each: (not each.isdigit(), each), default="")


def urlsplit_host(url: str) -> str:
    """The host of an address, with its port; empty for anything else."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def web_link(said: Json) -> str | None:
    """Only web addresses become links."""
    text = text_of(said)
    return text if text.startswith(("https://", "http://")) and len(text) <= LONGEST else None
