"""Files that are due: fetched from where they lie, or made anew before they go out; made safe, or given up visibly."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from hark.channels import registry
from hark.channels.accounts import account_of
from hark.channels.errors import Refused, SendError
from hark.channels.types import Raw
from hark.conversations.actions.pictures import redrawn
from hark.conversations.actions.standing import acting_agent
from hark.conversations.errors import CannotTakeFile
from hark.conversations.models import Attachment, Message
from hark.conversations.queries.files import get_file, largest_file
from hark.conversations.types import Author, FileState
from hark.kernel import http, storage
from hark.kernel.actions import record
from hark.kernel.db import fetch_all
from hark.kernel.errors import HarkError
from hark.kernel.files import PICTURES, type_of
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.types import Right

LEASE_SECONDS = 300
BACK_OFF_SECONDS = (30, 120, 600, 3600, 6 * 3600)
LARGEST_REMOTE = 5_000_000
PREVIEW = 1280
KEPT = timedelta(days=1)
# The lease is the time of the next try: whoever dies with a file in hand has only put it off.
CLAIM = """
    UPDATE conversations_attachment SET attempts = attempts + 1,
        try_at = clock_timestamp() + make_interval(secs => %s)
    WHERE id = (SELECT id FROM conversations_attachment WHERE state = 'waiting' AND try_at <= clock_timestamp()
        ORDER BY try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


def fetch_next_file() -> bool:
    """Deal with one file that is due, outside any transaction; False when none is due.

    What came with a message is fetched; a picture that an agent adds is made anew, without place and camera. Tried six
    times within eight hours, then given up visibly; what is refused is given up at once.
    """
    claimed = fetch_all(CLAIM, [LEASE_SECONDS])
    if not claimed:
        return False
    near = ("message__channel", "message__arrival", "message__conversation__case")
    file = Attachment.objects.select_related(*near).get(pk=claimed[0][0])
    try:
        _deal_with(file)
    except storage.FileTooLarge as error:
        _end(file, FileState.TOO_LARGE, error.message)
    except Refused as error:
        _end(file, FileState.FAILED, error.human)
    except (HarkError, OSError, ValueError) as error:
        _try_later(file, error.message if isinstance(error, SendError) else "It could not be fetched.")
    except Exception:  # noqa: BLE001 - a third party's `media` may raise anything; the job goes on with the next file
        _try_later(file, "It could not be fetched.")
    return True


def _deal_with(file: Attachment) -> None:
    if file.message is None:
        _make_anew(file)
    else:
        _keep(file, storage.store(_bytes_of(file, file.message), most=largest_file()))


def _make_anew(file: Attachment) -> None:
    """A picture that an agent adds: what goes out was drawn by Hark; the original goes with the next sweep."""
    clean = redrawn(storage.read(file.sha256))
    if clean.problem:
        file.sha256 = ""
        raise Refused("picture", f"{clean.problem} Hark could not take place and camera out of it.")
    _keep(file, storage.store([clean.data], most=largest_file()))


def preview_of(sha256: str) -> tuple[str, int | None, int | None]:
    """Hash, width and height of a small picture of a stored picture; an empty hash where none can be made."""
    small = redrawn(storage.read(sha256), longest=PREVIEW)
    if small.problem:
        return "", None, None
    return storage.store([small.data], most=largest_file()).sha256, small.width, small.height


def _bytes_of(file: Attachment, message: Message) -> Iterable[bytes]:
    """From the web, from the arrival, or from the venue."""
    if file.remote:
        answer = http.fetch(http.HttpRequest("GET", file.ref, max_bytes=LARGEST_REMOTE))
        if answer.status != 200:
            raise Refused(str(answer.status), "The web site does not give this picture.")
        return [answer.body]
    venue, account = registry.venue(message.channel.venue), account_of(message.channel)
    if message.arrival is not None:
        arrival = message.arrival
        raw = Raw(bytes(arrival.body), arrival.headers, id=str(arrival.pk), received_at=arrival.received_at)
        if (came_with_it := venue.part(account, raw, file.ref)) is not None:
            return [came_with_it]
    return venue.media(account, file.ref)


def _keep(file: Attachment, stored: storage.StoredFile) -> None:
    file.sha256, file.size, file.mime = stored.sha256, stored.size, type_of(stored.head, file.name)
    if file.mime in PICTURES:
        file.preview, file.width, file.height = preview_of(stored.sha256)
    if file.remote and not file.preview:
        _end(file, FileState.FAILED, "This is no picture that Hark can show.")
    else:
        _end(file, FileState.STORED)


def _try_later(file: Attachment, why: str) -> None:
    if file.attempts > len(BACK_OFF_SECONDS):
        _end(file, FileState.FAILED, why)
        return
    at = database_now() + timedelta(seconds=BACK_OFF_SECONDS[file.attempts - 1])
    Attachment.objects.filter(pk=file.pk, state=FileState.WAITING).update(try_at=at, problem=why)


@transaction.atomic
def _end(file: Attachment, state: FileState, problem: str = "") -> None:
    """Write down what became of it and tell the pages; not when it was removed meanwhile."""
    names = ("sha256", "size", "mime", "preview", "width", "height")
    facts = {name: getattr(file, name) for name in names}
    still = Attachment.objects.filter(pk=file.pk, state=FileState.WAITING)
    if still.update(state=state, problem=problem, try_at=None, **facts):
        _tell(file)


def _tell(file: Attachment) -> None:
    message = file.message
    if message is None:
        return
    case = message.conversation.case
    inbox_id = case.inbox_id if case else message.channel.inbox_id
    data = {"message": message.key, "case": case.key if case else ""}
    visitor = message.conversation.visitor_key if message.visibility == "private" else ""
    subject = case.key if case else message.key
    record([NewEvent("message.file", subject, inbox_id=inbox_id, visitor=visitor, data=data)])


@transaction.atomic
def fetch_again(*, key: str, author: Author) -> Attachment:
    """Have a file that was given up fetched once more. Raises NotFound, NotAllowed, CannotTakeFile."""
    agent = acting_agent(author, Right.NOTE)
    file = get_file(agent, key)
    given_up = Attachment.objects.filter(pk=file.pk, state=FileState.FAILED, message__isnull=False).exclude(ref="")
    if not given_up.update(state=FileState.WAITING, attempts=0, problem="", try_at=database_now()):
        raise CannotTakeFile("It is not waiting to be fetched again.")
    return file


def sweep_files() -> None:
    """Delete what was put away or never came in whole, a day later; then the bytes that no row names."""
    gone = Q(state__in=[FileState.REMOVED, FileState.UPLOADING]) | Q(state=FileState.FAILED, draft_case__isnull=False)
    Attachment.objects.filter(gone, added_at__lt=database_now() - KEPT).delete()
    storage.sweep(_named)


def _named(hashes: Collection[str]) -> set[str]:
    """Those of the hashes that some row names."""
    rows = Attachment.objects.filter(Q(sha256__in=hashes) | Q(preview__in=hashes)).values_list("sha256", "preview")
    return {each for row in rows for each in row}
