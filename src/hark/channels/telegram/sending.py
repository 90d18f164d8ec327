"""What leaves for Telegram: messages, albums, other words, deletions; and what its refusals mean."""

import json
from typing import Any

from hark.channels.errors import AuthLost, Refused, Retry, SendError
from hark.channels.kit.careful_json import Json, Unreadable, loads
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.counting import length
from hark.channels.kit.json_api import JsonApi, mapping, mappings
from hark.channels.kit.once import error_of
from hark.channels.kit.words import id_of, number_of, text_of
from hark.channels.types import Outbound, OutboundFile
from hark.kernel.http import HttpResponse

CAPTION = 1024
ALBUM = 10
PHOTOS = frozenset({"image/jpeg", "image/png", "image/webp"})
LARGEST_PHOTO = 10_000_000
Said = dict[str, Any]
WORDS = (  # how a description begins or what is in it, a code, and what it means for an agent
    ("bot was blocked by the user", "blocked", "This person has blocked the bot: nothing can be sent here."),
    ("user is deactivated", "gone", "This person's account is gone."),
    ("initiate conversation", "not_started", "A bot cannot write first: the person must open it once and press Start."),
    ("bot can't send messages to the user", "not_started", "The person must open the bot once and press Start."),
    ("bot was kicked", "removed", "The bot is not in this group any more."),
    ("not enough rights", "no_right", "The bot has no right to write in this group."),
    ("chat not found", "gone", "Telegram does not know this chat any more."),
    ("upgraded to a supergroup", "moved", "This group has become a larger one; answer a newer message of it."),
)


def objection(outbound: Outbound) -> Refused | None:
    """Files go with a caption, and only so many together."""
    if len(outbound.attachments) > ALBUM:
        return Refused("files", f"At most {ALBUM} files go together here.")
    if outbound.attachments and length(outbound.text, "utf16") > CAPTION:
        return Refused("too_long", f"With files a text here holds at most {CAPTION:,} characters. Send them apart.")
    return None


def send(api: JsonApi, outbound: Outbound) -> list[Said]:
    """The messages that Telegram made of it."""
    where, files = _where(outbound), outbound.attachments
    if not files:
        said = api.send("POST", "/sendMessage", {**where, "text": outbound.text})
    elif len(files) == 1:
        kind = "photo" if _are_photos(files) else "document"
        parts = [(kind, files[0].name, files[0].mime, bytes_of(files[0]))]
        said = api.upload(f"/send{kind.capitalize()}", _as_fields({**where, "caption": outbound.text}), parts)
    else:
        said = _send_album(api, where, outbound)
    result = mapping(said).get("result")
    return mappings(result) if isinstance(result, list) else [mapping(result)]


def _send_album(api: JsonApi, where: Said, outbound: Outbound) -> Json:
    kind = "photo" if _are_photos(outbound.attachments) else "document"
    album: list[Said] = [{"type": kind, "media": f"attach://file{n}"} for n in range(len(outbound.attachments))]
    album[0 if kind == "photo" else -1]["caption"] = outbound.text
    parts = [(f"file{n}", file.name, file.mime, bytes_of(file)) for n, file in enumerate(outbound.attachments)]
    return api.upload("/sendMediaGroup", _as_fields({**where, "media": album}), parts)


def _are_photos(files: tuple[OutboundFile, ...]) -> bool:
    return all(file.mime in PHOTOS and file.size <= LARGEST_PHOTO for file in files)


def _as_fields(said: Said) -> dict[str, str]:
    """A form's fields; what is no text is written as JSON."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in said.items()}


def _where(outbound: Outbound) -> Said:
    """The chat and the message that is answered; who moves to private is written to in his own chat with the bot."""
    target = outbound.target
    if outbound.visibility == "private" and outbound.private_of:
        if not target.person.isdigit():
            raise Refused("nobody", "Whoever wrote this has no chat of his own with the bot.")
        return {"chat_id": target.person}
    chat, _, topic = target.thread.partition(":")
    where: Said = {"chat_id": chat}
    if topic:
        where["message_thread_id"] = int(topic) if topic.isdigit() else topic
    answered_in, _, number = (target.parent or target.external_id).partition(":")
    if answered_in == chat and number.isdigit():
        where["reply_parameters"] = {"message_id": int(number), "allow_sending_without_reply": True}
    return where


def place_of(message: Said) -> tuple[str, str]:
    """(chat, number) of a message."""
    return id_of(mapping(message.get("chat")).get("id")) or "", id_of(message.get("message_id")) or ""


def reword(api: JsonApi, post: str, text: str) -> None:
    """Let a message say something else, or the caption of a file. The same words again are no change and no fault."""
    about = _about(post)
    try:
        api.send("POST", "/editMessageText", {**about, "text": text})
    except Refused as error:
        if "no text in the message" in error.human:
            api.send("POST", "/editMessageCaption", {**about, "caption": text})
        elif "is not modified" not in error.human:
            raise


def remove(api: JsonApi, post: str) -> None:
    """Take a message away; one that is gone is gone."""
    try:
        api.send("POST", "/deleteMessage", _about(post))
    except Refused as error:
        if "to delete not found" not in error.human:
            raise


def _about(post: str) -> Said:
    chat, _, number = post.partition(":")
    return {"chat_id": chat, "message_id": int(number) if number.isdigit() else number}


def refusal(response: HttpResponse) -> SendError:
    """What an answer other than 2xx means: Telegram says it in a sentence, and how long to wait in its body."""
    said = _said(response)
    words, wait = text_of(said.get("description")), mapping(said.get("parameters")).get("retry_after")
    if response.status == 429:
        seconds = number_of(wait, 0, 86_400)
        return Retry(float(seconds), "Telegram asks for patience") if seconds is not None else error_of(response)
    if response.status == 404 and words == "Not Found":  # so it answers a token that it does not know
        return AuthLost("Telegram does not know the token")
    for part, code, human in WORDS:
        if part in words:
            return Refused(code, human)
    error = error_of(response)
    return Refused(error.code, f"Telegram refused it: {words[:200]}") if isinstance(error, Refused) and words else error


def _said(response: HttpResponse) -> Said:
    try:
        return mapping(loads(response.body))
    except Unreadable:
        return {}
