"""Praise: what customers said of oneself, and of everybody in the team."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hark.kernel.time import database_now
from hark.workspace.queries.praise import counts_in_words, mine_in_words, praise_shown
from hark.workspace.views.answers import number_in
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET")
def praise(request: HttpRequest) -> HttpResponse:
    """One's own, or the team's; only the next lines when the page is there already."""
    agent, at = agent_of(request), database_now()
    team = request.GET.get("of") == "team"
    rows, older = praise_shown(agent, mine=not team, at=at, before=number_in(request.GET.get("before", "")) or 0)
    context = {"praise": rows, "older": older, "team": team}
    if request.headers.get("HX-Request"):
        return render(request, "workspace/parts/praise.html", context)
    whole, each = counts_in_words(agent, at=at) if team else (mine_in_words(agent, at=at), [])
    return show(request, "praise.html", "praise", whole=whole, each=each, **context)
