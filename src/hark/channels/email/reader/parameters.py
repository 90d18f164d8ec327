"""Fields with parameters: Content-Type, Content-Disposition (RFC 2045, 2183, 2231)."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from hark.channels.email.reader.caps import PIECES, Notes
from hark.channels.email.reader.charsets import decoded
from hark.channels.email.reader.words import decode_words, one_line

PARAMETER = re.compile(r';\s*([^=;\s"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
CONTINUED = re.compile(r"([^*]+)\*(\d{1,4})?(\*)?")


@dataclass(frozen=True, slots=True)
class Field:
    """`text/plain; charset=utf-8`: its value in lower case and its parameters, as written."""

    value: str
    parameters: dict[str, str]

    def get(self, name: str) -> str:
        """A parameter, or ''."""
        return self.parameters.get(name, "")


def read_field(text: str, notes: Notes) -> Field:
    """The field. Of parameters given twice the first counts; pieces of one parameter are joined."""
    value = re.sub(r"\([^()]*\)", "", text.partition(";")[0]).strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for name, quoted, bare in PARAMETER.findall(text):
        said = re.sub(r"\\(.)", r"\1", quoted) if quoted else bare.strip().strip('"')
        continued = CONTINUED.fullmatch(name)
        if continued:
            pieces.setdefault(continued[1].lower(), []).append(
                (int(continued[2] or 0), bool(continued[3] or not continued[2]), said)
            )
        else:
            plain.setdefault(name.lower(), said)
    for name, some in pieces.items():
        plain[name] = _joined(some, notes)
    return Field(value, plain)


def name_of(field: Field, name: str, notes: Notes) -> str:
    """A parameter that people read, with the encoded words that programs put there against the rules."""
    return one_line(decode_words(field.get(name), notes))


def _joined(pieces: list[tuple[int, bool, str]], notes: Notes) -> str:
    """RFC 2231: pieces in the order of their numbers, some of them percent-encoded in a charset named first."""
    if len(pieces) > PIECES:
        notes.stopped("header_too_long")
    charset, found = "utf-8", b""
    for place, (_, encoded, said) in enumerate(sorted(pieces[:PIECES], key=lambda piece: piece[0])):
        text = said
        if encoded and place == 0 and said.count("'") >= 2:
            charset, _, text = said.split("'", 2)
        found += unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
    return decoded(found, charset or "utf-8", notes)
