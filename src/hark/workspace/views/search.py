"""Search: one page, one box, drawn anew while somebody types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hark.kernel.time import database_now
from hark.organisation.types import Right
from hark.workspace.queries.searching import search_shown
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET")
def search(request: HttpRequest) -> HttpResponse:
    """The page with its box; only what was found when the page is there already, only more of it behind a place."""
    agent, text = agent_of(request), request.GET.get("q", "")
    after = request.GET.get("after", "")
    found = search_shown(agent, text, at=database_now(), after=after)
    context = {"q": text, "search": found, "may_answer": agent.may(Right.ANSWER)}
    if request.headers.get("HX-Request"):
        part = "found_groups" if after else "found"
        return render(request, f"workspace/parts/{part}.html", context)
    return show(request, "search.html", "search", **context)
