"""Parts as files: a name that deceives nobody, a type, a size."""

import re

from hark.channels.email.reader.caps import NAME, Notes
from hark.channels.email.reader.parameters import name_of, read_field
from hark.channels.email.reader.structure import Part
from hark.channels.email.reader.transfer import size_of
from hark.channels.email.reader.words import DIRECTIONS
from hark.channels.email.types import MailPart

ENDINGS = {
    "text/plain": "txt",
    "text/html": "html",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "text/rfc822-headers": "txt",
    "message/rfc822": "eml",
    "message/global": "eml",
    "message/delivery-status": "txt",
    "message/feedback-report": "txt",
    "message/disposition-notification": "txt",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/ms-tnef": "dat",
    "application/pgp-signature": "asc",
    "application/pgp-encrypted": "asc",
    "application/pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
}
UNSAFE = re.compile(r'[\x00-\x1f\x7f"*:<>?|/\\\ufffd]')


def file_of(data: bytes, part: Part, notes: Notes) -> MailPart:
    """The part as it is offered to people."""
    disposition = part.headers.raw("content-disposition").partition(";")[0].strip().lower()
    content_id = part.headers.raw("content-id").strip().strip("<>")[:NAME]
    return MailPart(
        ref=part.ref,
        name=file_name(part, notes) or _made_name(part),
        mime=part.type.value,
        size=size_of(data, part),
        content_id=content_id,
        inline=bool(content_id) and disposition != "attachment" and part.type.value.startswith("image/"),
    )


def file_name(part: Part, notes: Notes) -> str:
    """The name its sender gave it, without folders and without letters that turn a name round, or ''."""
    said = part.headers.raw("content-disposition")
    name = name_of(read_field(said, notes), "filename", notes) if said else ""
    name = name or name_of(part.type, "name", notes)
    last = re.split(r"[/\\]", DIRECTIONS.sub("", name))[-1]
    plain = UNSAFE.sub("_", last).strip(" .")
    return plain if len(plain) <= NAME else _shortened(plain)


def _shortened(name: str) -> str:
    """A long name keeps its ending."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: NAME - 20]}.{ending}" if dot and len(ending) < 19 else name[:NAME]


def _made_name(part: Part) -> str:
    if part.type.value.startswith("message/") and (described := part.headers.raw("content-description")):
        return f"{UNSAFE.sub('_', described)[:60].strip(' .') or 'message'}.{ENDINGS.get(part.type.value, 'eml')}"
    return f"part-{part.ref}.{ENDINGS.get(part.type.value, 'bin')}"
