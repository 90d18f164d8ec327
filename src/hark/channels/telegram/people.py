"""Who is who at Telegram: people and chats have lasting numbers; names may change hands."""

import re
from typing import Any

from hark.channels.kit.careful_json import Json
from hark.channels.kit.json_api import mapping
from hark.channels.kit.words import id_of, text_of
from hark.channels.types import Account, Person

Said = dict[str, Any]
NAME = re.compile(r"\w{1,64}")


def person_of(account: Account, said: Json) -> Person | None:
    """Somebody with an account of his own; None where no number is told."""
    about = mapping(said)
    name = f"{text_of(about.get('first_name'))} {text_of(about.get('last_name'))}".strip()
    return _person(account, about, name)


def chat_as_person(account: Account, said: Said) -> Person | None:
    """A channel or group in whose name somebody writes."""
    return _person(account, said, text_of(said.get("title")))


def _person(account: Account, about: Said, name: str) -> Person | None:
    key, handle = id_of(about.get("id")), text_of(about.get("username"))
    if key is None:
        return None
    return Person(
        key,
        network="telegram",
        handle=f"@{handle}" if handle else "",
        name=name,
        url=f"https://t.me/{handle}" if NAME.fullmatch(handle) else "",
        is_self=is_us(account, about),
    )


def is_us(account: Account, said: Json) -> bool:
    """Is it our bot, by its number?"""
    return id_of(mapping(said).get("id")) in account.self_ids


def own_names(account: Account) -> frozenset[str]:
    """The names by which our bot is called, in lower case with their @."""
    named = (name if name.startswith("@") else f"@{name}" for name in account.self_ids | account.handles if name)
    return frozenset(name.casefold() for name in named)
