"""The audit, for those who may read it, on a page and as a table to take along."""

from datetime import date

from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict

from hark.kernel.giving import sealed
from hark.kernel.spreadsheet import MARK, TYPE, lines
from hark.kernel.time import now
from hark.organisation.actions.audit import audit as write_down
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.workspace.queries.audit import KINDS, AuditFilter, audit_page, audit_table
from hark.workspace.views.desk import agent_of, desk, show


@desk("GET", right=Right.AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Who changed what, newest first."""
    asked, before = asked_for(request.GET), request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    rows, older = audit_page(agent_of(request), asked, before=number)
    people = Agent.objects.order_by("name").values_list("key", "name")
    about = {"rows": rows, "older": older, "kinds": KINDS, "asked": asked, "people": people}
    return show(request, "audit.html", "audit", **about)


@desk("POST", right=Right.AUDIT)
def export(request: HttpRequest) -> HttpResponse:
    """The same as a table. Taking it along is itself an entry, which the table does not hold yet."""
    asked = asked_for(request.POST)
    table = lines(audit_table(agent_of(request), asked))
    with transaction.atomic():
        write_down("audit.exported", "audit", **asked.told())
    return sealed(HttpResponse(MARK + table, content_type=TYPE), f"audit-{now():%Y-%m-%d}.csv")


def asked_for(given: QueryDict) -> AuditFilter:
    """The filter of a form; what is none of its words is left out."""
    kind = given.get("kind", "")
    return AuditFilter(
        kind if kind in dict(KINDS) else "",
        given.get("who", ""),
        day(given.get("since", "")),
        day(given.get("until", "")),
    )


def day(word: str) -> date | None:
    """A day, if it is one."""
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None
