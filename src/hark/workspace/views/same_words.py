"""What was said in the same words: its lines, and one judgement for all of them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from hark.conversations.actions.judging import judge_alike
from hark.conversations.queries.stream import Label
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.hearing import heard_counts, said_shown
from hark.workspace.views.answers import message_of
from hark.workspace.views.cases import corrected_in_stream
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET")
def said_alike(request: HttpRequest, key: str) -> HttpResponse:
    """The lines that one line stands for: the others `within` it, or all as a page of the stream."""
    agent = agent_of(request)
    heard = said_shown(agent, message_of(agent, key).pk)
    if request.GET.get("within"):
        others = [one for one in heard if one.row.key != key]
        return render(request, "workspace/parts/said_alike.html", {"said": others, "key": key})
    if request.headers.get("HX-Request"):
        context = {"heard": heard, "label": Label.ALL, "may_answer": agent.may(Right.ANSWER), "alone": True}
        return render(request, "workspace/parts/heard_rows.html", context)
    return show(request, "stream.html", "stream", counts=heard_counts(agent), label=Label.ALL, heard=heard, alone=True)


@desk("POST", right=Right.ANSWER)
def judge(request: HttpRequest, key: str) -> HttpResponse:
    """Relevant or noise, for all that say the same."""
    agent, value = agent_of(request), request.POST.get("relevance", "")
    if value not in {Label.RELEVANT, Label.NOISE}:
        raise Http404
    judge_alike(message_id=message_of(agent, key).pk, value=value, author=author_of(agent))
    return corrected_in_stream(request)
