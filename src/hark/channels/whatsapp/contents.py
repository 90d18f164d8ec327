"""What a WhatsApp message holds, as words and references. Pure and total."""

from typing import Any

from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.words import id_of, text_of
from hark.channels.meta.hooks import table, tables
from hark.channels.types import AttachmentRef

FILES = frozenset({"image", "video", "audio", "document", "sticker"})
MOST = 20
LONGEST = 10_000


def words_of(kind: str, said: dict[str, Any]) -> str:
    """The words of a message; what is no text is said in words, so that it can be read, searched and told apart."""
    own = table(said.get(kind))
    if kind == "text":
        return text_of(own.get("body"))
    if kind in FILES:
        return text_of(own.get("caption"))
    if kind == "contacts":
        return "\n".join(_contact(one) for one in tables(said.get("contacts"))[:MOST])
    read = {"location": _location, "interactive": _answer, "button": _button, "order": _order}.get(kind)
    return read(own)[:LONGEST] if read else ""


def attachments_of(kind: str, said: dict[str, Any]) -> tuple[AttachmentRef, ...]:
    """A file is named by its id at WhatsApp, which `media` asks for; WhatsApp says no size here."""
    own = table(said.get(kind)) if kind in FILES else {}
    ref = id_of(own.get("id"))
    if ref is None:
        return ()
    mime = text_of(own.get("mime_type")).partition(";")[0].strip()
    return (AttachmentRef(ref, mime, None, text_of(own.get("filename"))[:255]),)


def _location(own: dict[str, Any]) -> str:
    named = [text_of(own.get(name)) for name in ("name", "address")]
    place = ", ".join(_degrees(own.get(name)) for name in ("latitude", "longitude"))
    return f"Location: {', '.join(filter(None, [*named, place]))}"


def _degrees(value: Json) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 180
    return f"{value:.6f}" if is_number else text_of(value)[:20] or "?"


def _contact(one: dict[str, Any]) -> str:
    named = text_of(table(one.get("name")).get("formatted_name"))
    phones = [text_of(each.get("phone")) or text_of(each.get("wa_id")) for each in tables(one.get("phones"))[:MOST]]
    mails = [text_of(each.get("email")) for each in tables(one.get("emails"))[:MOST]]
    return f"Contact: {', '.join(filter(None, [named, *phones, *mails]))}"


def _answer(own: dict[str, Any]) -> str:
    """A button pressed, a line chosen, a form filled in."""
    kind = text_of(own.get("type"))
    chosen = table(own.get(kind))
    if kind == "nfm_reply":
        return "\n".join(_form(text_of(chosen.get("response_json")))) or text_of(chosen.get("body"))
    return "\n".join(filter(None, (text_of(chosen.get(name)) for name in ("title", "description"))))


def _form(written: str) -> list[str]:
    try:
        fields = table(loads(written.encode("utf-8", "replace")))
    except Unreadable:
        return []
    shown = [(name, text_of(value)) for name, value in list(fields.items())[:100] if name != "flow_token"]
    return [f"{text_of(name)}: {value}" for name, value in shown if value]


def _button(own: dict[str, Any]) -> str:
    return text_of(own.get("text"))


def _order(own: dict[str, Any]) -> str:
    lines = [_line(one) for one in tables(own.get("product_items"))[:100]]
    return "\n".join(filter(None, [text_of(own.get("text")), *lines]))


def _line(one: dict[str, Any]) -> str:
    price = one.get("item_price")
    each = f", {price:g} {text_of(one.get('currency'))} each" if isinstance(price, int | float) else ""
    return f"Order: {text_of(one.get('quantity')) or '?'} × {text_of(one.get('product_retailer_id'))}{each}"
