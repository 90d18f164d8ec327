"""Acts on a case: whose it is, how it stands, what its readings should say; and a case made by hand."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from hark.contacts.actions import prefer
from hark.conversations.actions.cases import assign, reopen, resolve, set_waiting
from hark.conversations.actions.corrections import correct
from hark.conversations.actions.drafts import keep_draft
from hark.conversations.actions.figures import FIELDS
from hark.conversations.actions.judging import open_case_for_all
from hark.conversations.models import Case
from hark.conversations.queries.access import get_case
from hark.conversations.queries.drafts import drafts_of
from hark.conversations.types import Author
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.routing.actions import take
from hark.understanding.types import FLAGS
from hark.workspace.actions.acts import author_of
from hark.workspace.queries.hearing import thanks_for
from hark.workspace.views.answers import changed, message_of, number_in
from hark.workspace.views.desk import agent_of, desk

CORRECTED = (*FIELDS, *(f"flags.{flag}" for flag in FLAGS))
STATUS_ACTS: dict[str, Callable[..., Case]] = {"resolve": resolve, "reopen": reopen, "wait": set_waiting}


@desk("POST", right=Right.ANSWER)
def status(request: HttpRequest, key: str) -> HttpResponse:
    """Resolve, reopen, or wait for the customer."""
    agent = agent_of(request)
    act = STATUS_ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    case = get_case(agent, key)
    act(case_id=case.pk, actor=author_of(agent))
    return changed(request, case)


@desk("POST", right=Right.ANSWER)
def holder(request: HttpRequest, key: str) -> HttpResponse:
    """Give the case to oneself, to a colleague, or back to the team inbox."""
    agent = agent_of(request)
    case = get_case(agent, key)
    asked = request.POST.get("to", "me")
    if asked == "":
        assign(case_id=case.pk, agent_id=None, actor=author_of(agent))
        return changed(request, case)
    to = agent if asked == "me" else Agent.objects.filter(key=asked, is_active=True).first()
    if to is None:
        raise Http404
    take(case_id=case.pk, agent_id=to.pk, moved_by=None if to == agent else agent.pk)
    return changed(request, case)


@desk("POST", right=Right.ANSWER)
def correction(request: HttpRequest, key: str) -> HttpResponse:
    """Change what was read: every field of the form that now says something else."""
    agent = agent_of(request)
    message = message_of(agent, key)
    author: Author = author_of(agent)
    for field in CORRECTED:
        value = request.POST.get(field)
        if value is not None and value != request.POST.get(f"was_{field}", ""):
            correct(message_id=message.pk, field=field, value=value, author=author)
    if warning := request.POST.get("warning", ""):
        correct(message_id=message.pk, field=warning, value="true", author=author)
    if message.conversation.case is None:
        return corrected_in_stream(request)
    return changed(request, message.conversation.case)


@desk("POST", right=Right.ANSWER)
def case_by_hand(request: HttpRequest, key: str) -> HttpResponse:
    """Make a message of the stream a case of one's own, with all places where its author says the same.

    To thank, with the brand's line as a draft.
    """
    agent = agent_of(request)
    message = message_of(agent, key)
    case = open_case_for_all(message_id=message.pk, author=author_of(agent))
    if request.POST.get("thank") and not drafts_of(agent, case).get("reply"):
        line = thanks_for([message.pk]).get(message.pk, "")
        keep_draft(case_id=case.pk, kind="reply", text=line, author=author_of(agent))
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(f"/case/{case.key}/")
    return redirect(f"/case/{case.key}/")


@desk("POST", right=Right.ANSWER)
def preference(request: HttpRequest, key: str) -> HttpResponse:
    """Where the person likes to hear from us; nowhere in particular when none is named."""
    case = get_case(agent_of(request), key)
    prefer(contact_id=case.contact_id, identity_id=number_in(request.POST.get("identity", "")))
    return changed(request, case)


def corrected_in_stream(request: HttpRequest, said: str = "") -> HttpResponse:
    """The stream's page draws the line anew, and says what the line does not show."""
    if request.headers.get("HX-Request"):
        return trigger_client_event(HttpResponse(status=204), "hark:corrected", {"said": said} if said else {})
    if said:
        messages.success(request, said)
    return redirect("/stream/")
