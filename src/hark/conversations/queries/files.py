"""Files as pages show them, through the gate: those of messages, of notes, and of what an agent is writing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, QuerySet

from hark.conversations.models import Attachment, Case
from hark.conversations.queries.access import case_gate, conversation_gate
from hark.conversations.types import TRAY_KINDS, FileState
from hark.kernel.errors import NotFound
from hark.organisation.models import Agent

HELD_KIND = "held_"  # beside a finished reply that waits: the kind is its key


@dataclass(frozen=True, slots=True)
class FileShown:
    """A file in a few words. `picture`: a small one of it can be shown; `inline`: the formatted message shows it."""

    key: str
    name: str
    mime: str
    size: int | None
    state: str
    picture: bool
    width: int | None
    height: int | None
    inline: bool
    problem: str


def largest_file() -> int:
    """How many bytes a file may have (HARK_FILE_MB)."""
    megabytes: int = settings.HARK_FILE_MB
    return megabytes << 20


def files_visible_to(agent: Agent) -> QuerySet[Attachment]:
    """Files of messages, notes and waiting replies that this agent may see, and those beside what he is writing."""
    of_message = Q(message__isnull=False) & conversation_gate(agent, "message__conversation__")
    of_note = Q(note__isnull=False) & case_gate(agent, "note__case__")
    of_draft = Q(draft_case__isnull=False, agent=agent) & case_gate(agent, "draft_case__")
    of_held = Q(draft_kind__startswith=HELD_KIND) & case_gate(agent, "draft_case__")
    return Attachment.objects.filter(of_message | of_note | of_draft | of_held).exclude(state=FileState.REMOVED)


def get_file(agent: Agent, key: str) -> Attachment:
    """The file with this key; raises NotFound, the same for a foreign one as for one that does not exist."""
    file = files_visible_to(agent).filter(key=key).first()
    if file is None:
        raise NotFound
    return file


def files_of_messages(message_ids: Iterable[int]) -> dict[int, tuple[FileShown, ...]]:
    """The files of messages that came from the gate, in their order, without pictures from the web. One query."""
    return _grouped(Attachment.objects.filter(message__in=list(message_ids), remote=False), "message_id")


def files_of_notes(note_ids: Iterable[int]) -> dict[int, tuple[FileShown, ...]]:
    """The files of notes that came from the gate. No query where there are no notes."""
    ids = list(note_ids)
    return _grouped(Attachment.objects.filter(note__in=ids), "note_id") if ids else {}


def files_beside(agent: Agent, case: Case) -> dict[str, list[FileShown]]:
    """The agent's own files beside the reply and the note being written; those still coming in are left out."""
    mine = Attachment.objects.filter(draft_case=case, draft_kind__in=TRAY_KINDS, agent=agent)
    there = mine.filter(state__in=[FileState.STORED, FileState.FAILED, FileState.WAITING]).order_by("id")
    return {kind: [file_shown(file) for file in there if file.draft_kind == kind] for kind in TRAY_KINDS}


def file_shown(file: Attachment) -> FileShown:
    """A file as pages show it."""
    return FileShown(
        key=file.key,
        name=file.name,
        mime=file.mime,
        size=file.size,
        state=file.state,
        picture=bool(file.preview) and file.state == FileState.STORED,
        width=file.width,
        height=file.height,
        inline=file.inline,
        problem=file.problem,
    )


def _grouped(files: QuerySet[Attachment], by: str) -> dict[int, tuple[FileShown, ...]]:
    found: dict[int, list[FileShown]] = defaultdict(list)
    for file in files.exclude(state=FileState.REMOVED).order_by("id"):
        found[getattr(file, by)].append(file_shown(file))
    return {number: tuple(group) for number, group in found.items()}
