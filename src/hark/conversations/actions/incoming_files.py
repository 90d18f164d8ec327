"""Files that come with messages: noted in the transaction of the message, their bytes fetched afterwards by a job."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hark.channels.kit.words import storable
from hark.conversations.actions.due import have_fetched
from hark.conversations.actions.folding import NewMessage
from hark.conversations.models import Attachment, MessageHtml
from hark.conversations.queries.files import largest_file
from hark.conversations.types import FileState, IncomingMessage, SeenFile
from hark.kernel.db import after_commit
from hark.kernel.files import plain_name
from hark.kernel.ids import public_key
from hark.kernel.time import database_now

MOST_A_MESSAGE = 100
REMOTE = "data-remote-src="


def add_formatted(new: Sequence[NewMessage]) -> None:
    """Keep how the new messages were formatted. One INSERT, none where nothing was."""
    rows = [
        MessageHtml(
            message_id=one.id,
            html=one.incoming.html,
            hidden_text=one.incoming.hidden_text,
            remote=min(one.incoming.html.count(REMOTE), 1000),
        )
        for one in new
        if (one.incoming.html or one.incoming.hidden_text) and not one.deleted
    ]
    if rows:
        MessageHtml.objects.bulk_create(rows, ignore_conflicts=True)


def add_incoming_files(new: Sequence[NewMessage]) -> None:
    """Note the files of new messages and have them fetched. One INSERT, none where there are none; idempotent."""
    at = database_now() if any(one.incoming.files for one in new) else None
    if at is None:
        return
    rows = [row for one in new if not one.deleted for row in _rows(one.id, one.incoming, at)]
    Attachment.objects.bulk_create(rows, ignore_conflicts=True)
    after_commit(have_fetched)


def _rows(message_id: int, incoming: IncomingMessage, at: datetime) -> Iterable[Attachment]:
    for file in incoming.files[:MOST_A_MESSAGE]:
        too_large = file.size is not None and file.size > largest_file()
        yield Attachment(
            key=public_key("file"),
            message_id=message_id,
            state=FileState.TOO_LARGE if too_large else FileState.WAITING,
            try_at=None if too_large else at,
            added_at=at,
            **_said(file),
        )


def _said(file: SeenFile) -> dict[str, object]:
    """What the venue says of a file, as data."""
    return {
        "ref": storable(file.ref),
        "name": plain_name(storable(file.name)),
        "size": file.size,
        "content_id": storable(file.content_id)[:500],
        "inline": file.inline,
    }
