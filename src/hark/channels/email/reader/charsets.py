"""Bytes to text under the names that mails give to character sets, right or wrong. Never raises."""

import codecs
import re

from hark.channels.email.reader.caps import Notes

# What programs call them, or a superset of what they mean (as browsers do).
MEANT = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "7bit": "utf-8",
    "8bit": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "x-ansi": "cp1252",
    "ansi": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "cp-850": "cp850",
    "cp-1252": "cp1252",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "tis-620": "cp874",
    "windows-874": "cp874",
}
PLAIN = frozenset({"", "utf-8", "default", "unknown", "unknown-8bit", "x-unknown", "none", "binary"})
REFUSED = frozenset(["idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "rot13"])


def decoded(data: bytes, charset: str, notes: Notes, *, whole: bool = True) -> str:
    """The text; what is no letter becomes U+FFFD with a note. `whole` false: `data` was cut and may end in a letter."""
    name = charset.strip().strip("'\"").lower()
    name = MEANT.get(name, name)
    if name in PLAIN or "ascii" in name:
        return _plain(data, notes, whole=whole, said=charset.strip().lower().startswith("utf"))
    codec = _codec(name)
    if codec is None:
        notes.mended("unknown_charset")
        return _plain(data, notes, whole=whole, said=False)
    try:
        text = codec.incrementaldecoder("replace").decode(data, final=whole)
    except (UnicodeError, ValueError):
        return _plain(data, notes, whole=whole, said=False)
    if "\ufffd" in text:
        notes.mended("broken_encoding")
        text = _utf8(data, whole=whole) or text
    return text


def header_text(data: bytes) -> str:
    """Raw bytes of a header: UTF-8 where they are, else the letters of western Europe."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _plain(data: bytes, notes: Notes, *, whole: bool, said: bool) -> str:
    """UTF-8 if it is valid, else windows-1252; where UTF-8 was promised, UTF-8 with replacements."""
    data = data.removeprefix(codecs.BOM_UTF8)
    text = _utf8(data, whole=whole)
    if text or not data:
        return text
    notes.mended("broken_encoding")
    mostly = said and not data.decode("utf-8", "ignore").isascii()
    return data.decode("utf-8" if mostly else "cp1252", "replace")


def _utf8(data: bytes, *, whole: bool) -> str:
    """The text where it is UTF-8 after all, else nothing."""
    try:
        return codecs.getincrementaldecoder("utf-8")("strict").decode(data, final=whole)
    except UnicodeDecodeError:
        return ""


def _codec(name: str) -> codecs.CodecInfo | None:
    """A codec from bytes to text that is no trick, or None."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.:()+-]{0,40}", name) or name.replace("-", "_") in REFUSED:
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return found if found._is_text_encoding and found.name not in REFUSED and found.incrementaldecoder else None
