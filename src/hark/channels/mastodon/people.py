"""Who is who at Mastodon. People are known by the address of their actor, which no other person ever gets."""

from typing import Any

from hark.channels.kit.attached import host_of, web
from hark.channels.kit.careful_json import Json
from hark.channels.kit.json_api import mapping
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.types import Account, Person


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
        url=web(text_of(about.get("url"))) or "",
        avatar=web(text_of(about.get("avatar_static"))) or "",
        is_self=is_ours(account, about),
        followers=number_of(about.get("followers_count"), 0, 1 << 62),
    )


def is_ours(account: Account, about: dict[str, Any]) -> bool:
    """Is this our own account, by its id on our server, its address or its full name?"""
    ours = {name.lstrip("@").casefold() for name in account.self_ids | account.handles if name}
    host = host_of(text_of(about.get("url")))
    names = [text_of(about.get(name)) for name in ("id", "uri", "url", "acct")]
    names.append(f"{text_of(about.get('username'))}@{host}" if host else "")
    return any(name.casefold() in ours for name in names if name)


def own_number(account: Account) -> str:
    """Our account's id on our server, as the connection test found it; empty before that."""
    numbers = [name for name in account.self_ids if name and name.isalnum()]
    return min(numbers, key=lambda each: (not each.isdigit(), each), default="")
