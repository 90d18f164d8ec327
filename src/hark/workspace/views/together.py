"""Colleagues at one case: who looks and types, who can be named in a note, who follows."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hark.conversations.actions.following import follow as follow_case
from hark.conversations.actions.following import unfollow as unfollow_case
from hark.conversations.actions.looking import look, look_away
from hark.conversations.actions.noticing import read_notices
from hark.conversations.queries.access import get_case
from hark.conversations.queries.mentions import colleagues_named
from hark.kernel.time import database_now
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.together import company
from hark.workspace.views.answers import changed
from hark.workspace.views.desk import agent_of, desk


@desk("GET", "POST")
def looking(request: HttpRequest, key: str) -> HttpResponse:
    """Who else is here. A page says by POST that it shows the case, which also means that its notices were seen."""
    agent = agent_of(request)
    case = get_case(agent, key)
    tab = request.POST.get("tab", "")
    if request.method == "POST" and tab and request.POST.get("gone"):
        look_away(author=author_of(agent), tab=tab)
        return HttpResponse(status=204)
    if request.method == "POST" and tab:
        look(case_id=case.pk, author=author_of(agent), tab=tab, typing=request.POST.get("typing") == "1")
        read_notices(agent=agent, case_id=case.pk)
    context = {"case": case, "company": company(agent, case, at=database_now())}
    return render(request, "workspace/parts/looking.html", context)


@desk("GET", right=Right.NOTE)
def colleagues(request: HttpRequest, key: str) -> HttpResponse:
    """Who could be meant by the letters behind an @."""
    agent = agent_of(request)
    case = get_case(agent, key)
    start = request.GET.get("q", "").replace("\x00", "")[:60]
    return render(request, "workspace/parts/colleagues.html", {"found": colleagues_named(case, start, but=agent)})


@desk("POST")
def follow(request: HttpRequest, key: str) -> HttpResponse:
    """Hear of what happens on the case, or no more."""
    agent = agent_of(request)
    case = get_case(agent, key)
    act = follow_case if request.POST.get("follow") == "1" else unfollow_case
    act(case_id=case.pk, author=author_of(agent))
    return changed(request, case)
