"""What cannot be read is tried again, then parked where people see it; they replay or discard it."""

from django.db import transaction

from hark.intake.actions.storing import WAKE
from hark.intake.models import Arrival
from hark.intake.queries import get_parked, troubled_arrivals
from hark.intake.types import TRIES, ArrivalState, ClaimedArrival, LeaseLost
from hark.kernel.actions import record
from hark.kernel.db import fetch_all, notify
from hark.kernel.errors import NotAllowed, NotFound
from hark.kernel.ids import public_key, random_fraction
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent
from hark.organisation.types import Right

BACK_OFF_SECONDS = (2, 6, 12, 24)  # five tries within 53 s: a poison message is on the list within a minute
ERROR_LENGTH = 500


@transaction.atomic
def retry_later(*, claimed: ClaimedArrival, error: str) -> ArrivalState:
    """Try this arrival again after 2, 6, 12, 24 s (±20 %), alone, then park it; returns its state.

    `error` is shown to agents and must not repeat what a customer wrote. Raises LeaseLost.
    """
    if claimed.attempts >= TRIES:
        park(claimed=claimed, error=error)
        return ArrivalState.PARKED
    seconds = BACK_OFF_SECONDS[max(claimed.attempts, 1) - 1] * (0.8 + 0.4 * random_fraction())
    _write(claimed, error, "not_before = clock_timestamp() + %s * interval '1 second'", seconds)
    return ArrivalState.RECEIVED


@transaction.atomic
def park(*, claimed: ClaimedArrival, error: str) -> None:
    """Put this arrival on the list that waits for a person, with the event `arrival.parked`. Raises LeaseLost."""
    key, inbox_id = _write(claimed, error, "state = %s", ArrivalState.PARKED.value)
    record([NewEvent("arrival.parked", key, inbox_id=inbox_id, data={"arrival": key})])


def _write(claimed: ClaimedArrival, error: str, change: str, value: object) -> tuple[str, int]:
    """Free the arrival with its error; gives its public key, made on its first trouble, and its inbox."""
    rows = fetch_all(
        f"UPDATE intake_arrival a SET {change}, lease_until = NULL, error = %s, key = coalesce(a.key, %s) "  # noqa: S608
        "FROM organisation_channel c "
        "WHERE c.id = a.channel_id AND a.id = %s AND a.fence = %s AND a.state = 'received' RETURNING a.key, c.inbox_id",
        [value, error.replace("\0", "")[:ERROR_LENGTH], public_key("arr"), claimed.id, claimed.fence],
    )
    if not rows:
        raise LeaseLost
    return rows[0][0], rows[0][1]


def replay(*, arrival_id: int, actor: Agent) -> None:
    """Read a parked arrival again from the first try. Raises NotFound (nothing `actor` may see), NotAllowed."""
    _settle(arrival_id, actor, ArrivalState.RECEIVED, "arrival.replayed")


def discard(*, arrival_id: int, actor: Agent) -> None:
    """Set a parked arrival aside for good; it keeps its bytes and its error. Raises NotFound, NotAllowed."""
    _settle(arrival_id, actor, ArrivalState.DISCARDED, "arrival.discarded")


@transaction.atomic
def look_into(*, key: str, actor: Agent) -> Arrival:
    """A parked arrival with its bytes; that somebody looked is in the audit. Raises NotFound."""
    row = get_parked(actor, key)
    audit("arrival.opened", key)
    return row


@transaction.atomic
def _settle(arrival_id: int, actor: Agent, state: ArrivalState, event: str) -> None:
    parked = troubled_arrivals(actor).filter(pk=arrival_id, state=ArrivalState.PARKED)
    row = parked.select_for_update(of=("self",)).first()
    if row is None:
        raise NotFound
    if not actor.may(Right.ANSWER):
        raise NotAllowed
    again = state == ArrivalState.RECEIVED
    Arrival.objects.filter(pk=row.pk).update(
        state=state,
        attempts=0,
        not_before=None,
        error="" if again else row.error,
        outcome="" if again else "discarded",
    )
    key = row.key or ""
    actor_key, inbox_id = actor.key, row.channel.inbox_id
    record([NewEvent(event, key, actor=actor_key, inbox_id=inbox_id, data={"arrival": key})])
    if again:
        notify(WAKE)
