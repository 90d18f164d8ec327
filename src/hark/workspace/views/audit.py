"""The audit, for owners and auditors."""

from django.http import HttpRequest, HttpResponse

from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.workspace.queries.audit import KINDS, audit_page
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET", right=Right.AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Who changed what, newest first."""
    kind, who, before = (request.GET.get(name, "") for name in ("kind", "who", "before"))
    kind = kind if kind in dict(KINDS) else ""
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    rows, older = audit_page(agent_of(request), kind=kind, who=who, before=number)
    people = Agent.objects.order_by("name").values_list("key", "name")
    about = {"rows": rows, "older": older, "kinds": KINDS, "kind": kind, "who": who, "people": people}
    return show(request, "audit.html", "audit", **about)
