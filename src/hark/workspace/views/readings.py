"""The settings page of readings: agreement, a brand's models, and what was left aside, for a second look."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hark.conversations.actions.learning import go_back_to, learn_anew
from hark.conversations.models import BrandModel, SpamModel
from hark.kernel.time import database_now
from hark.organisation.models import Brand
from hark.organisation.types import Right
from hark.workspace.queries.readings import readings_shown
from hark.workspace.views.answers import number_in
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.settings import settings_page


@desk("GET", right=Right.BRANDS)
def readings(request: HttpRequest) -> HttpResponse:
    """One brand's readings; only the lines of the second look where the page draws one of them anew."""
    found = list(Brand.objects.order_by("name"))
    asked = request.GET.get("brand") or (found[0].key if found else "")
    brand = next((row for row in found if row.key == asked), None)
    if brand is None:
        raise Http404
    agent = agent_of(request)
    shown = readings_shown(agent, brand, at=database_now())
    if request.headers.get("HX-Request"):
        lines = {"heard": shown.drawn, "may_answer": agent.may(Right.ANSWER)}
        return render(request, "workspace/parts/heard_rows.html", lines)
    return settings_page(request, "readings", brands=found, brand=brand, shown=shown, heard=shown.drawn, after="")


@desk("POST", right=Right.BRANDS)
def readings_act(request: HttpRequest, key: str) -> HttpResponse:
    """Go back to an earlier model, or let the brand learn anew."""
    brand = Brand.objects.filter(key=key).first()
    if brand is None:
        raise Http404
    agent = agent_of(request)
    number = number_in(request.POST.get("model", ""))
    if number is not None:
        of = SpamModel if request.POST.get("of") == "spam" else BrandModel
        go_back_to(brand=brand, number=number, agent=agent, model=of)
        messages.success(request, f"Model {number} reads from now on. Nothing replaces it until you let it learn anew.")
    else:
        learn_anew(brand=brand, agent=agent)
        messages.success(request, "It learns from all corrections now. Look again in a moment.")
    return redirect(f"/settings/readings/?brand={brand.key}")
