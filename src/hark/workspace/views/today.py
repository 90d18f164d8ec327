"""The page of the day for a team of one or two."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hark.conversations.queries.cases import View
from hark.kernel.time import database_now
from hark.workspace.queries.praise import mine_in_words
from hark.workspace.queries.today import today
from hark.workspace.views.desk import agent_of, desk, show
from hark.workspace.views.inbox import offers_context


@desk("GET")
def today_page(request: HttpRequest) -> HttpResponse:
    """What needs an answer now, what can wait; only that when the page is there already."""
    agent = agent_of(request)
    at = database_now()
    shown = {"today": today(agent, at=at), "praised": mine_in_words(agent, at=at)}
    context = {**shown, "view": View.ALL, **offers_context(agent)}
    if request.headers.get("HX-Request"):
        return render(request, "workspace/parts/today.html", context)
    return show(request, "today.html", "today", **context)
