"""The whole reading, for inside the child: bytes in, a mail as JSON values out, more complete with every step."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from email.utils import parsedate_tz
from typing import Any

from hark.channels.email.reader.addresses import addresses
from hark.channels.email.reader.automatic import is_automatic, is_complaint
from hark.channels.email.reader.bodies import Body, Written, read_body
from hark.channels.email.reader.bounces import bounce_in
from hark.channels.email.reader.caps import ALL_TEXT, MAIL_BYTES, REFERENCES, SUBJECT, Notes
from hark.channels.email.reader.headers import Headers, read_headers
from hark.channels.email.reader.quotes import quote_from
from hark.channels.email.reader.structure import Part, read_structure
from hark.channels.email.reader.transfer import body_of
from hark.channels.email.types import Mail
from hark.kernel.foreign_html import CleanHtml, clean_html, html_text
from hark.kernel.foreign_html.walking import escaped, without_tag_letters

MESSAGE_ID = re.compile(r"<([^<>]{1,998})>")
WELL_FORMED = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
DELIVERED = ("delivered-to", "x-original-to", "x-delivered-to", "envelope-to", "x-envelope-to")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
FIRST_BYTES = 512 * 1024  # of a mail that is too large


def read_in_steps(data: bytes) -> Iterator[dict[str, Any]]:
    """What the headers say; then the words; then everything. Each step holds what the one before held."""
    notes = Notes()
    if b"\n" not in data[:65_536]:  # line ends of old Macs
        data = data.replace(b"\r", b"\n")
    if len(data) > MAIL_BYTES:
        notes.stopped("too_large")
        data = data[:FIRST_BYTES]
        headers, _ = read_headers(data, 0, len(data), notes)
        yield as_json(_with_headers(headers, data, notes), notes)
        return
    headers, _ = read_headers(data, 0, len(data), notes)
    mail = _with_headers(headers, data, notes)
    yield as_json(replace(mail, ok=False), notes)
    root = read_structure(data, notes)
    body = read_body(data, root, notes)
    if any(one.html for one in body.written):
        plain = [Written(one.text or html_text(one.html or "")) for one in body.written]
        yield as_json(_finished(mail, data, root, replace_written(body, plain), notes), notes)
    yield as_json(_finished(mail, data, root, body, notes), notes)


def part_in(data: bytes, ref: str) -> bytes | None:
    """The decoded bytes of the part `ref`; None where there is no such part."""
    if b"\n" not in data[:65_536]:
        data = data.replace(b"\r", b"\n")
    root = read_structure(data[:MAIL_BYTES], Notes())
    return next((body_of(data, part, Notes()) for part in root.walk() if part.ref == ref), None)


def as_json(mail: Mail, notes: Notes) -> dict[str, Any]:
    """JSON values of a mail, with what was noted until now."""
    values = asdict(replace(mail, ok=mail.ok and notes.ok, note=notes.first))
    values["date"] = mail.date.isoformat() if mail.date else None
    return values


def replace_written(body: Body, written: list[Written]) -> Body:
    """The same body with other words."""
    return Body(written, body.parts, body.letters)


def _with_headers(headers: Headers, data: bytes, notes: Notes) -> Mail:
    if not headers:
        (notes.mended if data.strip() else notes.stopped)("no_headers")
    ids = [re.sub(r"\s+", "", found) for found in MESSAGE_ID.findall(headers.raw("message-id"))]
    message_id = f"<{ids[0]}>" if ids else ""
    author = next(iter(addresses(headers.raw("from"), notes)), None)
    answered = _ids(headers.raw("in-reply-to"))
    references = _ids(headers.raw("references"))
    if len(references) > REFERENCES:
        notes.stopped("header_too_long")
    return Mail(
        external_id=message_id if WELL_FORMED.fullmatch(message_id) else f"sha256:{hashlib.sha256(data).hexdigest()}",
        message_id=message_id,
        from_name=author.name if author else "",
        from_address=author.address if author else "",
        reply_to=addresses(headers.raw("reply-to"), notes),
        to=addresses(", ".join(headers.all("to")), notes),
        cc=addresses(", ".join(headers.all("cc")), notes),
        delivered_to=_delivered(headers, notes),
        subject=headers.text("subject", notes)[:SUBJECT],
        date=_date(headers.raw("date")),
        in_reply_to=answered[0] if answered else "",
        references=tuple(references[-REFERENCES:]),
        authentication_results=tuple(headers.all("authentication-results")[:20]),
    )


def _ids(text: str) -> list[str]:
    return [f"<{re.sub(chr(92) + 's+', '', found)}>" for found in MESSAGE_ID.findall(text)]


def _delivered(headers: Headers, notes: Notes) -> tuple[str, ...]:
    """Where it was delivered, as our own mail server noted: the first of each kind, the topmost first."""
    found = [one.address for name in DELIVERED for one in addresses(headers.raw(name), notes)]
    return tuple(dict.fromkeys(address for address in found if address))


def _date(text: str) -> datetime | None:
    """The moment in a Date field, or None. Without a zone it is taken for UTC."""
    read = None
    try:
        read = parsedate_tz(text[:200])
        if read is None or not 1970 <= read[0] < 2200:
            return None
        stamp = datetime(*read[:5], min(read[5], 59), tzinfo=UTC).timestamp() - (read[9] or 0)
        return datetime.fromtimestamp(stamp, UTC)
    except (ValueError, TypeError, OverflowError, IndexError, OSError):
        return None


def _finished(mail: Mail, data: bytes, root: Part, body: Body, notes: Notes) -> Mail:
    """The mail with its words, files and nature."""
    cleaned = [None if one.html is None else clean_html(one.html) for one in body.written]
    text, smuggled = without_tag_letters(_text(body, cleaned))
    hidden = " ".join(filter(None, [*(one.hidden_text for one in cleaned if one), smuggled]))
    complaint = is_complaint(root, root.headers, mail.from_address, mail.subject)
    bounce = None if complaint else bounce_in(data, root, mail.subject, text)
    automatic = bounce is None and is_automatic(root, root.headers, mail.from_address, mail.subject)
    return replace(
        mail,
        text=text,
        html=_html(body, cleaned),
        quote_from=quote_from(text, mail.subject),
        parts=tuple(body.parts),
        auto_reply=complaint or automatic,
        bounce=bounce,
        hidden_text=hidden[:ALL_TEXT],
    )


def _text(body: Body, cleaned: list[CleanHtml | None]) -> str:
    pieces = [one.text or (clean.text if clean else "") for one, clean in zip(body.written, cleaned, strict=True)]
    text = "\n\n".join(piece.strip("\n") for piece in pieces if piece.strip())
    return UNSTORABLE.sub("\ufffd", text)[:ALL_TEXT].rstrip()


def _html(body: Body, cleaned: list[CleanHtml | None]) -> str:
    """The stretches one after the other, a plain one between others as a paragraph; nothing where all are plain."""
    if not any(cleaned):
        return ""
    pairs = zip(body.written, cleaned, strict=True)
    pieces = [clean.html if clean else f"<p>{escaped(one.text)}</p>".replace("\n", "<br>") for one, clean in pairs]
    return UNSTORABLE.sub("\ufffd", "\n".join(pieces))
