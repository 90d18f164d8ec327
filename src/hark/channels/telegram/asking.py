"""Asking Telegram: what has come, and what it knows of our webhook."""

import json
from typing import Any

from hark.channels.errors import Refused, Retry
from hark.channels.kit.attached import host_of
from hark.channels.kit.careful_json import Json
from hark.channels.kit.json_api import JsonApi, mapping, mappings
from hark.channels.kit.words import number_of, text_of
from hark.channels.types import Page, Raw

PAGE = 100
KINDS = ("message", "edited_message", "channel_post", "edited_channel_post", "message_reaction", "my_chat_member")
LEAVES_HOOK = (
    "A webhook is set for this bot. Drop it (the command is on the channel's page), or let Telegram call Hark."
)


def result(said: Json) -> dict[str, Any]:
    """What an answer holds."""
    return mapping(mapping(said).get("result"))


def updates(api: JsonApi, cursor: str, *, wait: int) -> Page:
    """The updates from a place on, each an arrival of its own. Raises Refused where a webhook takes them all."""
    place = [("offset", cursor)] if cursor.isascii() and cursor.isdigit() else []
    asked = [("limit", str(PAGE)), ("timeout", str(wait)), ("allowed_updates", json.dumps(KINDS)), *place]
    try:
        said = mapping(api.get("/getUpdates", asked))
    except Refused as error:
        if error.code != "409":
            raise
        if "webhook" in error.human:
            raise Refused(error.code, LEAVES_HOOK) from None
        raise Retry(detail="somebody else asks for this bot's messages too") from None
    found = mappings(said.get("result"), PAGE)
    numbers = [number for one in found if (number := number_of(one.get("update_id"), 0, 1 << 62)) is not None]
    following = str(max(numbers) + 1) if numbers else cursor
    return Page(tuple(Raw(json.dumps(one).encode()) for one in found), following, more=len(found) >= PAGE)


def hook_problems(hook: dict[str, Any], *, calls: bool, has_secret: bool) -> list[str]:
    """What keeps messages away from us."""
    url = text_of(hook.get("url"))
    if not calls:
        return [LEAVES_HOOK] if url else []
    found = [] if has_secret else ["Make the secret for calls from Telegram, and set the webhook with it."]
    return found if url else [*found, "No webhook is set for this bot. The command is on the channel's page."]


def hook_warnings(me: dict[str, Any], hook: dict[str, Any], *, calls: bool) -> tuple[str, ...]:
    """What Telegram complains about, and what a group would not show us."""
    found = []
    if calls and (trouble := text_of(hook.get("last_error_message"))):
        host = host_of(text_of(hook.get("url")))
        waiting = number_of(hook.get("pending_update_count"), 0, 1 << 40) or 0
        found.append(f"Telegram could not call {host}: {trouble[:200]}. {waiting:,} messages wait there.")
    if me.get("can_read_all_group_messages") is False:
        found.append("In groups the bot sees only what is addressed to it (BotFather: /setprivacy).")
    return tuple(found)
