"""Sign-in through django-allauth; nobody can sign up by himself."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hark.kernel.acting import acting
from hark.organisation.actions.audit import audit
from hark.organisation.actions.people import LinkUsedUp, WeakPassword, join
from hark.organisation.actions.sessions import end_pushes
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.routing.actions import set_presence
from hark.routing.types import PresenceState
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.forms import PasswordForm
from hark.workspace.views.watch import caller


class ClosedDoorAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by the first run and by administrators."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Agent | None:
        """A deactivated person is answered like an unknown one, even with the right password."""
        agent: Agent | None = super().authenticate(request, **credentials)
        return agent if agent is not None and agent.is_active else None

    def get_login_stages(self) -> list[str]:
        """The second factor, or setting one up, stands behind every way in."""
        return [*super().get_login_stages(), "hark.workspace.views.second_factor.SetUpStage"]

    def login(self, request: HttpRequest, user: Agent) -> None:
        """Somebody has come in by all that was asked of him."""
        super().login(request, user)
        with acting(user.key, caller(request)), transaction.atomic():
            audit("agent.signed_in", user.key)


def no_sign_up(request: HttpRequest) -> HttpResponse:
    """The address that django-allauth asks for; there is nothing behind it."""
    raise Http404


@desk("POST")
def sign_out(request: HttpRequest) -> HttpResponse:
    """Nothing more is offered to someone who has left, nor is this browser told of anything."""
    agent = agent_of(request)
    if agent.may(Right.ANSWER):
        set_presence(agent_id=agent.pk, presence=PresenceState.OFFLINE, reason="signed out")
    end_pushes(session_key=request.session.session_key or "")
    ClosedDoorAdapter(request).logout(request)
    return redirect("/sign-in/")


def join_by_link(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Set the first password; the token is only looked at when the form is sent, so a preview does not use it up."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            join(key=key, token=token, password=form.cleaned_data["password"])
        except (LinkUsedUp, WeakPassword) as trouble:
            form.add_error(None, trouble.message)
        else:
            return redirect("/sign-in/")
    return render(request, "workspace/join.html", {"form": form}, status=422 if form.errors else 200)
