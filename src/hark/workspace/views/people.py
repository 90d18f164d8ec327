"""Settings, people: who works here, in which teams, with which role."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.organisation.actions.approval import set_approval_of_agent
from hark.organisation.actions.deciding import check_decides
from hark.organisation.actions.factors import forget_factors
from hark.organisation.actions.people import add_team, change_agent, deactivate_agent, reactivate_agent
from hark.organisation.models import Agent, Team
from hark.organisation.queries import get_role, has_second_factor, role_of, role_word
from hark.organisation.types import Right
from hark.routing.actions import set_senior
from hark.routing.queries import is_senior
from hark.workspace.queries.roles import roles_given_by
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.first_run import added, tried
from hark.workspace.views.forms import AgentForm, AgentRightsForm, TeamForm
from hark.workspace.views.invitations import invitation
from hark.workspace.views.settings import settings_page


@desk("GET", "POST", right=Right.PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody who works here; add one."""
    roles = roles_given_by(agent_of(request))
    form, invited = AgentForm(request.POST or None, roles=roles), None
    if request.method == "POST" and form.is_valid():
        invited = added(request, form)
        form = AgentForm(roles=roles) if invited else form
    rows = Agent.objects.prefetch_related("teams").order_by("-is_active", "name")
    return settings_page(request, "people", form=form, people=rows, invited=invited)


@desk("GET", "POST", right=Right.PEOPLE)
def person(request: HttpRequest, key: str) -> HttpResponse:
    """One person: role and teams."""
    row = found(key)
    form = rights_form(request, row)
    if request.method == "POST" and form.is_valid():
        role, teams = get_role(form.cleaned_data["role"]), list(form.cleaned_data["teams"])
        if tried(form, lambda: change_agent(key=key, role=role, teams=teams, actor=agent_of(request))):
            set_approval_of_agent(key=key, needed=form.cleaned_data["needs_approval"], actor=agent_of(request))
            set_senior(agent=row, is_senior=form.cleaned_data["senior"], actor=agent_of(request).key)
            messages.success(request, "Kept. A changed role ends that person's sessions.")
            return redirect(f"/settings/people/{key}/")
    return settings_page(request, "person", form=form, person=row, has_factor=has_second_factor(row))


@desk("POST", right=Right.PEOPLE)
def person_link(request: HttpRequest, key: str) -> HttpResponse:
    """A new one-time link, shown once."""
    row = found(key)
    check_decides(actor=agent_of(request), agent=row)
    if not row.is_active:
        raise Http404
    form = rights_form(request, row)
    return settings_page(
        request, "person", form=form, person=row, invited=invitation(row), has_factor=has_second_factor(row)
    )


@desk("POST", right=Right.PEOPLE)
def person_factor(request: HttpRequest, key: str) -> HttpResponse:
    """Somebody has lost telephone, passkeys and recovery codes: the next sign-in sets up anew, or does without."""
    forget_factors(agent=found(key), actor=agent_of(request))
    messages.success(request, "The second factor is taken off. All sessions of this person have ended.")
    return redirect(f"/settings/people/{key}/")


@desk("POST", right=Right.PEOPLE)
def person_door(request: HttpRequest, key: str) -> HttpResponse:
    """Deactivate, or let in again. Deactivation ends every session of that person at once."""
    if request.POST.get("door") == "open":
        reactivate_agent(key=key, actor=agent_of(request))
        messages.success(request, "This person may sign in again.")
    else:
        deactivate_agent(key=key, actor=agent_of(request))
        messages.success(request, "Deactivated. All sessions of this person have ended.")
    return redirect(f"/settings/people/{key}/")


@desk("GET", "POST", right=Right.PEOPLE)
def teams(request: HttpRequest) -> HttpResponse:
    """Teams and who is in them."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and tried(form, lambda: add_team(name=form.cleaned_data["name"])):
        messages.success(request, "The team is there.")
        return redirect("/settings/teams/")
    return settings_page(request, "teams", form=form, teams=Team.objects.prefetch_related("agents").order_by("name"))


def rights_form(request: HttpRequest, row: Agent) -> AgentRightsForm:
    """Role and teams of a person; beside what may be given, the role that he has."""
    own = role_of(row)
    roles = dict([(role_word(own), row.role_name), *roles_given_by(agent_of(request))])
    posted = request.POST if "role" in request.POST else None
    teams = [team.key for team in row.teams.all()]
    now = {"role": role_word(own), "teams": teams, "needs_approval": row.needs_approval}
    now["senior"] = is_senior(row)
    return AgentRightsForm(posted, roles=list(roles.items()), initial=now)


def found(key: str) -> Agent:
    """The person with this key."""
    row = Agent.objects.filter(key=key).first()
    if row is None:
        raise Http404
    return row
