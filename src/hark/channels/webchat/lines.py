"""What the chat page posts, one JSON object: a line with its files, a change of an earlier line, or its removal."""

from dataclasses import dataclass
from uuid import UUID

from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.words import text_of
from hark.channels.webchat.files import MOST_A_LINE

MAX_TEXT = 10_000
MAX_BODY = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """`id` is the page's own id of this post; `edit` or `delete` names an earlier one of the same visitor.

    `files` are the receipts of what it carries.
    """

    id: str
    text: str = ""
    edit: str = ""
    delete: str = ""
    files: tuple[str, ...] = ()


def read_line(body: bytes) -> Line:
    """The line in `body`; raises Unreadable with words that may be shown."""
    said = loads(body, max_bytes=MAX_BODY, unique_keys=True)
    if not isinstance(said, dict):
        raise Unreadable("one JSON object is expected")
    words, files = text_of(said.get("text")), _receipts(said.get("files"))
    line = Line(_uuid(said, "id"), words, _uuid(said, "edit"), _uuid(said, "delete"), files)
    if not line.id or sum(map(bool, (line.edit, line.delete, files))) > 1:
        raise Unreadable("an id is needed, and one act at a time")
    if len(line.text) > MAX_TEXT:
        raise Unreadable(f"a message holds at most {MAX_TEXT:,} characters")
    if not line.delete and not line.text.strip() and not files:
        raise Unreadable("the message is empty")
    return line


def _receipts(said: Json) -> tuple[str, ...]:
    """Each receipt once; Unreadable where there are too many, or something else."""
    if said is None:
        return ()
    if not isinstance(said, list) or len(said) > MOST_A_LINE or not all(isinstance(one, str) for one in said):
        raise Unreadable(f"a message carries at most {MOST_A_LINE} files")
    return tuple(dict.fromkeys(map(text_of, said)))


def _uuid(said: dict[str, Json], name: str) -> str:
    """A UUID in its canonical form, empty where there is none; Unreadable for anything else."""
    value = said.get(name)
    if value is None:
        return ""
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise Unreadable(f"{name} must be a UUID") from None
