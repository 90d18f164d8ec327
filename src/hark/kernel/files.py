"""What a file is and what it may be called: its type by its first bytes, its name as data that is never a path."""

import unicodedata
from pathlib import PurePosixPath

OCTETS = "application/octet-stream"
TEXT = "text/plain"
LONGEST_NAME = 120
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
# Types that tell where a picture was taken and that Hark cannot rewrite without that.
TELLING = frozenset({"image/heic", "image/avif", "image/tiff"})

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4"),
    b"qt  ": "video/quicktime",
}
OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}
WRITTEN = frozenset({".txt", ".csv", ".log", ".md", ".ics", ".vcf", ".eml", ".json"})
NOT_IN_NAMES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def type_of(head: bytes, name: str = "") -> str:
    """The type that the first bytes prove, from a short list; else octets, whatever its name or sender says.

    A name decides only between types that no browser runs: office papers among zips, plain text among octets.
    """
    ending = PurePosixPath(name.lower()).suffix
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12], "video/mp4")
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12], OCTETS)
    found = next((kind for magic, kind in MAGIC if head.startswith(magic)), OCTETS)
    if found == "application/zip":
        return OFFICE.get(ending, found)
    return TEXT if found == OCTETS and ending in WRITTEN and b"\x00" not in head else found


def plain_name(name: str) -> str:
    """A file's name as one short line of visible letters, without folders; `file` where nothing is left.

    What turns the direction of reading or hides letters is taken out, so that `exe.gpj` is never read as a picture.
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    seen = "".join(" " if letter.isspace() else letter for letter in unicodedata.normalize("NFC", last))
    seen = "".join(letter for letter in seen if unicodedata.category(letter) not in NOT_IN_NAMES)
    seen = " ".join(seen.split()).strip(". ")
    stem, dot, ending = seen.rpartition(".")
    if dot and len(ending) <= 12:
        seen = f"{stem[: LONGEST_NAME - len(ending) - 1].rstrip('. ')}.{ending}"
    return seen[:LONGEST_NAME] or "file"


def size_words(size: int) -> str:
    """A size as people say it: `940 bytes`, `12 kB`, `3.4 MB`."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
