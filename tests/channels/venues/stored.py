"""Files that Hark has stored, as a reply carries them."""

from hark.channels.types import OutboundFile
from hark.kernel.storage import store


def a_file(name: str, mime: str) -> OutboundFile:
    """A small file of this name; its words say so."""
    kept = store([f"what is in {name}".encode()], most=1 << 20)
    return OutboundFile(kept.sha256, name, mime, kept.size)
