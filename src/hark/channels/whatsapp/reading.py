"""WhatsApp's webhooks, into Hark's words. Pure and total (WhatsApp Cloud API documentation, "Webhooks")."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hark.channels.kit.careful_json import Json, Unreadable
from hark.channels.kit.words import id_of, text_of
from hark.channels.meta.hooks import Piece, is_foreign, moment, pieces, table, tables, unreadable
from hark.channels.types import Account, Inbound, Person, Raw
from hark.channels.whatsapp.contents import attachments_of, words_of

WINDOW = timedelta(hours=24)
STATES = {"accepted": "accepted", "sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}
STATES |= {"played": "read"}  # a voice message that was listened to
SPOKEN = frozenset(
    {"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "button", "order"}
)
FOREIGN = "This is about another number than the one connected here; each number needs its own callback address."


@dataclass(frozen=True, slots=True)
class Here:
    """Of which number of ours the call speaks, whose business that is, and who the people in it are."""

    number: str
    business: str
    people: dict[str, Person]


def read_call(account: Account, raw: Raw) -> list[Inbound]:
    """The events of one call, in order; `unknown` with a problem for what cannot be read."""
    try:
        found = pieces(raw.body, ("whatsapp_business_account",))
    except Unreadable as problem:
        return unreadable(account, raw, problem)
    events = [event for piece in found for event in _change(account, piece)]
    return [replace(event, account=account.key, raw_id=raw.id) for event in events]


def _change(account: Account, piece: Piece) -> list[Inbound]:
    field, value = text_of(piece.said.get("field")), table(piece.said.get("value"))
    number = id_of(table(value.get("metadata")).get("phone_number_id")) or ""
    if is_foreign(account, number):
        return [Inbound("unknown", problem=FOREIGN)]
    here = Here(number or account.external_id, piece.account, _people(value, piece.account))
    found = [event for name, read in LISTS.items() for event in _each(value.get(name), here, read)]
    if found:
        return found
    read_field = FIELDS.get(field)
    return [read_field(piece, value)] if read_field else [Inbound("unknown", problem=_why_unread(field, value))]


def _why_unread(field: str, value: dict[str, Any]) -> str:
    titles = [text_of(one.get("title")) for one in tables(value.get("errors"))]
    return f"WhatsApp reports: {titles[0][:200]}" if titles and titles[0] else f"news of an unknown kind ({field[:80]})"


def _each(listed: Json, here: Here, read: Callable[[Here, dict[str, Any]], Inbound]) -> list[Inbound]:
    if not isinstance(listed, list):
        return []
    return [
        read(here, one) if isinstance(one, dict) else Inbound("unknown", problem="an event that is no object")
        for one in listed
    ]


def _people(value: dict[str, Any], business: str) -> dict[str, Person]:
    """Those whom the call introduces, under each of their ids: a user id stays, a number may be given to another."""
    found: dict[str, Person] = {}
    for one in tables(value.get("contacts")):
        phone, user = id_of(one.get("wa_id")), id_of(one.get("user_id"))
        profile = table(one.get("profile"))
        if phone or user:
            person = _person(user, phone, business)
            named = replace(person, name=text_of(profile.get("name")), handle=text_of(profile.get("username")))
            found.update({each: named for each in (phone, user) if each})
    return found


def _person(user: str | None, phone: str | None, business: str) -> Person:
    claims = (("phone", f"+{phone}"),) if user and phone and phone.isdigit() else ()
    return Person(user or phone or "", network="whatsapp", scope=business, claims=claims)


def _author(here: Here, said: dict[str, Any], phone: str = "from", user: str = "from_user_id") -> Person | None:
    ids = [id_of(said.get(user)), id_of(said.get(phone))]
    known = next((here.people[each] for each in ids if each and each in here.people), None)
    if known is None and not any(ids) and len({person.external_id for person in here.people.values()}) == 1:
        known = next(iter(here.people.values()))
    return known or (_person(ids[0], ids[1], here.business) if any(ids) else None)


def _key(person: Person | None) -> str | None:
    return person.external_id if person else None


def _message(here: Here, said: dict[str, Any]) -> Inbound:
    own, kind = id_of(said.get("id")), text_of(said.get("type"))
    if own is None:
        return Inbound("unknown", problem="a message without an id")
    special = SPECIAL.get(kind)
    if special:
        return special(here, said, own)
    author, at = _author(here, said), moment(said.get("timestamp"))
    problems = [] if author else ["the author is not named"]
    problems += [] if at else ["the time cannot be read"]
    problems += [] if kind in SPOKEN else [_unsupported(said)]
    group = id_of(said.get("group_id"))
    return Inbound(
        "message",
        external_id=own,
        thread_id=group or _key(author),
        parent_id=id_of(table(said.get("context")).get("id")),
        visibility="limited" if group else "private",
        author=author,
        message_kind=kind[:40],
        text=words_of(kind, said),
        attachments=attachments_of(kind, said),
        sent_at=at,
        targets_us="owned_venue",
        expires_reply_at=at + WINDOW if at else None,
        problem="; ".join(problems) or None,
    )


def _unsupported(said: dict[str, Any]) -> str:
    errors = tables(said.get("errors"))
    details = text_of(table(errors[0].get("error_data")).get("details")) if errors else ""
    return details[:200] or "WhatsApp does not pass on messages of this kind; look into the app"


def _edit(here: Here, said: dict[str, Any], own: str) -> Inbound:
    edit = table(said.get("edit"))
    message, author = table(edit.get("message")), _author(here, said)
    original = id_of(edit.get("original_message_id"))
    kind = text_of(message.get("type"))
    if original is None:
        return Inbound("unknown", external_id=own, problem="an edit that does not say of what")
    return Inbound(
        "edit",
        external_id=original,
        thread_id=id_of(said.get("group_id")) or _key(author),
        visibility="limited" if said.get("group_id") else "private",
        author=author,
        text=words_of(kind, message),
        sent_at=moment(said.get("timestamp")),
    )


def _revoke(here: Here, said: dict[str, Any], own: str) -> Inbound:
    original, author = id_of(table(said.get("revoke")).get("original_message_id")), _author(here, said)
    if original is None:
        return Inbound("unknown", external_id=own, problem="a deletion that does not say of what")
    return Inbound(
        "delete",
        external_id=original,
        thread_id=id_of(said.get("group_id")) or _key(author),
        author=author,
        sent_at=moment(said.get("timestamp")),
    )


def _reaction(here: Here, said: dict[str, Any], own: str) -> Inbound:
    """No emoji: it is taken back."""
    reaction, author = table(said.get("reaction")), _author(here, said)
    return Inbound(
        "reaction",
        external_id=own,
        thread_id=_key(author),
        parent_id=id_of(reaction.get("message_id")),
        visibility="private",
        author=author,
        text=text_of(reaction.get("emoji")),
        sent_at=moment(said.get("timestamp")),
    )


def _system(here: Here, said: dict[str, Any], own: str) -> Inbound:
    """Somebody has another number, or another device."""
    system = table(said.get("system"))
    before = id_of(system.get("previous_user_id"))
    author = _person(before, None, here.business) if before else _author(here, said)
    return Inbound(
        "profile",
        external_id=own,
        author=author,
        message_kind=text_of(system.get("type"))[:40],
        text=text_of(system.get("body")),
        sent_at=moment(said.get("timestamp")),
    )


def _opened(here: Here, said: dict[str, Any], own: str) -> Inbound:
    """Somebody opened the chat for the first time, and has said nothing yet."""
    author = _author(here, said)
    return Inbound("profile", external_id=own, author=author, sent_at=moment(said.get("timestamp")))


def _status(here: Here, said: dict[str, Any]) -> Inbound:
    about, state = id_of(said.get("id")), text_of(said.get("status"))
    if about is None:
        return Inbound("unknown", problem="a status that does not say of what")
    person = _author(here, said, "recipient_id", "recipient_user_id")
    return Inbound(
        "receipt",
        external_id=about,
        thread_id=_key(person),
        state_of=about,
        state=STATES.get(state),  # type: ignore[arg-type]
        client_ref=id_of(said.get("biz_opaque_callback_data")),
        sent_at=moment(said.get("timestamp")),
        problem=_why_failed(said) if state in STATES else "a status of unknown name",
    )


def _why_failed(said: dict[str, Any]) -> str | None:
    errors = tables(said.get("errors"))
    words = [text_of(table(one.get("error_data")).get("details")) or text_of(one.get("title")) for one in errors]
    return words[0][:200] or None if words else None


def _echo(here: Here, said: dict[str, Any]) -> Inbound:
    """Somebody of ours wrote it in the WhatsApp Business app; edits and deletions there come this way too."""
    event = _message(here, said)
    to = _author(here, said, "to", "to_user_id")
    ours = Person(here.number or text_of(said.get("from")), network="whatsapp", is_self=True)
    kind = "echo" if event.kind == "message" else event.kind
    return replace(
        event,
        kind=kind,
        author=ours if event.author or kind == "echo" else None,
        thread_id=event.thread_id and (to.external_id if to else None),
        targets_us="none",
        expires_reply_at=None,
    )


def _preference(here: Here, said: dict[str, Any]) -> Inbound:
    """Somebody wants no advertising, or wants it again. Answers to him are no advertising."""
    author, at = _author(here, said, "wa_id", "user_id"), text_of(said.get("timestamp"))
    return Inbound(
        "profile",
        external_id=f"preference:{author.external_id if author else ''}:{at}",
        author=author,
        text=text_of(said.get("detail")),
        sent_at=moment(said.get("timestamp")),
    )


def _call(here: Here, said: dict[str, Any]) -> Inbound:
    return Inbound(
        "unknown",
        external_id=id_of(said.get("id")),
        author=_author(here, said),
        sent_at=moment(said.get("timestamp")),
        problem="a call by WhatsApp, which Hark does not take",
    )


def _health(piece: Piece, value: dict[str, Any]) -> Inbound:
    """The account, its number or a template: the words are Meta's."""
    field, at = text_of(piece.said.get("field")), text_of(piece.at)
    named = [text_of(value.get(name)) for name in ("message_template_name", "event", "new_quality_score", "reason")]
    subject = id_of(value.get("message_template_id")) or ""
    return Inbound(
        "channel_health",
        external_id=f"{field}:{piece.account}:{subject}:{at}",
        message_kind=field[:40],
        text=" ".join([field.replace("_", " "), *filter(None, named)])[:500],
        sent_at=moment(piece.at),
    )


Reader = Callable[[Here, dict[str, Any], str], Inbound]
SPECIAL: dict[str, Reader] = {
    "edit": _edit,
    "revoke": _revoke,
    "reaction": _reaction,
    "system": _system,
    "request_welcome": _opened,
}
LISTS: dict[str, Callable[[Here, dict[str, Any]], Inbound]] = {
    "messages": _message,
    "message_echoes": _echo,
    "statuses": _status,
    "user_preferences": _preference,
    "calls": _call,
}
HEALTH = (
    "account_update", "account_alerts", "account_review_update", "business_capability_update",
    "phone_number_name_update", "phone_number_quality_update", "security", "message_template_status_update",
    "message_template_quality_update", "message_template_components_update", "template_category_update",
)  # fmt: skip
FIELDS: dict[str, Callable[[Piece, dict[str, Any]], Inbound]] = dict.fromkeys(HEALTH, _health)
