"""Settings: reading old messages again, how far that is, and what it changed."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hark.conversations.actions.rereading import read_again, set_rereading
from hark.conversations.queries.rereading import changes_of, rereadings
from hark.conversations.types import RereadingState
from hark.organisation.models import Brand
from hark.organisation.types import Right
from hark.workspace.actions.acts import author_of
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.first_run import tried
from hark.workspace.views.forms import OneByName
from hark.workspace.views.settings import settings_page

HERE = "/settings/rereading/"
ACTS = {"pause": RereadingState.PAUSED, "go_on": RereadingState.RUNNING, "cancel": RereadingState.CANCELLED}
SAID = {"pause": "Paused.", "go_on": "It goes on.", "cancel": "Cancelled. What is read already stays."}


class RereadingForm(forms.Form):
    """Which messages."""

    brand = OneByName(
        queryset=Brand.objects.order_by("name"), to_field_name="key", required=False, empty_label="All brands"
    )
    since = forms.DateField(
        label="Written since",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: everything that is stored.",
    )

    def asked(self) -> dict[str, Any]:
        """As the action takes it."""
        day = self.cleaned_data["since"]
        since = datetime.combine(day, time(), UTC) if day else None
        return {"brand": self.cleaned_data["brand"], "since": since}


@desk("GET", "POST", right=Right.BRANDS)
def rereading(request: HttpRequest) -> HttpResponse:
    """The run of now and those before it; start one, or pause, go on with, cancel it."""
    author, act = author_of(agent_of(request)), request.POST.get("act", "")
    if act in ACTS:
        set_rereading(state=ACTS[act], actor=author)
        messages.success(request, SAID[act])
        return redirect(HERE)
    form = RereadingForm(request.POST or None)
    if form.is_valid() and tried(form, lambda: read_again(actor=author, **form.asked())):
        messages.success(request, "It begins within a few seconds.")
        return redirect(HERE)
    return settings_page(request, "rereading", form=form, **_shown(request))


@desk("GET", right=Right.BRANDS)
def progress(request: HttpRequest) -> HttpResponse:
    """How far it is, fetched every few seconds while it runs."""
    return render(request, "workspace/parts/rereading.html", _shown(request))


def _shown(request: HttpRequest) -> dict[str, Any]:
    runs = rereadings(agent_of(request))
    return {"run": runs[0] if runs else None, "changes": changes_of(runs[0]) if runs else [], "earlier": runs[1:]}
