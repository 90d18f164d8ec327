"""From a mail as it was read to Hark's words. Pure and total."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from hark.channels.email.settings import mail_settings
from hark.channels.email.tokens import reply_of, tokens_in
from hark.channels.email.types import Mail, MailPart
from hark.channels.kit.words import storable, time_of
from hark.channels.types import Account, AttachmentRef, Inbound, Letter, Person, Raw

NEAREST_IDS = 50
MOST_BESIDE = 20
LONG_BEFORE, LONG_AFTER = timedelta(days=7), timedelta(days=1)
NOTES = {
    "too_large": "it is larger than Hark takes",
    "timeout": "reading it took too long",
    "memory": "reading it took too much memory",
    "crashed": "reading it failed",
    "no_headers": "it has no headers",
    "too_deep": "its parts lie too deep in each other",
    "too_many_parts": "it has too many parts",
    "too_many_headers": "it has too many headers",
    "header_too_long": "one of its headers is too long",
    "too_many_addresses": "it names too many addresses",
    "broken_encoding": "a part of it is damaged",
    "unknown_charset": "its characters are of an unknown kind",
}
ID = re.compile(r"<[^<>\s]{1,900}>")


def inbound_of(account: Account, raw: Raw, mail: Mail) -> Inbound:
    """The one event of a mail: a message, an echo of ours, or the receipt of one of ours that came back."""
    ours = reply_of(account, mail.message_id)
    if mail.bounce and (bounced := reply_of(account, mail.bounce.original_message_id)):
        return Inbound(
            "receipt",
            external_id=mail.external_id,
            account=account.key,
            raw_id=raw.id,
            state="failed" if mail.bounce.permanent else "accepted",
            state_of=mail.bounce.original_message_id,
            client_ref=str(bounced),
            sent_at=sent_at(raw, mail),
        )
    is_self = bool(ours) or _is_from_our_mail_program(account, raw, mail)
    references = _references(mail)
    return Inbound(
        "echo" if is_self else "message",
        external_id=mail.external_id,
        account=account.key,
        raw_id=raw.id,
        thread_id=(references or (mail.external_id,))[-1],
        parent_id=references[0] if references else None,
        root_id=references[-1] if references else None,
        visibility="private",
        author=_author(mail, is_self=is_self),
        message_kind="email",
        subject=storable(mail.subject),
        text=storable(mail.text),
        html=mail.html or None,
        quote_from=mail.quote_from,
        attachments=tuple(_attachment(part) for part in mail.parts),
        sent_at=sent_at(raw, mail),
        targets_us="none" if is_self else "owned_venue",
        client_ref=str(ours) if ours else None,
        policy=_policy(account, raw, mail),
        problem=_problem(raw, mail),
        letter=Letter(
            tokens=tokens_in([*(one.address for one in (*mail.to, *mail.cc)), *mail.delivered_to]),
            references=references,
            own=mail.external_id,
            forged=is_forged(account, mail),
            beside=_beside(account, mail),
        ),
        hidden_text=storable(mail.hidden_text),
    )


def _beside(account: Account, mail: Mail) -> tuple[tuple[str, str], ...]:
    """The others whom a mail names as its readers: not its writer, and not us, whatever code is in our address."""
    named = {
        storable(one.address).lower()[:320]: storable(one.name)[:200] for one in (*mail.to, *mail.cc) if one.address
    }
    others = [(address, name) for address, name in named.items() if address != mail.from_address.lower()]
    return tuple(one for one in others if not _is_our_address(account, _without_code(one[0])))[:MOST_BESIDE]


def _without_code(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _attachment(part: MailPart) -> AttachmentRef:
    return AttachmentRef(part.ref, part.mime, part.size, part.name, part.content_id, part.inline)


def _references(mail: Mail) -> tuple[str, ...]:
    """The mails that this one speaks of, nearest first."""
    named: Sequence[str] = (*([mail.in_reply_to] if mail.in_reply_to else []), *reversed(mail.references))
    ids = [found.group() for one in named if (found := ID.search(one))]
    return tuple(dict.fromkeys(ids))[:NEAREST_IDS]


def _is_from_our_mail_program(account: Account, raw: Raw, mail: Mail) -> bool:
    """Ours only where it lies in our own folder of sent mail: anybody can write our address into From."""
    return raw.headers.get("folder") == "sent" and _is_our_address(account, mail.from_address)


def _is_our_address(account: Account, address: str) -> bool:
    own = {mail_settings(account).address, *(one.lower() for one in account.self_ids | account.handles)}
    return address.lower() in own


def _author(mail: Mail, *, is_self: bool) -> Person | None:
    address = storable(mail.from_address).lower()[:320]
    if not address:
        return None
    return Person(address, network="email", handle=address, name=storable(mail.from_name)[:200], is_self=is_self)


def _policy(account: Account, raw: Raw, mail: Mail) -> tuple[str, ...]:
    """What a machine wrote asks nothing; a mail that came back without saying which is of that kind."""
    automatic = mail.auto_reply or mail.bounce is not None
    return (
        *(["backfilled"] if raw.headers.get("backfilled") else []),
        *(["automatic"] if automatic else []),
    )


def is_forged(account: Account, mail: Mail) -> bool:
    """Does our own server say that the sender's domain disowns it? Another server's word means nothing."""
    authserv = mail_settings(account).authserv.strip().lower()
    if not authserv:
        return False
    ours = [one.lower() for one in mail.authentication_results if one.strip().lower().split(";")[0].strip() == authserv]
    return bool(ours) and re.search(r"\bdmarc\s*=\s*fail\b", ours[0]) is not None


def _problem(raw: Raw, mail: Mail) -> str | None:
    if raw.headers.get("not-given"):
        return "the mail server could not hand it over; it is still in the mailbox"
    if raw.headers.get("too-large", "").isdigit():
        size = int(raw.headers["too-large"]) // 1_000_000
        return f"it has {size} MB and only its headers were fetched; it is still in the mailbox"
    if mail.ok:
        return None
    return NOTES.get(mail.note, mail.note.replace("_", " ") or "a part of it cannot be read")


def sent_at(raw: Raw, mail: Mail) -> datetime | None:
    """The writer's time where it is believable beside that at which his mail arrived, else the latter."""
    arrived = time_of(raw.headers.get("internal-date")) or raw.received_at
    if arrived is None or mail.date is None:
        return mail.date or arrived
    return mail.date if -LONG_BEFORE <= mail.date - arrived <= LONG_AFTER else arrived
