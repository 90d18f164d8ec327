"""What concerns the agent: the list, its bell, and his wishes."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hark.conversations.actions.noticing import read_notices, wish
from hark.conversations.queries.notices import wishes_of
from hark.kernel.time import database_now
from hark.workspace.queries.notices import notices_shown, popups
from hark.workspace.views.desk import agent_of, desk, rail, show
from hark.workspace.views.wishes import WishesForm

POP_UP_WITHIN = timedelta(minutes=1)  # what is older stands in the list


@desk("GET")
def notices(request: HttpRequest) -> HttpResponse:
    """The newest notices, or those before one."""
    before = request.GET.get("before", "")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else 0
    rows, older = notices_shown(agent_of(request), at=database_now(), before=place)
    context: dict[str, Any] = {"notices": rows, "older": older}
    if request.headers.get("HX-Request"):
        return render(request, "workspace/parts/notices.html", context)
    return show(request, "notices.html", "notices", **context)


@desk("GET")
def bell(request: HttpRequest) -> HttpResponse:
    """The bell as it stands now, with what may pop up in this browser."""
    at = database_now()
    shown = popups(agent_of(request), since=at - POP_UP_WITHIN, at=at)
    here = "notices" if request.GET.get("here") == "notices" else ""
    return render(request, "workspace/bell.html", {**rail(request, here), "popups": shown})


@desk("POST")
def read_all(request: HttpRequest) -> HttpResponse:
    """All seen."""
    read_notices(agent=agent_of(request))
    return redirect("/notices/")


@desk("GET", "POST")
def notice_wishes(request: HttpRequest) -> HttpResponse:
    """What the agent wants to hear of, where and when."""
    agent = agent_of(request)
    form = WishesForm(request.POST or None, initial=WishesForm.values(wishes_of([agent])[agent.pk]))
    if request.method == "POST" and form.is_valid():
        wish(agent=agent, wishes=form.wishes())
        messages.success(request, "Kept. It holds for what happens from now on.")
        return redirect("/notices/settings/")
    response = show(request, "notice_wishes.html", "notices", form=form)
    response.status_code = 422 if form.is_bound else 200
    return response
