"""Settings of what a brand listens for, word by word, and of how often it answers who did not speak to it."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.kernel.errors import HarkError
from hark.kernel.time import now
from hark.organisation.actions.listening import (
    LONGEST_DAYS,
    MOST_PER_HOUR,
    add_term,
    keep_etiquette,
    remove_term,
    switch_term,
)
from hark.organisation.models import Brand
from hark.organisation.types import LONGEST_TERM, Right, TermKind
from hark.workspace.queries.listening import listening_shown
from hark.workspace.views.brand_reading import brand_and_own
from hark.workspace.views.desk import desk
from hark.workspace.views.first_run import tried
from hark.workspace.views.settings import settings_page

KINDS = [(kind.value, kind.label) for kind in TermKind if kind != TermKind.NAME] + [(TermKind.NAME, "Name, misspelt")]


class TermForm(forms.Form):
    """One word more."""

    text = forms.CharField(
        label="Word or phrase",
        max_length=LONGEST_TERM,
        help_text="Found whole, in capitals or not. A misspelling is a word of its own.",
    )
    kind = forms.ChoiceField(
        label="What it is",
        choices=KINDS,
        initial=TermKind.KEYWORD,
        help_text="What is found because it names a competitor, and nothing of yours, is never counted as yours.",
    )


class EtiquetteForm(forms.Form):
    """How often somebody is answered who did not speak to us."""

    days = forms.IntegerField(
        label="One person, once in so many days",
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="As soon as the person writes to you, this does not count.",
    )
    per_hour = forms.IntegerField(
        label="People an hour, over one channel",
        min_value=0,
        max_value=MOST_PER_HOUR,
        help_text="0: nobody is answered in public who did not write to you.",
    )


@desk("GET", "POST", right=Right.BRANDS)
def terms(request: HttpRequest, key: str) -> HttpResponse:
    """The words of a brand, each with how often it was seen; one more; and the limits of etiquette."""
    brand, _ = brand_and_own(key)
    act = request.POST.get("act", "")
    if act in SWITCHES:
        try:
            messages.success(request, SWITCHES[act](brand, request.POST.get("text", "")))
        except HarkError as trouble:
            messages.error(request, trouble.message)
        return redirect(request.path)
    form = TermForm(request.POST if act == "add" else None)
    now_kept = {"days": brand.uninvited_days, "per_hour": brand.uninvited_per_hour}
    polite = EtiquetteForm(request.POST if act == "polite" else None, initial=now_kept)
    if form.is_valid() and tried(form, lambda: add_term(brand=brand, **form.cleaned_data)):
        messages.success(request, "Added, and not switched on yet. Look at how often it was seen first.")
        return redirect(request.path)
    if polite.is_valid() and tried(polite, lambda: keep_etiquette(brand=brand, **polite.cleaned_data)):
        messages.success(request, "Kept. It holds for the next answer.")
        return redirect(request.path)
    shown = listening_shown(brand, at=now())
    return settings_page(request, "brand_terms", brand=brand, form=form, polite=polite, shown=shown, tab="terms")


def switch_on(brand: Brand, text: str) -> str:
    """Listen for it."""
    return f"From now on Hark listens for “{switch_term(brand=brand, text=text, on=True).text}”."


def switch_off(brand: Brand, text: str) -> str:
    """Listen for it no more."""
    return f"Hark does not listen for “{switch_term(brand=brand, text=text, on=False).text}” any more."


def remove(brand: Brand, text: str) -> str:
    """Forget it."""
    remove_term(brand=brand, text=text)
    return "Removed. What was found with it stays."


SWITCHES: dict[str, Callable[[Brand, str], str]] = {"on": switch_on, "off": switch_off, "remove": remove}
