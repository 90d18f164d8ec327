"""A reply as WhatsApp takes it: free words while the window is open, one template with a variable when it is not."""

from collections.abc import Sequence

from hark.channels.errors import Refused
from hark.channels.kit.careful_json import Json
from hark.channels.types import Account, Outbound, OutboundFile

MOST_IN_TEMPLATE = 900  # of the 1,024 characters that a template's body may have with its variable filled in
MOST_IN_CAPTION = 1024
PICTURE, FILM = ("image", 5 << 20), ("video", 16 << 20)
SOUND = ("audio", 16 << 20)
KINDS = {
    "image/jpeg": PICTURE,
    "image/png": PICTURE,
    "video/mp4": FILM,
    "video/3gpp": FILM,
    "audio/aac": SOUND,
    "audio/amr": SOUND,
    "audio/mpeg": SOUND,
    "audio/mp4": SOUND,
    "audio/ogg": SOUND,
}
NO_FILES_SO_LATE = "More than 24 hours have passed, so the answer goes as a template, which takes no files."
NO_TEMPLATE = (
    "More than 24 hours have passed since this person last wrote. Until he writes again WhatsApp takes only a template "
    "it has approved; an administrator can name one in the settings of this channel."
)
LONG_FOR_TEMPLATE = (
    "More than 24 hours have passed, so these words go inside a template, which holds at most "
    f"{MOST_IN_TEMPLATE} characters."
)


def is_closed(outbound: Outbound) -> bool:
    """Has the window closed by the moment of sending? What is not known is left to WhatsApp to refuse."""
    standing = outbound.standing
    return bool(standing.at and standing.window_ends and standing.at >= standing.window_ends)


def objection_to(account: Account, outbound: Outbound) -> Refused | None:
    """Why this cannot leave after the window has closed; None where it can, as a template."""
    if not template_of(account):
        return Refused("window_closed", NO_TEMPLATE)
    if outbound.attachments:
        return Refused("no_files", NO_FILES_SO_LATE)
    return Refused("too_long", LONG_FOR_TEMPLATE) if len(_in_one_line(outbound.text)) > MOST_IN_TEMPLATE else None


def template_of(account: Account) -> tuple[str, str] | None:
    """The name and the language of the template that opens the talk again."""
    name = str(account.settings.get("template") or "").strip()
    return (name, str(account.settings.get("template_language") or "en").strip()) if name else None


def as_messages(account: Account, outbound: Outbound, uploaded: Sequence[tuple[OutboundFile, str]]) -> list[Json]:
    """The messages that a reply is: its words, or the template with them, and one for each file.

    Where a single file takes a caption the words go with it. A person is known by a user id (it has a dot in it) or by
    a telephone number.
    """
    person = outbound.target.person or outbound.target.thread
    said: dict[str, Json] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "recipient" if "." in person else "to": person,
        "biz_opaque_callback_data": str(outbound.id),
    }
    template = template_of(account) if is_closed(outbound) else None
    if template:
        return [{**said, "type": "template", "template": _filled(template, outbound.text)}]
    caption = outbound.text if _takes_caption(outbound, uploaded) else ""
    context = {"context": {"message_id": outbound.target.parent}} if outbound.target.parent else {}
    words = [{**said, **context, "type": "text", "text": {"body": outbound.text, "preview_url": False}}]
    files = [{**said, **(context if caption else {}), **_file(file, own, caption)} for file, own in uploaded]
    return files if caption or (files and not outbound.text.strip()) else [*words, *files]


def kind_of(file: OutboundFile) -> str:
    """How WhatsApp shows a file. What it does not show, or not so large, goes as a document."""
    kind, most = KINDS.get(file.mime.partition(";")[0].strip().lower(), ("document", 0))
    return kind if file.size <= most else "document"


def _takes_caption(outbound: Outbound, uploaded: Sequence[tuple[OutboundFile, str]]) -> bool:
    if len(uploaded) != 1 or not outbound.text.strip() or len(outbound.text) > MOST_IN_CAPTION:
        return False
    return kind_of(uploaded[0][0]) != "audio"


def _file(file: OutboundFile, own: str, caption: str) -> dict[str, Json]:
    kind = kind_of(file)
    named = {"filename": file.name} if kind == "document" else {}
    return {"type": kind, kind: {"id": own, **named, **({"caption": caption} if caption else {})}}


def _filled(template: tuple[str, str], text: str) -> Json:
    words = {"type": "body", "parameters": [{"type": "text", "text": _in_one_line(text)}]}
    return {"name": template[0], "language": {"code": template[1]}, "components": [words]}


def _in_one_line(text: str) -> str:
    """A template's variable takes no line ends, no tabs and no long gaps."""
    return " ".join(text.split())
