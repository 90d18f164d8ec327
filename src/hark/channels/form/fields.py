"""The fields of a form, what was posted in them, and what is wrong with it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_to_bytes

from hark.channels.form.parts import parts_of
from hark.channels.kit.numbers import phone_number
from hark.channels.kit.setting import setting
from hark.channels.kit.sites import SITES_HELP, sites_of
from hark.channels.kit.words import storable, text_of
from hark.channels.types import Account

TYPES = ("text", "email", "phone", "textarea", "select")
LONGEST = {"text": 500, "email": 254, "phone": 40, "textarea": 10_000, "select": 200}
STAMP, TALK, TRAP, EMBED, FILES = "hark_stamp", "hark_talk", "hark_website", "hark_embed", "hark_files"
OWN = frozenset({STAMP, TALK, TRAP, EMBED, FILES, "_charset_"})
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+\Z")
# Only these: Python would also decode with codecs that take quadratic time or are no text at all.
CHARSETS = re.compile(r"(?:utf-?8|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|gb18030|shift_jis|euc-(?:jp|kr))\Z")
MAX_PARTS = 200
MULTIPART = "multipart/form-data"
MOST_FILES = 10


@dataclass(frozen=True, slots=True)
class Field:
    """One field as the brand defines it. `name` is what it is called in the post."""

    name: str
    label: str
    type: str = "text"
    required: bool = False
    help: str = ""
    options: tuple[str, ...] = ()


DEFAULT_FIELDS = (
    Field("name", "Your name"),
    Field("email", "E-mail", "email", help="Shown to the person who answers you."),
    Field("message", "Your message", "textarea", required=True),
)


@dataclass(frozen=True)
class FormSettings:
    """What a brand sets. `sites` may show the form in a frame; `region` is the country of numbers that name none."""

    title: str = setting("Write to us", label="Title")
    intro: str = setting("", label="Words above the fields", long=True)
    consent: str = setting(
        "", label="What the sender agrees to", long=True, help="Shown above the button. Empty: nothing."
    )
    region: str = setting("", label="Country of phone numbers", help="For numbers written without one, such as BE.")
    sites: tuple[str, ...] = setting((), label="Sites that may show it", help=SITES_HELP)
    files: bool = setting(default=True, label="Senders may add pictures and files")
    by_mail: bool = setting(
        default=True,
        part="When an e-mail address is left",
        label="Answers go there too",
        help="What comes back joins the same conversation. The private page shows everything as before.",
    )
    mailbox: str = setting(
        "",
        label="Mailbox",
        channel_of="email",
        help="None: that of the same inbox, if it has one.",
    )
    fields: tuple[Field, ...] = DEFAULT_FIELDS


@dataclass(frozen=True, slots=True)
class PostedFile:
    """A file of a post. `name` is data."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """A post taken apart, in its own order. `problem` says what could not be read.

    `mark` is the same for the same content, however a browser wraps it up.
    """

    values: Mapping[str, str]
    problem: str = ""
    files: tuple[PostedFile, ...] = ()
    mark: str = ""

    def own(self, name: str) -> str:
        """One of the form's hidden values."""
        return self.values.get(name, "")


def settings_of(account: Account) -> FormSettings:
    """The settings of a form channel; what cannot be used falls back to the default."""
    said = account.settings
    listed = said.get("fields")
    fields = tuple(filter(None, map(_field, listed))) if isinstance(listed, list | tuple) else ()
    return FormSettings(
        title=text_of(said.get("title")) or FormSettings.title,
        intro=text_of(said.get("intro")),
        consent=text_of(said.get("consent")),
        region=text_of(said.get("region")),
        sites=sites_of(account),
        files=said.get("files") is not False,
        fields=fields if _message_field(fields) else DEFAULT_FIELDS,
    )


def message_field(settings: FormSettings) -> Field:
    """The field that holds what the customer says: the one named `message`, else the first long one."""
    return _message_field(settings.fields) or DEFAULT_FIELDS[-1]


def _message_field(fields: tuple[Field, ...]) -> Field | None:
    long_ones = [field for field in fields if field.type == "textarea"]
    named = [field for field in long_ones if field.name == "message"]
    return next(iter(named + long_ones), None)


def _field(said: Any) -> Field | None:
    if isinstance(said, Field):
        return said
    if not isinstance(said, dict) or not NAME.match(text_of(said.get("name"))) or text_of(said["name"]) in OWN:
        return None
    kind = said.get("type", "text")
    options = said.get("options", ())
    return Field(
        said["name"],
        text_of(said.get("label")) or said["name"],
        kind if kind in TYPES else "text",
        said.get("required") is True,
        text_of(said.get("help")),
        tuple(filter(None, map(text_of, options))) if isinstance(options, list | tuple) else (),
    )


def is_multipart(content_type: str) -> bool:
    """Does a post say that it may carry files?"""
    return content_type.partition(";")[0].strip().lower() == MULTIPART


def read_post(body: bytes, content_type: str = "") -> Posted:
    """The fields and files of a body. Total: what its charset does not hold becomes U+FFFD, with a `problem`."""
    if not is_multipart(content_type):
        parts = body.split(b"&")
        pairs = [_pair(part) for part in parts[:MAX_PARTS] if part]
        return _posted(pairs, content_type, len(parts), hashlib.sha256(body).hexdigest())
    there = list(parts_of(body, content_type, most=MAX_PARTS + 1))
    pairs = [(one.name, one.content) for one in there[:MAX_PARTS] if one.file_name is None]
    sent = [one for one in there[:MAX_PARTS] if one.file_name and one.content and one.name == FILES.encode()]
    files = tuple(PostedFile(_decoded(one.file_name or b"", "utf-8")[0], one.content) for one in sent[:MOST_FILES])
    digest = hashlib.sha256()
    for each in there:
        for field in (each.name, each.file_name or b"", each.content):
            digest.update(len(field).to_bytes(8) + field)
    return replace(_posted(pairs, "", len(there), digest.hexdigest()), files=files)


def _posted(pairs: list[tuple[bytes, bytes]], content_type: str, count: int, mark: str) -> Posted:
    charset = _charset(pairs, content_type)
    known = bool(CHARSETS.match(charset))
    values: dict[str, str] = {}
    clean = True
    for name, raw in pairs:
        text, whole = _decoded(raw, charset if known else "utf-8")
        clean = clean and whole
        values.setdefault(storable(name.decode("utf-8", "replace")), text)
    problems = {
        "the charset is not known": not known,
        "some characters could not be read": not clean,
        f"only the first {MAX_PARTS} fields were read": count > MAX_PARTS,
    }
    return Posted(values, "; ".join(words for words, so in problems.items() if so), mark=mark)


def _charset(pairs: list[tuple[bytes, bytes]], content_type: str) -> str:
    named = next((value for name, value in pairs if name == b"_charset_"), b"").decode("ascii", "replace")
    match = re.search(r"charset\s*=\s*\"?([\w-]+)", content_type[:200], re.IGNORECASE)
    return (named or (match.group(1) if match else "") or "utf-8").lower()


def _pair(part: bytes) -> tuple[bytes, bytes]:
    name, _, value = part.replace(b"+", b" ").partition(b"=")
    return unquote_to_bytes(name), unquote_to_bytes(value)


def _decoded(raw: bytes, charset: str) -> tuple[str, bool]:
    try:
        text, clean = raw.decode(charset), True
    except LookupError:  # an ISO 8859 that was never made
        text, clean = raw.decode("utf-8", "replace"), False
    except UnicodeDecodeError:
        text, clean = raw.decode(charset, "replace"), False
    kept = storable(text)
    return kept, clean and kept == text


def errors_in(settings: FormSettings, posted: Posted) -> dict[str, str]:
    """What is wrong, by field name, in words for the person who typed it."""
    found = {
        field.name: _error(field, posted.values.get(field.name, "").strip(), settings) for field in settings.fields
    }
    return {name: words for name, words in found.items() if words}


def _error(field: Field, value: str, settings: FormSettings) -> str:
    if not value:
        return "Please fill in this field." if field.required else ""
    if len(value) > LONGEST[field.type]:
        return f"Please use at most {LONGEST[field.type]:,} characters."
    if field.type == "email" and not ADDRESS.match(value):
        return "Please enter an e-mail address such as name@example.org."
    if field.type == "phone" and not phone_number(value, settings.region):
        return "Please enter a phone number with its country code, such as +32 470 12 34 56."
    if field.type == "select" and value not in field.options:
        return "Please choose one of the list."
    return ""
