"""Who looks at a case, and who types: said by open pages, good for seconds, never part of the case."""

from datetime import timedelta

from django.db import transaction

from hark.conversations.actions.standing import acting_agent, seen_case
from hark.conversations.models import Case, Looking
from hark.conversations.types import Author
from hark.kernel.actions import record
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent

BEAT_SECONDS = 15  # how often a page says so again
GOOD_FOR = timedelta(seconds=2 * BEAT_SECONDS + 5)
LONGEST_TAB = 64


@transaction.atomic
def look(*, case_id: int, author: Author, tab: str, typing: bool) -> None:
    """The page `tab` of this agent shows the case just now, and something is being typed there or not.

    One write; the journal hears only of changes. Raises NotFound, NotAllowed.
    """
    agent = acting_agent(author)
    case = seen_case(agent, case_id)
    at = database_now()
    row = {"case": case, "until": at + GOOD_FOR, "typing": typing}
    before = Looking.objects.select_related("case").filter(agent=agent, tab=tab[:LONGEST_TAB], until__gt=at).first()
    Looking.objects.update_or_create(agent=agent, tab=tab[:LONGEST_TAB], defaults=row)
    if before is None or (before.case_id, before.typing) != (case.pk, typing):
        moved = {case.pk: case, **({before.case_id: before.case} if before else {})}
        record([_changed(one, author) for one in moved.values()])


@transaction.atomic
def look_away(*, author: Author, tab: str) -> None:
    """The page shows no case any more. Repeating changes nothing."""
    rows = Looking.objects.select_related("case").filter(agent=author.agent_id, tab=tab[:LONGEST_TAB])
    record([_changed(row.case, author) for row in rows])
    rows.delete()


def forget_past_looks() -> int:
    """Sweep away what pages that ended without a word have left; returns how many rows."""
    gone, _ = Looking.objects.filter(until__lt=database_now()).delete()
    return gone


def _changed(case: Case, author: Author) -> NewEvent:
    return NewEvent(
        "looking.changed", case.key, author.agent_key, case.inbox_id, data={"case": case.key, "by": author.agent_key}
    )
