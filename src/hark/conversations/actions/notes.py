"""What agents tell each other on a case."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from hark.conversations.actions.files import belong, hand_over
from hark.conversations.actions.standing import acting_agent, locked_case, written
from hark.conversations.models import Draft, Note
from hark.conversations.queries.mentions import mentioned_in
from hark.conversations.types import Author
from hark.kernel.actions import record
from hark.kernel.errors import NotAllowed
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.types import Right


@transaction.atomic
def add_note(*, case_id: int, text: str, author: Author, idempotency_key: UUID, files: Sequence[str] = ()) -> Note:
    """Write a note on a case; its draft is dropped, and the event names whom it mentions.

    One transaction; the same key twice gives the same note. `files` are keys of those beside the text, which may be
    empty then. Raises NotFound, NotAllowed, NothingWritten, TooLong, CannotTakeFile.
    """
    agent = acting_agent(author, Right.NOTE)
    case = locked_case(agent, case_id)
    key = f"note_{idempotency_key.hex}"
    if earlier := Note.objects.filter(key=key).first():
        if (earlier.case_id, earlier.agent_id) != (case.pk, agent.pk):
            raise NotAllowed
        return earlier
    handed = hand_over(agent, case, "note", files)
    text = written(text, case) if text.strip() or not handed else ""
    note = Note.objects.create(key=key, case=case, agent=agent, text=text, at=database_now())
    belong(handed, note=note)
    case.version += 1
    case.save(update_fields=["version"])
    Draft.objects.filter(case=case, agent=agent, kind="note").delete()
    told = {"case": case.key, "note": key, "mentions": [one.key for one in mentioned_in(note.text, case)]}
    record([NewEvent("note.added", case.key, author.agent_key, case.inbox_id, data=told)])
    return note
