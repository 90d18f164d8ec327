"""The people of a case's mail conversations: who takes part, who gets copies, who waits to be let in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.conversations.actions.participants import copy_in, stop_copying
from hark.conversations.errors import CannotCopyIn
from hark.conversations.models import Case
from hark.conversations.queries.access import get_case
from hark.conversations.queries.people import talks_of
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.views.answers import conversation_of, number_in
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET", "POST", right=Right.ANSWER)
def people_of_case(request: HttpRequest, key: str) -> HttpResponse:
    """The page, and its acts."""
    agent = agent_of(request)
    case = get_case(agent, key)
    if request.method == "GET":
        return page(request, agent, case)
    try:
        act(request, agent, case)
    except CannotCopyIn as error:
        return page(request, agent, case, problem=error.message, typed=request.POST.get("address", "")[:500])
    return redirect(f"/case/{case.key}/people/")


def act(request: HttpRequest, agent: Agent, case: Case) -> None:
    """Copy somebody in, or no longer."""
    talk = conversation_of(agent, case, request.POST.get("conversation", ""))
    if request.POST.get("act") == "copy":
        address, name = request.POST.get("address", ""), request.POST.get("name", "")
        copy_in(conversation_id=talk.pk, address=address, name=name, author=author_of(agent))
    elif request.POST.get("act") == "stop":
        number = number_in(request.POST.get("person", "")) or 0
        stop_copying(conversation_id=talk.pk, participant_id=number, author=author_of(agent))
    else:
        raise Http404


def page(request: HttpRequest, agent: Agent, case: Case, *, problem: str = "", typed: str = "") -> HttpResponse:
    """The page itself."""
    context = {"case": case, "talks": talks_of(agent, case), "problem": problem, "typed": typed}
    response = show(request, "talk_people.html", "inbox", **context)
    response.status_code = 422 if problem else 200
    return response
