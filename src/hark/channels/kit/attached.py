"""What an address says of the file behind it. Pure: no machine's own table of types is asked."""

import re
from urllib.parse import unquote, urlsplit

LONGEST = 2_000
TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "heic": "image/heic", "mp4": "video/mp4", "webm": "video/webm", "mov": "video/quicktime", "mp3": "audio/mpeg",
    "ogg": "audio/ogg", "m4a": "audio/mp4", "wav": "audio/wav", "pdf": "application/pdf", "txt": "text/plain",
    "zip": "application/zip",
}  # fmt: skip


def name_of(url: str) -> str:
    """The name of the file at an address, as far as it tells one."""
    return re.sub(r"[\x00-\x1f/\\]", "_", unquote(urlsplit(url).path.rpartition("/")[2]))[:200] if web(url) else ""


def mime_of(name: str) -> str:
    """The type that a file's name stands for; empty where it stands for none that is known."""
    return TYPES.get(name.rpartition(".")[2].lower(), "")


def host_of(url: str) -> str:
    """The host of an address, with its port; empty for what is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def web(url: str) -> str | None:
    """Only web addresses of sane length are links."""
    return url if url.startswith(("https://", "http://")) and len(url) <= LONGEST and host_of(url) else None
