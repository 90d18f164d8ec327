"""The demo's pages: a welcome with one-click sign-in, Plum's shop with the chat, and the simulated venue."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from hark.conversations.models import Message
from hark.kernel.types import Json
from hark.organisation.models import Agent, Channel
from hark.routing.actions.presence import set_presence
from hark.routing.types import PresenceState
from hark.site.demo.cast import AGENTS

LOOPBACK = {"127.0.0.1", "::1"}
LOCAL_NAMES = {"127.0.0.1", "localhost", "[::1]", "::1"}
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def on_this_machine(request: HttpRequest) -> bool:
    """Does the request come from this machine, by a local name, in a running demo?"""
    host = urlsplit(f"//{request.get_host()}").hostname
    forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    return bool(
        settings.HARK_DEMO and request.META["REMOTE_ADDR"] in LOOPBACK and host in LOCAL_NAMES and not forwarded
    )


@require_GET
def welcome(request: HttpRequest) -> HttpResponse:
    """Where the browser opens: who you can be, and where the customers are."""
    if not on_this_machine(request):
        raise Http404
    form = Channel.objects.filter(venue="form").first()
    return render(request, "demo/welcome.html", {"players": AGENTS, "form": form})


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the made-up agents, on this machine only."""
    if not on_this_machine(request):
        raise Http404
    emails = {player.email for player in AGENTS}
    agent = get_object_or_404(Agent, email=request.POST.get("email", ""), email__in=emails)
    login(request, agent, backend=BACKEND)
    set_presence(agent_id=agent.pk, presence=PresenceState.AVAILABLE)
    return redirect("/")


@require_GET
def shop(request: HttpRequest) -> HttpResponse:
    """A page of Plum's web site that carries the chat widget by one script tag."""
    chat = get_object_or_404(Channel, venue="webchat")
    return render(request, "demo/shop.html", {"chat": chat})


@require_GET
def venue(request: HttpRequest) -> HttpResponse:
    """What the simulated venue received from Hark, newest first; above it the `post` to which a link led."""
    if not on_this_machine(request):
        raise Http404
    posts = Message.objects.filter(channel__venue="simulated", external_id=request.GET.get("post", ""))
    post = posts.select_related("channel", "identity").first()
    return render(request, "demo/venue.html", {"answers": answers(), "post": post})


def answers(limit: int = 50) -> list[dict[str, Json]]:
    """The last answers in the simulated venue's own record, newest first."""
    ledger = Path(settings.HARK_DATA) / "simulated-venue.jsonl"
    if not ledger.exists():
        return []
    lines = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [line for line in reversed(lines) if line.get("what") == "received"][:limit]
