"""Browsers that are told while no page is open: their worker, on and off, and whether somebody sits at the desk."""

from pathlib import Path

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from hark.conversations.queries.notices import newest_notice
from hark.kernel.time import now
from hark.kernel.webpush import Subscription
from hark.organisation.actions.pushing import carry_on, subscribe, unsubscribe
from hark.organisation.actions.sessions import note_hand
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.watch import device_of

WORKER = Path(__file__).parent.parent / "static" / "workspace" / "js" / "worker.js"
LONGEST_KEY = 200


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It stands at the root because it may only tell of pages below its own address."""
    return HttpResponse(WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")


@desk("POST")
def browser(request: HttpRequest) -> HttpResponse:
    """This browser is told from now on, or no more; or it has come back and asks whether it still is.

    The list of the page ends another one by its key.
    """
    agent, said = agent_of(request), request.POST
    session_key = request.session.session_key or ""
    if said.get("act") == "on":
        keys = (said.get("p256dh", "")[:LONGEST_KEY], said.get("auth", "")[:LONGEST_KEY])
        subscribe(
            agent=agent, to=Subscription(said.get("endpoint", ""), *keys), session_key=session_key,
            device=device_of(request), told_id=newest_notice(agent),
        )  # fmt: skip
        return HttpResponse(status=204)
    if said.get("act") == "back":
        return JsonResponse({"told": carry_on(agent=agent, endpoint=said.get("endpoint", ""), session_key=session_key)})
    unsubscribe(agent=agent, key=said.get("key", ""), endpoint=said.get("endpoint", ""))
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    messages.success(request, "This browser is told nothing any more.")
    return redirect("/notices/settings/")


@desk("POST")
def hand(request: HttpRequest) -> HttpResponse:
    """Somebody sits here just now, so nothing is pushed."""
    note_hand(session_key=request.session.session_key or "", at=now())
    return HttpResponse(status=204)
