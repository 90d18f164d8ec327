"""A reply as WhatsApp takes it: free words while the window is open, one template with a variable when it is not."""

from hark.channels.errors import Refused
from hark.channels.kit.careful_json import Json
from hark.channels.types import Account, Outbound

MOST_IN_TEMPLATE = 900  # of the 1,024 characters that a template's body may have with its variable filled in
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
    return Refused("too_long", LONG_FOR_TEMPLATE) if len(_in_one_line(outbound.text)) > MOST_IN_TEMPLATE else None


def template_of(account: Account) -> tuple[str, str] | None:
    """The name and the language of the template that opens the talk again."""
    name = str(account.settings.get("template") or "").strip()
    return (name, str(account.settings.get("template_language") or "en").strip()) if name else None


def as_json(account: Account, outbound: Outbound) -> Json:
    """The message. A person is known by a user id (it has a dot in it) or by a telephone number."""
    person, answered = outbound.target.person or outbound.target.thread, outbound.target.parent
    said: dict[str, Json] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "recipient" if "." in person else "to": person,
        "biz_opaque_callback_data": str(outbound.id),
    }
    template = template_of(account) if is_closed(outbound) else None
    if template:
        return {**said, "type": "template", "template": _filled(template, outbound.text)}
    if answered:
        said["context"] = {"message_id": answered}
    return {**said, "type": "text", "text": {"body": outbound.text, "preview_url": False}}


def _filled(template: tuple[str, str], text: str) -> Json:
    words = {"type": "body", "parameters": [{"type": "text", "text": _in_one_line(text)}]}
    return {"name": template[0], "language": {"code": template[1]}, "components": [words]}


def _in_one_line(text: str) -> str:
    """A template's variable takes no line ends, no tabs and no long gaps."""
    return " ".join(text.split())
