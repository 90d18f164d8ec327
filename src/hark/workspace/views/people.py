"""Settings, people: who works here, in which teams, with which role."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.organisation.actions.approval import set_approval_of_agent
from hark.organisation.actions.factors import forget_factors
from hark.organisation.actions.people import add_team, change_agent, deactivate_agent, reactivate_agent
from hark.organisation.models import Agent, Team
from hark.organisation.queries import has_second_factor
from hark.organisation.types import MAY_ADMINISTER, Role
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.first_run import added, tried
from hark.workspace.views.forms import AgentForm, AgentRightsForm, TeamForm
from hark.workspace.views.invitations import invitation
from hark.workspace.views.settings import settings_page


@desk("GET", "POST", roles=MAY_ADMINISTER)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody who works here; add one."""
    form, invited = AgentForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        invited = added(request, form)
        form = AgentForm() if invited else form
    rows = Agent.objects.prefetch_related("teams").order_by("-is_active", "name")
    return settings_page(request, "people", form=form, people=rows, invited=invited)


@desk("GET", "POST", roles=MAY_ADMINISTER)
def person(request: HttpRequest, key: str) -> HttpResponse:
    """One person: role and teams."""
    row = found(key)
    form = AgentRightsForm(request.POST or None, initial=AgentRightsForm.values(row))
    if request.method == "POST" and form.is_valid():
        role, teams = Role(form.cleaned_data["role"]), list(form.cleaned_data["teams"])
        if tried(form, lambda: change_agent(key=key, role=role, teams=teams, actor=agent_of(request))):
            set_approval_of_agent(key=key, needed=form.cleaned_data["needs_approval"], actor=agent_of(request))
            messages.success(request, "Kept. A changed role ends that person's sessions.")
            return redirect(f"/settings/people/{key}/")
    return settings_page(request, "person", form=form, person=row, has_factor=has_second_factor(row))


@desk("POST", roles=MAY_ADMINISTER)
def person_link(request: HttpRequest, key: str) -> HttpResponse:
    """A new one-time link, shown once."""
    row = found(key)
    if not row.is_active or (row.role == Role.OWNER and agent_of(request).role != Role.OWNER):
        raise Http404
    form = AgentRightsForm(initial=AgentRightsForm.values(row))
    return settings_page(
        request, "person", form=form, person=row, invited=invitation(row), has_factor=has_second_factor(row)
    )


@desk("POST", roles=MAY_ADMINISTER)
def person_factor(request: HttpRequest, key: str) -> HttpResponse:
    """Somebody has lost telephone, passkeys and recovery codes: the next sign-in sets up anew, or does without."""
    forget_factors(agent=found(key), actor=agent_of(request))
    messages.success(request, "The second factor is taken off. All sessions of this person have ended.")
    return redirect(f"/settings/people/{key}/")


@desk("POST", roles=MAY_ADMINISTER)
def person_door(request: HttpRequest, key: str) -> HttpResponse:
    """Deactivate, or let in again. Deactivation ends every session of that person at once."""
    if request.POST.get("door") == "open":
        reactivate_agent(key=key, actor=agent_of(request))
        messages.success(request, "This person may sign in again.")
    else:
        deactivate_agent(key=key, actor=agent_of(request))
        messages.success(request, "Deactivated. All sessions of this person have ended.")
    return redirect(f"/settings/people/{key}/")


@desk("GET", "POST", roles=MAY_ADMINISTER)
def teams(request: HttpRequest) -> HttpResponse:
    """Teams and who is in them."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and tried(form, lambda: add_team(name=form.cleaned_data["name"])):
        messages.success(request, "The team is there.")
        return redirect("/settings/teams/")
    return settings_page(request, "teams", form=form, teams=Team.objects.prefetch_related("agents").order_by("name"))


def found(key: str) -> Agent:
    """The person with this key."""
    row = Agent.objects.filter(key=key).first()
    if row is None:
        raise Http404
    return row
