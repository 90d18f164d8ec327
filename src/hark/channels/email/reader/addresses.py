"""Addresses of headers (RFC 5322, and what is written instead): one pass, no recursion, capped."""

import re

from hark.channels.email.reader.caps import ADDRESSES, NAME, Notes
from hark.channels.email.reader.words import DIRECTIONS, decode_words, one_line
from hark.channels.email.types import Address

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(<)([^<>]*)>|([,;:()])|([^",;:()<]+)|(.)', re.DOTALL)
ADDRESS = re.compile(r"""[^\s@<>"(),;:]{1,128}@[^\s@<>"(),;]{1,255}|"[^"]{0,128}"@[^\s@<>"(),;]{1,255}""")


def addresses(text: str, notes: Notes) -> tuple[Address, ...]:
    """All mailboxes in order, members of groups among them; an encoded word is never taken for an address."""
    found: list[Address] = []
    words: list[str] = []
    comments: list[str] = []
    angle: str | None = None
    for kind, value in _tokens(text):
        if kind == "end":
            found += _mailbox(words, comments, angle, notes)
            words, comments, angle = [], [], None
            if len(found) >= ADDRESSES:
                notes.stopped("too_many_addresses")
                break
        elif kind == "group":
            words = []
        elif kind == "angle":
            angle = angle if angle else value
        else:
            (comments if kind == "comment" else words).append(value)
    return tuple(found[:ADDRESSES])


def _tokens(text: str) -> list[tuple[str, str]]:
    """(kind, value): word, comment, angle, group, end. An address in parts stays one word."""
    made: list[tuple[str, str]] = []
    depth = 0
    for quoted, angle, inside, sign, plain, other in TOKEN.findall(text):
        if sign in ("(", ")") and sign:
            depth = depth + 1 if sign == "(" else max(0, depth - 1)
        elif depth:
            made.append(("comment", quoted or inside or plain or sign or other))
        elif angle:
            made.append(("angle", inside))
        elif sign:
            made.append(("group" if sign == ":" else "end", ""))
        elif plain or other:
            made.append(("word", plain or other))
        else:
            made.append(("word", f'"{quoted}"'))
    return [*made, ("end", "")]


def _mailbox(words: list[str], comments: list[str], angle: str | None, notes: Notes) -> list[Address]:
    said = "".join(words).strip()
    if angle is not None:
        address, name = _address(angle), said or "".join(comments)
        if not address and (in_name := ADDRESS.search(said)):
            address = in_name[0]
    else:
        in_words = ADDRESS.search(said)
        address = in_words[0] if in_words else (said if said and not re.search(r"\s|=\?", said) else "")
        name = "".join(comments) or said.replace(address, "").strip(" <>") if address else said
    if not address and not name:
        return []
    unquoted = re.sub(r"\\(.)", r"\1", re.sub(r'(?<!\\)"', "", name))
    shown = DIRECTIONS.sub("", one_line(decode_words(unquoted, notes)))[:NAME].strip()
    if not address and (hidden := ADDRESS.search(shown)):  # the whole mailbox was encoded
        address, shown = hidden[0], shown.replace(hidden[0], "").strip(" <>\"'")
    return [Address(_lowered(one_line(address)), shown.strip("'"))]


def _address(inside: str) -> str:
    """What stands in angle brackets, without a route (`@relay:ann@example.org`) and without white space."""
    bare = inside.rpartition(":")[2] if inside.lstrip().startswith("@") else inside
    return re.sub(r"\s+", "", bare.removeprefix("mailto:"))[:320]


def _lowered(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local}@{domain.lower().rstrip('.')}" if at else address
