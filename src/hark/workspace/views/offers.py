"""Offers and presence: what the router asks of the agent, and what the agent says of himself."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from hark.organisation.types import Right
from hark.routing.actions import accept_offer, decline_offer, heartbeat, set_presence, take_next
from hark.routing.errors import NothingWaits
from hark.routing.types import DeclineReason, PresenceState
from hark.workspace.views.desk import agent_of, desk, rail
from hark.workspace.views.inbox import offers_context


@desk("GET", right=Right.ANSWER)
def offers(request: HttpRequest) -> HttpResponse:
    """What waits for the agent's answer."""
    return render(request, "workspace/parts/offers.html", offers_context(agent_of(request)))


@desk("POST", right=Right.ANSWER)
def accept(request: HttpRequest, key: str) -> HttpResponse:
    """Take the case in hand and open it."""
    case = accept_offer(offer_key=key, agent_id=agent_of(request).pk).case
    if request.headers.get("HX-Request"):
        return trigger_client_event(HttpResponse(status=204), "hark:open", {"href": f"/case/{case.key}/?view=mine"})
    return redirect(f"/case/{case.key}/?view=mine")


@desk("POST", right=Right.ANSWER)
def next_case(request: HttpRequest) -> HttpResponse:
    """The most urgent case that the agent can do, taken in hand and opened; `but` is the one before him."""
    try:
        case = take_next(agent_id=agent_of(request).pk, but=request.POST.get("but", ""))
    except NothingWaits as nothing:
        return nothing_waits(request, nothing)
    href = f"/case/{case.key}/?view=mine"
    if request.headers.get("HX-Request"):
        return trigger_client_event(HttpResponse(status=204), "hark:open", {"href": href})
    return redirect(href)


def nothing_waits(request: HttpRequest, nothing: NothingWaits) -> HttpResponse:
    """That is good news, and said as such."""
    if not request.headers.get("HX-Request"):
        messages.success(request, nothing.message)
        return redirect("/")
    response = render(request, "workspace/parts/said.html", {"words": nothing.message})
    response["HX-Retarget"], response["HX-Reswap"] = "#said", "innerHTML"
    return response


@desk("POST", right=Right.ANSWER)
def decline(request: HttpRequest, key: str) -> HttpResponse:
    """Let the offer go by, with the reason that one key has said."""
    agent = agent_of(request)
    reason = request.POST.get("reason", "")
    if reason not in DeclineReason.values:
        raise Http404
    decline_offer(offer_key=key, agent_id=agent.pk, reason=reason)
    if request.headers.get("HX-Request"):
        return render(request, "workspace/parts/offers.html", offers_context(agent))
    return redirect("/")


@desk("GET", "POST", right=Right.ANSWER)
def presence(request: HttpRequest) -> HttpResponse:
    """Available, busy or away; asked for, or said."""
    agent = agent_of(request)
    if request.method == "GET":
        return render(request, "workspace/parts/presence.html", rail(request, ""))
    asked = request.POST.get("presence", "")
    if asked not in PresenceState.values:
        raise Http404
    set_presence(agent_id=agent.pk, presence=asked)
    if not request.headers.get("HX-Request"):
        return redirect("/")
    response = render(request, "workspace/parts/presence.html", rail(request, ""))
    return trigger_client_event(response, "hark:presence", {})


@desk("POST", right=Right.ANSWER)
def beat(request: HttpRequest) -> HttpResponse:
    """The page is alive."""
    heartbeat(agent_id=agent_of(request).pk)
    return HttpResponse(status=204)
