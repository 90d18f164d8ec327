"""The third contact on one matter: counted when somebody comes back, marked, and corrected by an agent."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.errors import NeedsPersonalWord
from hark.conversations.matter import THIRD, is_saved_only
from hark.conversations.models import Again, Case, Message
from hark.conversations.queries.matters import Matter, matters_of
from hark.conversations.queries.saved_replies import filled, macros_for, saved_replies_for, values_for
from hark.conversations.types import Author, Direction
from hark.kernel.actions import record
from hark.kernel.db import fetch_all
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.types import Right

MARK = """
    UPDATE conversations_case c SET again = m.again, version = c.version + m.bump
    FROM unnest(%s::bigint[], %s::smallint[], %s::int[]) AS m (id, again, bump), conversations_case before
    WHERE c.id = m.id AND before.id = c.id AND c.again <> m.again
    RETURNING c.key, c.inbox_id, before.again, c.again
"""


def count_again(case_ids: Collection[int], *, new: Collection[int] = (), bump: bool = False) -> dict[int, int]:
    """Count the contacts on the matter of these cases and mark those that are the third or later; gives their numbers.

    In the caller's transaction, which has locked the cases. `new` are those that open now; `bump`: their versions have
    not grown yet. The journal hears of every mark that changes. One query where nobody has come before.
    """
    matters = matters_of(case_ids, new=new)
    counts = {number: len(matter.contacts) for number, matter in matters.items()}
    marks = {number: count if count >= THIRD else 0 for number, count in counts.items()}
    if not marks:
        return {}
    _keep({number: matters[number] for number, mark in marks.items() if mark})
    changed = fetch_all(MARK, [list(marks), list(marks.values()), [int(bump)] * len(marks)])
    record([_marked(*row) for row in changed])
    return marks


def _marked(key: str, inbox_id: int, before: int, now: int) -> NewEvent:
    return NewEvent("case.again", key, "system", inbox_id, data={"case": key, "contacts": now, "before": before})


def _keep(marked: Mapping[int, Matter]) -> None:
    """What each mark rests on, as it was counted."""
    rows = [Again(case_id=number, contacts=_told(matter)) for number, matter in marked.items()]
    Again.objects.bulk_create(rows, update_conflicts=True, unique_fields=["case"], update_fields=["contacts"])


def _told(matter: Matter) -> list[dict[str, str]]:
    return [
        {
            "case": matter.keys[one.case_id],
            "at": one.at.isoformat(),
            "venue": one.venue,
            "why": matter.whys[one.case_id],
        }
        for one in matter.contacts
    ]


@transaction.atomic
def set_another_matter(*, case_id: int, actor: Author, version: int | None = None) -> Case:
    """What the person comes about now is another matter than before: the mark goes, and counting begins here.

    It is remembered, also for cases that are like this one, and audited. One transaction; a case without a mark is left
    alone. Raises NotFound, NotAllowed, ChangedMeanwhile.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    row = Again.objects.select_for_update(of=("self",)).filter(case=case).first()
    if not case.again or row is None:
        return case
    row.begins_at = datetime.fromisoformat(row.contacts[-1]["at"])
    return _corrected(case, row, actor, same=False)


@transaction.atomic
def set_same_matter(*, case_id: int, actor: Author, version: int | None = None) -> Case:
    """It is the same matter after all: the correction is taken back, and the contacts are counted anew.

    One transaction; a case that nobody has corrected is left alone. Raises NotFound, NotAllowed, ChangedMeanwhile.
    """
    case = locked_case(acting_agent(actor, Right.ANSWER), case_id, version)
    row = Again.objects.select_for_update(of=("self",)).filter(case=case, corrected_by__isnull=False).first()
    if row is None:
        return case
    row.begins_at = None
    return _corrected(case, row, actor, same=True)


def _corrected(case: Case, row: Again, actor: Author, *, same: bool) -> Case:
    row.corrected_by_id, row.corrected_at = (None, None) if same else (actor.agent_id, database_now())
    row.save(update_fields=["begins_at", "corrected_by", "corrected_at"])
    what: dict[str, Any] = {"case": case.key, "same": same}
    record([NewEvent("case.matter_corrected", case.key, actor.agent_key, case.inbox_id, data=what)])
    audit("case.matter_corrected", case.key, actor=actor.agent_key, same=same)
    count_again([case.pk], bump=True)
    return Case.objects.select_related("contact", "inbox").get(pk=case.pk)


def stop_saved_reply_alone(case: Case) -> None:
    """Raise NeedsPersonalWord where all that whoever came back has got since is saved replies, word for word.

    No query for a case without the mark. Where nothing was answered nothing stops.
    """
    row = Again.objects.filter(case=case).first() if case.again else None
    if row is None or not row.contacts:
        return
    ours = Message.objects.filter(conversation__case=case, conversation__outside=False, direction=Direction.OUTBOUND)
    since = ours.filter(sent_at__gte=datetime.fromisoformat(row.contacts[-1]["at"]), deleted_at=None, automatic=False)
    replies = list(since.select_related("agent"))
    saved = [
        text for rows in (saved_replies_for(case), macros_for(case)) for text in rows.values_list("text", flat=True)
    ]
    if replies and all(_is_saved(case, one, saved) for one in replies):
        raise NeedsPersonalWord


def _is_saved(case: Case, reply: Message, saved: Sequence[str]) -> bool:
    """With the variables as they are filled now for its author, or with any other few words."""
    values = values_for(case, reply.agent) if reply.agent else {}
    return is_saved_only(reply.text, {*saved, *(filled(one, values).text for one in saved)})
