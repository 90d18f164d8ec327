"""Parked arrivals: what could not be read waits here for a person."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.intake.actions.parking import discard, look_into, replay
from hark.intake.queries import get_parked, parked, shown_bytes
from hark.kernel.time import now
from hark.organisation.types import Right
from hark.workspace.queries.words import ago, exact
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET", right=Right.SUPERVISE)
def parked_arrivals(request: HttpRequest) -> HttpResponse:
    """All that waits, newest first."""
    at = now()
    found = parked(agent_of(request))
    rows = [{"row": row, "ago": ago(row.received_at, at), "exact": exact(row.received_at)} for row in found]
    return show(request, "parked.html", "parked", rows=rows)


@desk("GET", right=Right.SUPERVISE)
def parked_arrival(request: HttpRequest, key: str) -> HttpResponse:
    """One of them, with its bytes as text."""
    row = look_into(key=key, actor=agent_of(request))
    headers = [(name, shown_bytes(str(value).encode())) for name, value in sorted(row.headers.items())]
    return show(
        request, "parked_arrival.html", "parked", row=row, raw=shown_bytes(bytes(row.body)), size=len(row.body),
        received=exact(row.received_at), headers=headers,
    )  # fmt: skip


@desk("POST", right=Right.SUPERVISE)
def settle_arrival(request: HttpRequest, key: str) -> HttpResponse:
    """Read it again, or set it aside for good, which asks twice."""
    agent = agent_of(request)
    row = get_parked(agent, key)
    if request.POST.get("act") == "replay":
        replay(arrival_id=row.pk, actor=agent)
        messages.success(request, "It is being read again. If it fails once more, it comes back here.")
    elif request.POST.get("sure") == "yes":
        discard(arrival_id=row.pk, actor=agent)
        messages.success(request, "Set aside. Its bytes are kept, but nobody will read it.")
    else:
        messages.error(request, "Nothing was done: say that you are sure.")
        return redirect(f"/parked/{key}/")
    return redirect("/parked/")
