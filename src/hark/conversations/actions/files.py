"""Files that an agent adds to what is being written: announced, coming in by pieces, made safe, sent or put away."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from hark.channels.kit.words import storable
from hark.conversations.actions.due import have_fetched
from hark.conversations.actions.standing import acting_agent, seen_case
from hark.conversations.errors import CannotTakeFile, FilesPerHour, TooManyFiles
from hark.conversations.models import Attachment, Case, HeldReply, Message, Note
from hark.conversations.queries.files import HELD_KIND, largest_file
from hark.conversations.types import Author, FileState
from hark.kernel import storage
from hark.kernel.db import execute
from hark.kernel.errors import NotFound
from hark.kernel.files import PICTURES, TELLING, plain_name, type_of
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.organisation.types import Right

MOST_AT_ONCE = 10
MOST_PER_HOUR = 300
MOST_BYTES_PER_HOUR = 2 << 30
LARGEST_PICTURE = 30 << 20
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('files|' || %s, 0))"


@transaction.atomic
def begin_file(*, case_id: int, kind: str, name: str, size: int, author: Author) -> Attachment:
    """Announce a file for the reply or note that an agent is writing; its pieces follow.

    One transaction. What counts against the hour counts from here on, also when the file is put away again: so what
    one agent can fill of the disk is bounded. Raises NotFound, NotAllowed, FileTooLarge, TooManyFiles, FilesPerHour.
    """
    agent = acting_agent(author, Right.NOTE)
    case = seen_case(agent, case_id)
    if not 0 < size <= largest_file():
        raise storage.FileTooLarge(f"at most {largest_file() >> 20} MB" if size > 0 else "it is empty")
    execute(LOCK, [agent.key])
    _check_the_hour(agent, size)
    if draft_files(agent, case, kind).count() >= MOST_AT_ONCE:
        raise TooManyFiles(f"at most {MOST_AT_ONCE}")
    return Attachment.objects.create(
        key=public_key("file"),
        draft_case=case,
        draft_kind=kind,
        agent=agent,
        state=FileState.UPLOADING,
        name=plain_name(storable(name)),
        size=size,
        added_at=database_now(),
    )


def _check_the_hour(agent: Agent, size: int) -> None:
    lately = Attachment.objects.filter(agent=agent, added_at__gt=database_now() - timedelta(hours=1))
    sums = lately.aggregate(files=Count("pk"), size=Sum("size"))
    if sums["files"] >= MOST_PER_HOUR or (sums["size"] or 0) + size > MOST_BYTES_PER_HOUR:
        raise FilesPerHour


def add_piece(*, key: str, piece: bytes, at: int, author: Author) -> Attachment:
    """Add the piece that begins at byte `at`; with the last one the file is made safe. A piece may be sent again.

    A picture then waits for a job that makes it anew, so that neither place nor camera goes out with it. Raises
    NotFound, NotAllowed, OutOfStep, CannotTakeFile, StorageAway.
    """
    agent = acting_agent(author, Right.NOTE)
    file = _mine(agent, key)
    if file.state != FileState.UPLOADING:
        raise storage.OutOfStep(file.size or 0)
    if at + len(piece) > (file.size or 0):
        raise CannotTakeFile("It is longer than was said.")
    if storage.append(key, piece, at=at) == file.size:
        _finish(file)
    return file


def _finish(file: Attachment) -> None:
    """All of it is here: what it is. A picture still waits for the job that makes it anew."""
    stored = storage.adopt(file.key)
    file.mime, file.size = type_of(stored.head, file.name), stored.size
    refusal = _refusal(file)
    if refusal:
        file.state, file.problem = FileState.FAILED, refusal
        file.save()
        raise CannotTakeFile(refusal)
    file.state, file.sha256 = FileState.STORED, stored.sha256
    if file.mime in PICTURES:
        file.state, file.try_at = FileState.WAITING, database_now()
    file.save()
    if file.state == FileState.WAITING:
        have_fetched()


def _refusal(file: Attachment) -> str:
    if file.mime in TELLING:
        return "Pictures of this kind can tell where they were taken. Save it as JPEG or PNG first."
    if file.mime in PICTURES and (file.size or 0) > LARGEST_PICTURE:
        return f"A picture can have {LARGEST_PICTURE >> 20} MB at most."
    return ""


def put_away(*, key: str, author: Author) -> Attachment:
    """Remove a file from what the agent is writing. May be repeated; its bytes go with the next sweep."""
    file = _mine(acting_agent(author, Right.NOTE), key)
    Attachment.objects.filter(pk=file.pk).update(state=FileState.REMOVED)
    storage.forget(file.key)
    return file


def draft_files(agent: Agent, case: Case, kind: str) -> QuerySet[Attachment]:
    """The agent's own files beside what is being written, as they were added."""
    mine = Attachment.objects.filter(draft_case=case, draft_kind=kind, agent=agent)
    return mine.exclude(state=FileState.REMOVED).order_by("id")


def hand_over(agent: Agent, case: Case, kind: str, keys: Collection[str]) -> list[Attachment]:
    """The files that the page named, locked, each of them here; in the caller's transaction. Raises CannotTakeFile."""
    if not keys:
        return []
    found = list(draft_files(agent, case, kind).select_for_update().filter(key__in=keys))
    if len(found) != len(set(keys)):
        raise CannotTakeFile("A file of this text is gone. Look again, then send.")
    if any(file.state != FileState.STORED for file in found):
        raise CannotTakeFile("A file is not ready, or could not be taken. Wait a moment, or remove it.")
    return found


def held_files(held: HeldReply) -> list[Attachment]:
    """The files of a reply that waits, locked, in whatever case it is now."""
    return list(Attachment.objects.select_for_update().filter(draft_kind=held.key).order_by("id"))


def put_beside(files: Sequence[Attachment], kind: str, case: Case, agent: Agent) -> None:
    """The files lie beside another text of this agent from now on; in the caller's transaction."""
    for file in files:
        file.draft_case, file.draft_kind, file.agent = case, kind, agent
    Attachment.objects.bulk_update(files, ["draft_case", "draft_kind", "agent"])


def belong(files: Sequence[Attachment], *, message: Message | None = None, note: Note | None = None) -> None:
    """The files are part of a message or a note from now on; in the caller's transaction."""
    for file in files:
        file.message, file.note, file.draft_case, file.draft_kind = message, note, None, ""
    Attachment.objects.bulk_update(files, ["message", "note", "draft_case", "draft_kind"])


def give_back(message: Message, case: Case) -> None:
    """A reply was taken back: its files lie beside the text again; in the caller's transaction."""
    Attachment.objects.filter(message=message).update(
        message=None, draft_case=case, draft_kind="reply", agent_id=message.agent_id
    )


def _mine(agent: Agent, key: str) -> Attachment:
    """A file beside what this agent is writing, on a case that the agent still sees. Raises NotFound."""
    beside = Attachment.objects.filter(key=key, agent=agent, draft_case__isnull=False)
    file = beside.exclude(draft_kind__startswith=HELD_KIND).first()
    if file is None or file.state == FileState.REMOVED:
        raise NotFound
    seen_case(agent, file.draft_case_id or 0)
    return file
