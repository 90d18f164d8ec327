"""Files that Hark has stored: their bytes, or one of the four errors where they are not to be had."""

from hark.channels.errors import Refused, Retry
from hark.channels.types import OutboundFile
from hark.kernel import storage


def bytes_of(file: OutboundFile) -> bytes:
    """The bytes of a file that a reply carries. Raises Refused (it is gone) or Retry (the disk is away)."""
    try:
        return storage.read(file.sha256)
    except storage.FileGone as error:
        raise Refused("file_gone", f"The file {file.name} is not here any more.") from error
    except storage.StorageAway as error:
        raise Retry(detail="files are away") from error


def stored_bytes(sha256: str, *, most: int) -> bytes:
    """The bytes of a file that came before the message that names it. Raises Refused (gone, too large) or Retry."""
    try:
        found = storage.read(sha256)
    except storage.FileGone as error:
        raise Refused("file_gone", "This file is not here any more.") from error
    except storage.StorageAway as error:
        raise Retry(detail="files are away") from error
    if len(found) > most:
        raise Refused("too_large", "This file is larger than this venue takes.")
    return found
