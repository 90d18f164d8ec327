"""Settings: roles, the given ones as they are and one's own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.kernel.errors import NotFound
from hark.organisation.actions.roles import RoleInUse, keep_role, remove_role
from hark.organisation.models import Agent, OwnRole
from hark.organisation.queries import get_role, may_give, rights_of
from hark.organisation.types import Right
from hark.workspace.queries.roles import rights_offered, role_table
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.first_run import tried
from hark.workspace.views.role_forms import RoleForm
from hark.workspace.views.settings import settings_page


@desk("GET", "POST", right=Right.PEOPLE)
def roles(request: HttpRequest) -> HttpResponse:
    """What each role may do; make one, starting from another where the address says so."""
    agent, word = agent_of(request), request.GET.get("from", "")
    start = get_role(word) if word else None
    given = sorted(rights_of(start) & agent.rights) if start else []
    form = RoleForm(request.POST or None, offered=rights_offered(agent), initial={"rights": given})
    if form.is_valid() and tried(form, lambda: keep_role(**form.cleaned_data, actor=agent)):
        messages.success(request, "The role is there. Give it to people under People.")
        return redirect("/settings/roles/")
    columns, rows = role_table(agent)
    return settings_page(request, "roles", form=form, roles=columns, rights=rows, start=word)


@desk("GET", "POST", right=Right.PEOPLE)
def role(request: HttpRequest, key: str) -> HttpResponse:
    """One own role: its name, its rights, who has it."""
    agent, row = agent_of(request), get_role(key)
    if not isinstance(row, OwnRole):
        raise NotFound
    if request.POST.get("act") == "remove":
        return removed(request, row, agent)
    changeable = may_give(agent, row) and agent.own_role_id != row.pk
    now = {"name": row.name, "rights": row.rights}
    form = RoleForm(request.POST or None, offered=rights_offered(agent), initial=now)
    if form.is_valid() and tried(form, lambda: keep_role(**form.cleaned_data, actor=agent, key=key)):
        messages.success(request, "Kept. Everybody who has this role signs in again.")
        return redirect(f"/settings/roles/{key}/")
    people = row.agents.order_by("name")
    return settings_page(request, "role", form=form, role=row, people=people, changeable=changeable)


def removed(request: HttpRequest, row: OwnRole, agent: Agent) -> HttpResponse:
    """Remove the role, or say why not."""
    try:
        remove_role(key=row.key, actor=agent)
    except RoleInUse as trouble:
        messages.error(request, trouble.message)
        return redirect(f"/settings/roles/{row.key}/")
    messages.success(request, "The role is removed.")
    return redirect("/settings/roles/")
