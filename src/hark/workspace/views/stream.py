"""The stream: what was heard and is no case; one key says relevant, noise, or makes it a case."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hark.conversations.queries.stream import Label
from hark.organisation.types import Right
from hark.workspace.queries.hearing import heard_counts, heard_page
from hark.workspace.queries.lane import lane_lines
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET")
def stream(request: HttpRequest) -> HttpResponse:
    """One page of the stream; only its lines when the page is there already."""
    agent = agent_of(request)
    asked = request.GET.get("judged", "")
    label = Label(asked) if asked in Label.values else Label.ALL
    rows, after = heard_page(agent, label, after=request.GET.get("after", ""))
    context = {"label": label, "heard": rows, "after": after}
    if request.headers.get("HX-Request"):
        may_answer = agent.may(Right.ANSWER)
        return render(request, "workspace/parts/heard_rows.html", {**context, "may_answer": may_answer})
    lane = lane_lines(agent) if label == Label.UNSURE else []
    return show(request, "stream.html", "stream", counts=heard_counts(agent), lane=lane, **context)
