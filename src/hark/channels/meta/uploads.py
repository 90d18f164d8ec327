"""Files that go to Meta with a reply, and replies that are several messages."""

from collections.abc import Mapping, Sequence

from hark.channels.errors import Ambiguous, Refused, Retry, SendError
from hark.channels.kit.careful_json import Json
from hark.channels.kit.carried import bytes_of
from hark.channels.kit.multipart import multipart
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
    kind, body = multipart(fields, [(field, file.name, file.mime, bytes_of(file))])
    return called(account, "POST", path, body, kind=kind, seconds=UPLOAD_SECONDS)


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
