"""What every page of the desk has in common: who looks, in whose zone, what the rail shows, how a refusal is said."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from hark.conversations.queries.notices import unread_notices
from hark.intake.queries import count_parked
from hark.kernel.acting import acting
from hark.kernel.errors import HarkError, NotAllowed, NotFound
from hark.organisation.models import Agent
from hark.organisation.queries import ill_channels
from hark.organisation.types import SETTINGS, Right
from hark.routing.queries import load_of
from hark.workspace.views.watch import caller, sent_out, watch

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def desk(*methods: str, right: Right | frozenset[Right] | None = None) -> Callable[[View[P]], View[P]]:
    """A page or an act of the desk: signed in, with `right`, or one of these, in the agent's own time zone.

    Whatever the agent may not see, and whatever his role may not do, is answered like an address that does not exist.
    """

    rights = frozenset({right}) if isinstance(right, Right) else right

    def around(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated or sent_out(request):
                return ask_to_sign_in(request)
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            agent = agent_of(request)
            if rights and not agent.may(*rights):
                raise Http404
            watch(request, agent)
            with acting(agent.key, caller(request)), timezone.override(zone_of(agent)):
                try:
                    return view(request, *args, **kwargs)
                except (NotFound, NotAllowed):
                    raise Http404 from None
                except HarkError as error:
                    return refuse(request, error)

        return guarded

    return around


def agent_of(request: HttpRequest) -> Agent:
    """Who looks; the gate's actor."""
    if not isinstance(request.user, Agent):
        raise Http404
    return request.user


def zone_of(agent: Agent) -> ZoneInfo:
    """The agent's zone; UTC when the name is not known here."""
    try:
        return ZoneInfo(agent.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send to the sign-in page; a fragment's request makes the whole page go there."""
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect("/sign-in/")
    return redirect_to_login(request.get_full_path(), "/sign-in/")


def refuse(request: HttpRequest, error: HarkError) -> HttpResponse:
    """Say why an act was not done: in the page that asked, or on the page it came from."""
    if request.headers.get("HX-Request"):
        response = render(request, "workspace/parts/said.html", {"words": error.message, "bad": True}, status=422)
        response["HX-Retarget"], response["HX-Reswap"] = "#said", "innerHTML"
        return response
    messages.error(request, error.message)
    return redirect(back(request))


def back(request: HttpRequest) -> str:
    """The page an act came from: named by the form, on this site only."""
    asked = request.POST.get("back", "/")
    return asked if asked.startswith("/") and not asked.startswith(("//", "/\\")) else "/"


def rail(request: HttpRequest, here: str) -> dict[str, Any]:
    """What the frame around every page of the desk shows: places, presence, what may be done."""
    agent = agent_of(request)
    return {
        "here": here,
        "me": agent,
        "initials": "".join(word[0] for word in agent.name.split()[:2]).upper() or "?",
        "load": load_of(agent),
        "may_answer": agent.may(Right.ANSWER),
        "may_note": agent.may(Right.NOTE),
        "may_supervise": agent.may(Right.SUPERVISE),
        "may_change_settings": agent.may(*SETTINGS),
        "ill": len(ill_channels()) if agent.may(Right.CHANNELS) else 0,
        "may_audit": agent.may(Right.AUDIT),
        "parked": count_parked(agent) if agent.may(Right.SUPERVISE) else 0,
        "unread": unread_notices(agent),
    }


def show(request: HttpRequest, template: str, here: str, **context: Any) -> HttpResponse:
    """A whole page of the desk."""
    return render(request, f"workspace/{template}", {**rail(request, here), **context})
