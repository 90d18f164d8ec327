"""A reply as a mail. Only through EmailMessage, and nothing with a line end reaches a header."""

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from hark.channels.email.settings import mail_settings
from hark.channels.email.tokens import message_id, reply_address
from hark.channels.errors import Refused
from hark.channels.kit.carried import bytes_of
from hark.channels.types import Account, Outbound, OutboundFile
from hark.kernel.files import plain_name

POLICY = SMTP.clone(max_line_length=900)  # ids are longer than 78 characters, and folding would encode them
BREAKING = re.compile(r"[\r\n\0]")
ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]\0-\x1f\x7f]{1,64}@[^\s@<>(),;:\\\"\[\]\0-\x1f\x7f]{1,255}\Z")
MESSAGE_ID = re.compile(r"<[^<>\s\0-\x1f\x7f]{1,900}>")
TYPE = re.compile(r"(?:application|audio|image|text|video)/[a-z0-9][a-z0-9.+-]{0,99}")
LONGEST_SUBJECT = 500


def compose(account: Account, outbound: Outbound, *, at: datetime) -> EmailMessage:
    """The mail: threaded at the recipient's, with an address that brings the answer back. Raises Refused."""
    settings = mail_settings(account)
    mail = EmailMessage(policy=POLICY)
    try:
        mail["From"] = _mailbox(settings.address, settings.from_name)
        for name, readers in _readers(account, outbound).items():
            mail[name] = readers
        answers = bool(outbound.target.parent or outbound.target.external_id)
        mail["Subject"] = _subject(outbound.subject, answers=answers)
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = message_id(account, outbound)
        for name, value in {**_threading(outbound), **_automatic(outbound, answers=answers)}.items():
            mail[name] = value
        mail.set_content(outbound.text, charset="utf-8")
        if outbound.html:
            mail.add_alternative(outbound.html, subtype="html", charset="utf-8")
        if outbound.attachments:
            mail.make_mixed()
        for file in outbound.attachments:
            mail.attach(_part(file))
    except (MessageError, ValueError, IndexError, UnicodeError) as error:
        raise Refused(
            "address", "A mail to this address cannot be written: a part of its head is not allowed."
        ) from error
    return mail


def _readers(account: Account, outbound: Outbound) -> dict[str, Address | list[Address]]:
    """To whom it goes, who gets a copy, and where their answers go: all of them to the same conversation."""
    settings, recipient, thread = mail_settings(account), outbound.target.person, outbound.target.thread
    found: dict[str, Address | list[Address]] = {"To": _mailbox(recipient)}
    if outbound.copies:
        found["Cc"] = [_mailbox(one) for one in outbound.copies]
    if settings.plus_address and thread:
        found["Reply-To"] = _mailbox(reply_address(account, thread, recipient), settings.from_name)
    return found


def _part(file: OutboundFile) -> EmailMessage:
    """A file as a part of its own, in lines as short as base64 is to have; its name as RFC 2231 writes it."""
    main, _, sub = file.mime.partition("/") if TYPE.fullmatch(file.mime) else ("application", "", "octet-stream")
    part = EmailMessage(policy=SMTP)
    name = plain_name(file.name)
    part.set_content(bytes_of(file), main, sub, disposition="attachment", filename=name, cte="base64")
    return part


def _mailbox(address: str, name: str = "") -> Address:
    if not ADDRESS.match(address) or BREAKING.search(name):
        raise Refused("address", "This is no e-mail address that can be written to.")
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain.encode("idna").decode("ascii"))


def _subject(subject: str, *, answers: bool) -> str:
    """On one line; an answer has `Re: ` once."""
    line = " ".join(subject.replace("\0", " ").split())[:LONGEST_SUBJECT]
    if not line:
        return "Your message"
    return line if line[:3].lower() == "re:" or not answers else f"Re: {line}"


def _automatic(outbound: Outbound, *, answers: bool) -> dict[str, str]:
    """What tells robots, and those who look after mailing, that no person wrote it (RFC 3834, 2369 and 8058)."""
    if outbound.author_kind != "bot":
        return {}
    said = {"Auto-Submitted": "auto-replied" if answers else "auto-generated", "X-Auto-Response-Suppress": "All"}
    if outbound.unsubscribe.startswith(("https://", "http://")):
        said["List-Unsubscribe"] = f"<{outbound.unsubscribe}>"
        said["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return said


def _threading(outbound: Outbound) -> dict[str, str]:
    """In-Reply-To and References, from ids that are well-formed only."""
    answered, root = _id_in(outbound.target.parent or outbound.target.external_id), _id_in(outbound.target.root)
    if not answered:
        return {}
    return {"In-Reply-To": answered, "References": " ".join(dict.fromkeys(filter(None, (root, answered))))}


def _id_in(text: str) -> str:
    found = MESSAGE_ID.match(text)
    return found.group() if found else ""
