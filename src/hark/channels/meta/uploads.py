"""Files that go to Meta with a reply, and replies that are several messages."""

from collections.abc import Mapping, Sequence

from hark.channels.errors import Ambiguous, Refused, Retry, SendError
from hark.channels.kit.careful_json import Json
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.words import id_of
from hark.channels.meta.graph import ask, called
from hark.channels.types import Account, OutboundFile

UPLOAD_SECONDS, SEND_SECONDS = 60.0, 300.0
NO_ID = "Meta took the file and gave it no name. Send the answer without it, or try again."


def uploaded(
    account: Account,
    path: str,
    fields: Mapping[str, str],
    file: OutboundFile,
    *,
    field: str = "file",
    named: str = "id",
) -> str:
    """The id under which Meta keeps a file. Nothing is published by it, so a line that breaks here leaves no doubt."""
    try:
        own = id_of(posted(account, path, fields, file, field=field).get(named))
    except Ambiguous as error:
        raise Retry(detail="the line broke while a file was sent") from error
    if own is None:
        raise Refused("no_file_id", NO_ID)
    return own


def posted(
    account: Account, path: str, fields: Mapping[str, str], file: OutboundFile, *, field: str = "source"
) -> dict[str, Json]:
    """What Meta answers to a form with a file in it. Raises the four errors."""
    kind, body = form(fields, file, bytes_of(file), field)
    return called(account, "POST", path, body, kind=kind, seconds=UPLOAD_SECONDS)


def form(fields: Mapping[str, str], file: OutboundFile, data: bytes, field: str) -> tuple[str, bytes]:
    """(content type, body) of a form with a file (RFC 7578). The border holds the file's own hash: it is not in it."""
    border = f"hark-{file.sha256}"
    mime = (
        file.mime
        if file.mime.isascii() and file.mime.isprintable() and "/" in file.mime
        else "application/octet-stream"
    )
    parts = [_part(border, f'name="{name}"', "", value.encode()) for name, value in fields.items()]
    parts.append(_part(border, f'name="{field}"; filename="{_plain(file.name)}"', mime, data))
    return f"multipart/form-data; boundary={border}", b"".join([*parts, f"--{border}--\r\n".encode()])


def all_sent(account: Account, path: str, messages: Sequence[Json]) -> list[dict[str, Json]]:
    """The answers to several messages, in order.

    Where a later one fails an earlier one is out already: then nobody can say that the reply was not sent. Raises the
    four errors.
    """
    answers: list[dict[str, Json]] = []
    for message in messages:
        try:
            answers.append(ask(account, "POST", path, message))
        except SendError as error:
            if answers:
                raise Ambiguous(f"only {len(answers)} of {len(messages)} messages were taken") from error
            raise
    return answers


def _part(border: str, named: str, mime: str, data: bytes) -> bytes:
    head = f"--{border}\r\nContent-Disposition: form-data; {named}\r\n"
    head += f"Content-Type: {mime}\r\n" if mime else ""
    return head.encode() + b"\r\n" + data + b"\r\n"


def _plain(name: str) -> str:
    """A file's name that cannot end its header."""
    return "".join("_" if letter in '"\\' or not letter.isprintable() else letter for letter in name)[:200] or "file"
