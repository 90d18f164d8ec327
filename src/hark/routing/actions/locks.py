"""Row locks, in the one order everywhere: case, item, load rows by agent."""

from collections.abc import Iterable

from hark.conversations.models import Case
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.routing.models import AgentLoad, WorkItem
from hark.routing.types import LIVE, PresenceState


def lock_case(case_id: int) -> Case:
    """The case, locked first because assigning it comes last: whoever threads a message takes the same order."""
    return Case.objects.select_for_update().get(pk=case_id)


def live_item_of(case_id: int) -> WorkItem | None:
    """The locked work item of a case, None when nobody is needed. Waits for the lock."""
    rows = WorkItem.objects.select_for_update(of=("self",)).select_related("case")
    return rows.filter(case_id=case_id, state__in=LIVE).first()


def lock_items(ids: Iterable[int], *states: str) -> list[WorkItem]:
    """Those of the items that are in one of `states` and that nobody else is working on, locked."""
    rows = WorkItem.objects.select_for_update(skip_locked=True, of=("self",)).select_related("case")
    return list(rows.filter(pk__in=list(ids), state__in=states).order_by("pk"))


def lock_loads(agents: Iterable[int], *, wait: bool) -> dict[int, AgentLoad]:
    """The load rows, locked in a statement of their own, so that what is read is what was locked."""
    rows = AgentLoad.objects.select_for_update(skip_locked=not wait, of=("self",))
    return {row.agent_id: row for row in rows.filter(agent_id__in=set(agents)).order_by("agent_id")}


def load_row_of(agent: Agent, colleague_id: int | None = None) -> AgentLoad:
    """The agent's load row, locked, made the first time; a colleague's is locked with it, in order."""
    at = database_now()
    AgentLoad.objects.bulk_create(
        [AgentLoad(agent=agent, presence=PresenceState.OFFLINE, presence_since=at, heartbeat_at=at)],
        ignore_conflicts=True,
    )
    return lock_loads({agent.pk, colleague_id or agent.pk}, wait=True)[agent.pk]
