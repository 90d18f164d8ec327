"""What concerns the agent: the list, its bell, his wishes, and the link that ends his mails."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from hark.conversations.actions.noticing import end_mails, read_notices, wish
from hark.conversations.queries.notices import wishes_of
from hark.kernel.time import database_now
from hark.kernel.webpush import public_identity
from hark.organisation.actions.pushing import push_key
from hark.organisation.models import Agent
from hark.organisation.queries import browsers_told, desk_settings
from hark.workspace.queries.notices import notices_shown, popups
from hark.workspace.queries.telling import is_mail_off_token
from hark.workspace.views.desk import agent_of, desk, rail, show
from hark.workspace.views.wishes import WishesForm

POP_UP_WITHIN = timedelta(minutes=1)  # what is older stands in the list


@desk("GET")
def notices(request: HttpRequest) -> HttpResponse:
    """The newest notices, or those before one."""
    before = request.GET.get("before", "")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else 0
    rows, older = notices_shown(agent_of(request), at=database_now(), before=place)
    context: dict[str, Any] = {"notices": rows, "older": older}
    if request.headers.get("HX-Request"):
        return render(request, "workspace/parts/notices.html", context)
    return show(request, "notices.html", "notices", **context)


@desk("GET")
def bell(request: HttpRequest) -> HttpResponse:
    """The bell as it stands now, with what may pop up in this browser."""
    at = database_now()
    shown = popups(agent_of(request), since=at - POP_UP_WITHIN, at=at)
    here = "notices" if request.GET.get("here") == "notices" else ""
    return render(request, "workspace/bell.html", {**rail(request, here), "popups": shown})


@desk("POST")
def read_all(request: HttpRequest) -> HttpResponse:
    """All seen."""
    read_notices(agent=agent_of(request))
    return redirect("/notices/")


@desk("GET", "POST")
def notice_wishes(request: HttpRequest) -> HttpResponse:
    """What the agent wants to hear of, where and when."""
    agent = agent_of(request)
    form = WishesForm(request.POST or None, initial=WishesForm.values(wishes_of([agent])[agent.pk]))
    if request.method == "POST" and form.is_valid():
        wish(agent=agent, wishes=form.wishes())
        messages.success(request, "Kept. It holds for what happens from now on.")
        return redirect("/notices/settings/")
    desk_has, browsers = desk_settings(), browsers_told(agent)
    response = show(
        request, "notice_wishes.html", "notices", form=form, browsers=browsers, push_key=public_identity(push_key()),
        mailbox=desk_has and desk_has.mailbox,
    )  # fmt: skip
    response.status_code = 422 if form.is_bound else 200
    return response


@csrf_exempt  # the recipient's mail program calls it (RFC 8058); the address is the proof, and it only ends mails
@require_http_methods(["GET", "POST"])
def mails_off(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """No more notices by e-mail, with one click and no sign-in. Looking at the link changes nothing."""
    agent = Agent.objects.filter(key=key, is_active=True).first() if is_mail_off_token(key, token) else None
    if agent is None:
        raise Http404
    if request.method == "POST":
        end_mails(agent=agent)
    return render(request, "workspace/mails_off.html", {"done": request.method == "POST"})
