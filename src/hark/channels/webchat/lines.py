"""What the chat page posts, one JSON object: a line, a change of an earlier line, or its removal."""

from dataclasses import dataclass
from uuid import UUID

from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.words import text_of

MAX_TEXT = 10_000
MAX_BODY = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """`id` is the page's own id of this post; `edit` or `delete` names an earlier one of the same visitor."""

    id: str
    text: str = ""
    edit: str = ""
    delete: str = ""


def read_line(body: bytes) -> Line:
    """The line in `body`; raises Unreadable with words that may be shown."""
    said = loads(body, max_bytes=MAX_BODY, unique_keys=True)
    if not isinstance(said, dict):
        raise Unreadable("one JSON object is expected")
    line = Line(_uuid(said, "id"), text_of(said.get("text")), _uuid(said, "edit"), _uuid(said, "delete"))
    if not line.id or (line.edit and line.delete):
        raise Unreadable("an id is needed, and one act at a time")
    if len(line.text) > MAX_TEXT:
        raise Unreadable(f"a message holds at most {MAX_TEXT:,} characters")
    if not line.delete and not line.text.strip():
        raise Unreadable("the message is empty")
    return line


def _uuid(said: dict[str, Json], name: str) -> str:
    """A UUID in its canonical form, empty where there is none; Unreadable for anything else."""
    value = said.get(name)
    if value is None:
        return ""
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise Unreadable(f"{name} must be a UUID") from None
