"""The words and files of a Telegram message. Offsets come in units of UTF-16 and leave in code points. Pure."""

from typing import Any

from hark.channels.kit.json_api import mapping, mappings
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.telegram.people import Said, is_us, own_names
from hark.channels.types import Account, AttachmentRef, Mention

MOST_ENTITIES = 200
FILES = ("document", "video", "audio", "voice", "video_note", "sticker", "animation")
USUAL = {
    "photo": "image/jpeg", "voice": "audio/ogg", "video_note": "video/mp4", "sticker": "image/webp",
    "animation": "video/mp4", "video": "video/mp4", "audio": "audio/mpeg", "document": "",
}  # fmt: skip


def words_of(said: Said) -> tuple[str, bool]:
    """What was written, or what a place, a contact, a poll or dice come to in words; and whether it is a caption."""
    if text := text_of(said.get("text")):
        return text, False
    if caption := text_of(said.get("caption")):
        return caption, True
    return _in_words(said), False


def _in_words(said: Said) -> str:
    place, venue, contact = (mapping(said.get(name)) for name in ("location", "venue", "contact"))
    if venue:
        return f"Place: {text_of(venue.get('title'))}, {text_of(venue.get('address'))}"
    if isinstance(place.get("latitude"), int | float) and isinstance(place.get("longitude"), int | float):
        return f"Place: {place['latitude']:.5f}, {place['longitude']:.5f}"
    if contact:
        return f"Contact: {text_of(contact.get('first_name'))}, {text_of(contact.get('phone_number'))}"
    poll, dice = mapping(said.get("poll")), mapping(said.get("dice"))
    if poll:
        options = [text_of(one.get("text")) for one in mappings(poll.get("options"), 20)]
        return "\n- ".join([text_of(poll.get("question")), *options])
    return f"{text_of(dice.get('emoji'))} {text_of(dice.get('value'))}".strip()


def attachments(said: Said) -> tuple[AttachmentRef, ...]:
    """The file of a message: an album comes as a message for each of its pictures."""
    found = []
    if sizes := mappings(said.get("photo"), 20):
        largest = max(sizes, key=lambda one: number_of(one.get("width"), 0, 1 << 20) or 0)
        found.append(_file("photo", largest))
    kinds = [name for name in FILES if isinstance(said.get(name), dict)]
    if "animation" in kinds:  # it comes as a document too
        kinds = [name for name in kinds if name != "document"]
    found += [_file(name, said[name]) for name in kinds]
    return tuple(one for one in found if one)


def _file(kind: str, said: Said) -> AttachmentRef | None:
    ref = id_of(said.get("file_id"))
    if ref is None:
        return None
    size = number_of(said.get("file_size"), 0, 1 << 50)
    return AttachmentRef(ref, text_of(said.get("mime_type")) or USUAL[kind], size, text_of(said.get("file_name")))


def mentions(said: Said, text: str, *, is_caption: bool) -> tuple[Mention, ...]:
    """The names in a text."""
    found = []
    for one, start, end in _entities(said, text, is_caption=is_caption):
        if one.get("type") in {"mention", "text_mention"}:
            person = id_of(mapping(one.get("user")).get("id")) or ""
            found.append(Mention(person, text[start:end].lstrip("@"), start, end))
    return tuple(found)


def names_us(account: Account, said: Said) -> bool:
    """Is our bot named, or called by a command?"""
    text, is_caption = words_of(said)
    names = own_names(account)
    for one, start, end in _entities(said, text, is_caption=is_caption):
        word = text[start:end].casefold()
        if one.get("type") == "text_mention" and is_us(account, one.get("user")):
            return True
        if one.get("type") == "mention" and word in names:
            return True
        if one.get("type") == "bot_command" and any(word.endswith(name) for name in names):
            return True
    return False


def _entities(said: Said, text: str, *, is_caption: bool) -> list[tuple[dict[str, Any], int, int]]:
    """The entities of a text with the code points at which they begin and end; those outside of it are left out."""
    wide = text.encode("utf-16-le", "surrogatepass")
    found = []
    for one in mappings(said.get("caption_entities" if is_caption else "entities"), MOST_ENTITIES):
        offset, length = number_of(one.get("offset"), 0, len(wide)), number_of(one.get("length"), 1, len(wide))
        if offset is not None and length is not None and 2 * (offset + length) <= len(wide):
            found.append((one, _code_points(wide, offset), _code_points(wide, offset + length)))
    return found


def _code_points(wide: bytes, units: int) -> int:
    """How many code points so many units of UTF-16 are; half of a pair counts for none."""
    return len(wide[: 2 * units].decode("utf-16-le", "ignore"))
