"""The palette's question to the server: which cases and people are called so."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hark.workspace.queries.finding import found_again, found_for
from hark.workspace.views.desk import agent_of, desk

LONGEST = 100
MOST_RECENT = 12


@desk("GET")
def palette(request: HttpRequest) -> HttpResponse:
    """Lines for the letters typed so far; without letters the cases that this browser has opened last."""
    agent, letters = agent_of(request), request.GET.get("q", "").replace("\x00", "")[:LONGEST]
    recent = [key for key in request.GET.get("recent", "").split(",") if key.startswith("case_")][:MOST_RECENT]
    found = found_for(agent, letters) if letters.strip() else found_again(agent, recent)
    return render(request, "workspace/parts/palette_found.html", {"found": found})
