"""How long what is being typed is at its venue, and as which posts it would leave. Nothing is kept."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from hark.conversations.queries.access import get_case
from hark.organisation.types import Right
from hark.workspace.queries.composing import ways_shown
from hark.workspace.queries.measuring import measured
from hark.workspace.views.answers import LONGEST
from hark.workspace.views.desk import agent_of, desk


@desk("POST", right=Right.ANSWER)
def measure(request: HttpRequest, key: str) -> HttpResponse:
    """The posts as which a text would leave, or why it cannot."""
    agent = agent_of(request)
    case = get_case(agent, key)
    ways, asked = ways_shown(agent, case), request.POST.get("conversation", "")
    way = next((one for one in ways if one.key == asked), ways[0] if ways else None)
    if way is None:
        raise Http404
    text = request.POST.get("text", "")[:LONGEST].replace("\r\n", "\n")
    whole = request.POST.get("whole") == "1"
    said = measured(way, request.POST.get("kind", ""), text, whole=whole)
    return render(request, "workspace/parts/posts.html", {"measured": said, "whole": whole})
