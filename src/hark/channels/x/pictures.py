"""Pictures that go with a reply at X (docs.x.com, "Media upload": the simple way, which takes pictures only)."""

from hark.channels.errors import Ambiguous, Refused, Retry
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.multipart import multipart
from hark.channels.kit.words import id_of
from hark.channels.types import Account, Outbound, OutboundFile
from hark.channels.x.api import called
from hark.channels.x.posts import table

MOST_PICTURES, PICTURE_BYTES = 4, 5 << 20
KINDS = frozenset({"image/jpeg", "image/png", "image/webp"})
SECONDS = 60.0
ONLY_PICTURES = "X takes pictures here (JPEG, PNG, WebP), of 5 MB at most each, and no other files."
TOO_MANY = "A post at X takes four pictures at most, a direct message one."
NO_ID = "X took the picture and gave it no name. Send the answer without it, or try again."


def objection_to(outbound: Outbound) -> Refused | None:
    """What X does not take."""
    most = 1 if outbound.visibility == "private" else MOST_PICTURES
    if not all(file.mime in KINDS and file.size <= PICTURE_BYTES for file in outbound.attachments):
        return Refused("no_files", ONLY_PICTURES)
    return Refused("too_many", TOO_MANY) if len(outbound.attachments) > most else None


def uploaded(account: Account, outbound: Outbound, category: str) -> list[str]:
    """The ids under which X keeps the pictures of a reply; nothing is published by it. Raises all but Ambiguous."""
    return [_uploaded(account, file, category) for file in outbound.attachments]


def _uploaded(account: Account, file: OutboundFile, category: str) -> str:
    fields = {"media_category": category, "media_type": file.mime}
    kind, body = multipart(fields, [("media", file.name, file.mime, bytes_of(file))])
    try:
        said = called(account, "POST", "/2/media/upload", body, kind=kind, seconds=SECONDS)
    except Ambiguous as error:
        raise Retry(detail="the line broke while a picture was sent") from error
    own = id_of(table(said.get("data")).get("id"))
    if own is None:
        raise Refused("no_file_id", NO_ID)
    return own
