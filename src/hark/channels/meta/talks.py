"""Private talks at Messenger and Instagram: the `messaging` lists of their calls, into Hark's words. Pure and total.

Messenger Platform documentation, "Webhook events"; Instagram Platform documentation, "Webhook notification examples".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hark.channels.kit.words import id_of, text_of
from hark.channels.meta.hooks import moment, table, tables
from hark.channels.types import Account, AttachmentRef, Inbound, Person

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
LONGEST_LINK = 4000
MOST = 30
SAID = {
    "story_mention": "Mentioned us in a story.",
    "location": "Sent a location.",
    "share": "Shared a post.",
    "ig_post": "Shared a post.",
    "post": "Shared a post.",
    "ig_reel": "Shared a reel.",
    "reel": "Shared a reel.",
    "fallback": "Sent a link.",
    "template": "Sent a card.",
    "ephemeral": "Sent a photo that disappears; open it in the app.",
}
FILES = {"image": "image/*", "video": "video/*", "audio": "audio/*", "file": "", "sticker": "image/*"}
FILES |= {"story_mention": "", "ig_reel": "video/*", "reel": "video/*"}


@dataclass(frozen=True, slots=True)
class Talk:
    """Two parties at a network: the page or account of ours, and the person (`customer`), known in its scope only."""

    network: str
    own: str
    customer: str
    is_ours: bool  # it was sent by us
    at: datetime | None
    answerable: timedelta


def read_talk(account: Account, said: dict[str, Any], own: str, network: str) -> list[Inbound]:
    """The events of one item of a `messaging` list: mostly one, several for receipts."""
    talk = _talk(account, said, own, network)
    if talk is None:
        return [Inbound("unknown", problem="a message that names nobody")]
    for name, read in READERS.items():
        if isinstance(said.get(name), dict):
            return read(talk, said[name])
    kind = next((name for name in said if name not in {"sender", "recipient", "timestamp"}), "")
    if kind in PASSING:
        at = text_of(said.get("timestamp"))
        return [Inbound("profile", external_id=f"{kind}:{talk.customer}:{at}", author=_them(talk), sent_at=talk.at)]
    return [Inbound("unknown", problem=f"an event of an unknown kind ({kind[:60]})")]


def answerable(account: Account) -> timedelta:
    """How long people here may answer: a day, or a week where Meta has let the account use its human agent tag."""
    return WEEK if account.settings.get("human_agent") is True else DAY


def _talk(account: Account, said: dict[str, Any], own: str, network: str) -> Talk | None:
    sender, recipient = (id_of(table(said.get(name)).get("id")) for name in ("sender", "recipient"))
    message = table(said.get("message"))
    is_ours = message.get("is_echo") is True or bool(sender and sender in {own, *account.self_ids} - {""})
    customer, ours = (recipient, sender) if is_ours else (sender, recipient)
    if customer is None:
        return None
    at = moment(said.get("timestamp"), 1000)
    return Talk(network, own or ours or "", customer, is_ours, at, answerable(account))


def _them(talk: Talk) -> Person:
    return Person(talk.customer, network=talk.network, scope=talk.own)


def _author(talk: Talk) -> Person:
    return Person(talk.own, network=talk.network, scope=talk.own, is_self=True) if talk.is_ours else _them(talk)


def _message(talk: Talk, said: dict[str, Any]) -> list[Inbound]:
    own = id_of(said.get("mid"))
    if own is None:
        return [Inbound("unknown", problem="a message without an id")]
    if said.get("is_deleted") is True:
        return [_about(talk, "delete", own)]
    listed, answered = tables(said.get("attachments"))[:MOST], table(said.get("reply_to"))
    words = text_of(said.get("text")) or "\n".join(dict.fromkeys(filter(None, map(_words, listed))))
    problems = [] if talk.at else ["the time cannot be read"]
    problems += ["this kind of message is not passed on; look into the app"] if said.get("is_unsupported") else []
    return [
        Inbound(
            "echo" if talk.is_ours else "message",
            external_id=own,
            thread_id=talk.customer,
            parent_id=id_of(answered.get("mid")),
            visibility="private",
            author=_author(talk),
            message_kind="story_reply" if "story" in answered else "message",
            text=words,
            attachments=_files(listed) + _story(answered),
            sent_at=talk.at,
            targets_us="none" if talk.is_ours else "owned_venue",
            client_ref=id_of(said.get("metadata")) if talk.is_ours else None,
            expires_reply_at=None if talk.is_ours or talk.at is None else talk.at + talk.answerable,
            problem="; ".join(problems) or None,
        )
    ]


def _about(talk: Talk, kind: Any, external_id: str, text: str | None = None) -> Inbound:
    return Inbound(
        kind,
        external_id=external_id,
        thread_id=talk.customer,
        visibility="private",
        author=_author(talk),
        text=text,
        sent_at=talk.at,
    )


def _words(one: dict[str, Any]) -> str:
    """What is no text and no file, in words, with its title and place."""
    kind, payload = text_of(one.get("type")), table(one.get("payload"))
    where = table(payload.get("coordinates"))
    place = ", ".join(text_of(str(where[name]))[:20] for name in ("lat", "long") if name in where)
    title = text_of(one.get("title")) or text_of(payload.get("title"))
    link = text_of(one.get("url")) or text_of(payload.get("url")) if kind in {"fallback", "share", "post"} else ""
    known = SAID.get(kind, "" if kind in FILES else "Sent something that is not passed on; open it in the app.")
    return " ".join(filter(None, [known, title[:500] if known else "", place, link[:LONGEST_LINK]]))


def _files(listed: list[dict[str, Any]]) -> tuple[AttachmentRef, ...]:
    found = [(text_of(one.get("type")), text_of(table(one.get("payload")).get("url"))) for one in listed]
    return tuple(
        AttachmentRef(url, FILES[kind] if "*" not in FILES[kind] else "")
        for kind, url in found
        if kind in FILES and url.startswith(("https://", "http://")) and len(url) <= LONGEST_LINK
    )


def _story(answered: dict[str, Any]) -> tuple[AttachmentRef, ...]:
    """The story of ours that is answered."""
    url = text_of(table(answered.get("story")).get("url"))
    return (AttachmentRef(url),) if url.startswith("https://") and len(url) <= LONGEST_LINK else ()


def _postback(talk: Talk, said: dict[str, Any]) -> list[Inbound]:
    """A button pressed: its title is what the person said."""
    at = int(talk.at.timestamp() * 1000) if talk.at else 0
    own = id_of(said.get("mid")) or f"postback:{talk.customer}:{at}"
    return _message(talk, {"mid": own, "text": text_of(said.get("title")) or text_of(said.get("payload"))})


def _edit(talk: Talk, said: dict[str, Any]) -> list[Inbound]:
    own = id_of(said.get("mid"))
    if own is None:
        return [Inbound("unknown", problem="an edit that does not say of what")]
    return [_about(talk, "edit", own, text_of(said.get("text")))]


def _reaction(talk: Talk, said: dict[str, Any]) -> list[Inbound]:
    about, taken_back = id_of(said.get("mid")), said.get("action") == "unreact"
    if about is None:
        return [Inbound("unknown", problem="a reaction that does not say to what")]
    at = int(talk.at.timestamp() * 1000) if talk.at else 0
    emoji = "" if taken_back else text_of(said.get("emoji")) or text_of(said.get("reaction"))
    event = _about(talk, "reaction", f"reaction:{talk.customer}:{at}", emoji[:40])
    return [replace(event, parent_id=about)]


def _delivered(talk: Talk, said: dict[str, Any]) -> list[Inbound]:
    listed = said.get("mids")
    ids = [own for own in map(id_of, listed if isinstance(listed, list) else []) if own]
    return [_receipt(talk, "delivered", own) for own in ids] or [_receipt(talk, "delivered", None, said)]


def _read(talk: Talk, said: dict[str, Any]) -> list[Inbound]:
    """Instagram names a message; Messenger only the moment up to which everything has been read."""
    return [_receipt(talk, "read", id_of(said.get("mid")), said)]


def _receipt(talk: Talk, state: Any, about: str | None, said: dict[str, Any] | None = None) -> Inbound:
    until = text_of((said or {}).get("watermark"))
    return Inbound(
        "receipt",
        external_id=about or f"{state}:{talk.customer}:{until}",
        thread_id=talk.customer,
        author=_them(talk),
        state=state,
        state_of=about,
        sent_at=talk.at or moment(until, 1000),
    )


READERS: dict[str, Callable[[Talk, dict[str, Any]], list[Inbound]]] = {
    "message": _message,
    "postback": _postback,
    "message_edit": _edit,
    "reaction": _reaction,
    "delivery": _delivered,
    "read": _read,
}
PASSING = frozenset(
    {"referral", "optin", "account_linking", "pass_thread_control", "take_thread_control", "request_thread_control",
     "app_roles", "game_play", "policy_enforcement"}
)  # fmt: skip
