"""What was done with a case, as sentences: who, and what."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from hark.conversations.matter import ordinal
from hark.conversations.types import HeldState
from hark.understanding.outgoing import NAMES

WOKEN = {
    "time": "opened the case again: its time has come",
    "message": "woke the case by writing",
    "hand": "woke the case",
}
Words = Callable[[Mapping[str, Any], Mapping[str, str]], str]


def _assigned(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    holder = names.get(data.get("agent", ""))
    return f"gave the case to {holder}" if holder else "put the case back into the team inbox"


def _snoozed(data: Mapping[str, Any], _: Mapping[str, str]) -> str:
    return f"snoozed the case until {_time_ahead(data['until'])}"


def _held(data: Mapping[str, Any], _: Mapping[str, str]) -> str:
    if data.get("why") == HeldState.APPROVAL:
        return "asked for approval of a reply"
    return f"wrote a reply that leaves {_time_ahead(data['until'])}"


def _found(kind: str) -> str:
    return NAMES.get(kind, kind).lower()


def _time_ahead(until: str) -> str:
    local = timezone.localtime(datetime.fromisoformat(until))
    return f"{local:%a} {local.day} {local:%b, %H:%M}"


def _address_left(data: Mapping[str, Any], _: Mapping[str, str]) -> str:
    if not data.get("left"):
        return "took the e-mail address back"
    return "left an e-mail address: what is answered after they have gone goes there"


def _tagged(data: Mapping[str, Any], _: Mapping[str, str]) -> str:
    because = f": {data['because']}" if data.get("because") else ""
    return f"tagged the case {data.get('name', '')}{because}"


def _again(data: Mapping[str, Any], _: Mapping[str, str]) -> str:
    number = int(data.get("contacts") or 0)
    return f"marked the case: {ordinal(number)} contact on this matter" if number else "took the mark “again” off"


def _matter_corrected(data: Mapping[str, Any], _: Mapping[str, str]) -> str:
    return "said: the same matter after all" if data.get("same") else "said: not the same matter as before"


def _message_moved(data: Mapping[str, Any], _: Mapping[str, str]) -> str:
    if data.get("way") == "in":
        return "brought what the customer wrote last here from the other case of this talk"
    return "moved what the customer wrote last to the other case of this talk"


DONE: dict[str, Words] = {
    "case.opened": lambda data, _: "split off this case" if data.get("by") == "split" else "opened the case",
    "case.status": lambda data, _: f"set the case to {data.get('status', '')}",
    "case.resolved": lambda _, __: "resolved the case",
    "case.reopened": lambda _, __: "opened the case again",
    "case.spam": lambda data, _: "called the case spam" if data.get("spam") else "said that the case is no spam",
    "case.again": _again,
    "case.matter_corrected": _matter_corrected,
    "case.no_senior": lambda _, __: "offers the case to everybody: no senior was free in time",
    "case.assigned": _assigned,
    "case.snoozed": _snoozed,
    "case.woken": lambda data, _: WOKEN.get(data.get("why", ""), WOKEN["hand"]),
    "case.tagged": _tagged,
    "case.planned": lambda data, _: f"placed the case by the plan for {data.get('mood', '')}: {data.get('words', '')}",
    "case.untagged": lambda data, _: f"took off the tag {data.get('name', '')}",
    "case.merged": lambda _, __: "merged another case into this one",
    "case.merged_away": lambda _, __: "merged this case into another one",
    "case.unmerged": lambda _, __: "took the merge of two cases back",
    "case.split": lambda _, __: "split off a new case",
    "case.message_moved": _message_moved,
    "case.address_left": _address_left,
    "reply.held": _held,
    "reply.put_off": lambda data, _: f"chose another time for a reply: {_time_ahead(data['until'])}",
    "reply.stopped": lambda _, __: "stopped a reply before it left; its author decides",
    "reply.taken_back": lambda _, __: "took back a reply that waited",
    "reply.approved": lambda data, _: f"approved a reply{', with other words' if data.get('changed') else ''}",
    "reply.sent_back": lambda _, __: "sent a reply back to its author",
    "reply.overruled": lambda data, _: f"sends it all the same: {', '.join(map(_found, data.get('found', ())))}",
    "case.went_there": lambda _, __: "went to the venue to answer there",
    "case.macro": lambda data, _: f"ran the macro {data.get('title', '')}",
}


def what_was_done(row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, str]:
    """(who, what) of an event; `names` are agents' by key."""
    data = row["data"]
    if row["kind"] == "case.woken" and data.get("why") == "message":
        return "The customer", WOKEN["message"]
    if row["kind"] == "case.address_left":
        return "The customer", _address_left(data, names)
    who = names.get(row["actor"], "Hark")
    if row["kind"] == "case.assigned" and data.get("agent") == row["actor"]:
        return who, "took the case"
    return who, DONE[row["kind"]](data, names)


def other_case(row: Mapping[str, Any]) -> str:
    """The key of the other case that an event speaks of; empty where there is none."""
    return str(row["data"].get("other") or row["data"].get("into") or "")
