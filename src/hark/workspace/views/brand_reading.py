"""Settings of how a brand is read: its words, its intents, its answer to moods; each tried before it is kept."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.conversations.models import SavedReply, Tag
from hark.organisation.actions.brand_reading import (
    keep_intent,
    keep_plans,
    keep_words,
    remove_intent,
    switch_intents,
)
from hark.organisation.models import Brand, BrandIntent
from hark.organisation.queries import own_readings, plans_of
from hark.organisation.types import TEMPERS, OwnIntent, OwnReading, Right
from hark.routing.queries import skill_names
from hark.understanding.own import SHIPPED
from hark.workspace.queries.trying import TriedShown, tried_reading
from hark.workspace.views.brand_reading_forms import IntentForm, ShippedForm, WordsForm, all_valid, plan_forms
from hark.workspace.views.desk import desk
from hark.workspace.views.first_run import tried
from hark.workspace.views.settings import settings_page

KEPT = "Kept. It is used for what arrives from now on."


@desk("GET", "POST", right=Right.BRANDS)
def words(request: HttpRequest, key: str) -> HttpResponse:
    """Word lists, and what follows from buying questions and praise."""
    brand, own = brand_and_own(key)
    form = WordsForm(request.POST or None, initial=words_now(own))
    trial = None
    if form.is_valid() and request.POST.get("act") == "try":
        trial = trial_of(request, brand, form.own(own))
    elif form.is_valid() and tried(
        form,
        lambda: keep_words(brand=brand, words=form.words(), buying=form.buying(), thanks=form.cleaned_data["thanks"]),
    ):
        messages.success(request, KEPT)
        return redirect(request.path)
    return settings_page(request, "brand_words", brand=brand, form=form, trial=trial, tab="words")


@desk("GET", "POST", right=Right.BRANDS)
def intents(request: HttpRequest, key: str) -> HttpResponse:
    """The brand's own intents, one more, and which of the shipped ones count."""
    brand, own = brand_and_own(key)
    act = request.POST.get("act", "")
    blank = act == "try" and not any(request.POST.get(name, "").strip() for name in ("name", "examples"))
    form = IntentForm(request.POST if act in {"keep", "try"} and not blank else None)
    shipped = ShippedForm(request.POST if act == "shipped" else None, initial={"shipped": counting(own)})
    if shipped.is_valid():
        switch_intents(brand=brand, off=shipped.off())
        messages.success(request, KEPT)
        return redirect(request.path)
    trial, kept = trial_of(request, brand, own) if blank else None, None
    if form.is_valid() and act == "try":
        trial = trial_of(request, brand, with_intent(own, form.intent()))
    elif form.is_valid():
        kept = tried(form, lambda: keep_intent(brand=brand, intent=form.intent()))
    if kept:
        messages.success(request, KEPT)
        return redirect(request.path)
    context = {"brand": brand, "form": form, "shipped": shipped, "trial": trial, "tab": "intents"}
    return settings_page(request, "brand_intents", intents=intents_shown(own), **context)


@desk("GET", "POST", right=Right.BRANDS)
def intent(request: HttpRequest, key: str) -> HttpResponse:
    """One of a brand's own intents."""
    row = BrandIntent.objects.select_related("brand").filter(key=key).first()
    if row is None:
        raise Http404
    brand, own = brand_and_own(row.brand.key)
    back, act = f"/settings/brands/{brand.key}/intents/", request.POST.get("act", "")
    if act == "remove":
        remove_intent(brand=brand, key=key)
        messages.success(request, "Removed. What was read with it keeps its reading.")
        return redirect(back)
    shown = {name: getattr(row, name) for name in ("name", "examples", "tag", "skill", "reply")}
    form, trial = IntentForm(request.POST or None, initial=shown), None
    if form.is_valid() and act == "try":
        trial = trial_of(request, brand, with_intent(own, form.intent(key)))
    elif form.is_valid() and tried(form, lambda: keep_intent(brand=brand, intent=form.intent(), key=key)):
        messages.success(request, KEPT)
        return redirect(back)
    return settings_page(request, "brand_intent", brand=brand, form=form, intent=row, trial=trial, tab="intents")


@desk("GET", "POST", right=Right.BRANDS)
def plans(request: HttpRequest, key: str) -> HttpResponse:
    """How the brand answers the four grades of frustration."""
    brand, _ = brand_and_own(key)
    told = plan_forms(plans_of([brand.pk])[brand.pk], request.POST or None)
    if request.method == "POST" and all_valid(told):
        keep_plans(brand=brand, plans=[form.plan(level) for level, (_, form) in zip(TEMPERS, told, strict=True)])
        messages.success(request, "Kept. The next message of somebody in that mood is placed by it.")
        return redirect(request.path)
    response = settings_page(request, "brand_plans", brand=brand, plans=told, tab="plans")
    if request.method == "POST":
        response.status_code = 422
    return response


def brand_and_own(key: str) -> tuple[Brand, OwnReading]:
    """The brand with what it adds to its reading."""
    brand = Brand.objects.filter(key=key).first()
    if brand is None:
        raise Http404
    return brand, own_readings([brand.pk])[brand.pk]


def words_now(own: OwnReading) -> dict[str, Any]:
    """The brand's words as their form shows them."""
    lists: dict[str, list[str]] = {}
    for name, pattern in own.words:
        lists.setdefault(name, []).append(pattern)
    return {**lists, "buying_tag": own.buying_tag, "buying_skill": own.buying_skill, "thanks": own.thanks}


def counting(own: OwnReading) -> list[str]:
    """The shipped intents that count."""
    return [name for name in SHIPPED if name not in own.intents_off]


def with_intent(own: OwnReading, new: OwnIntent) -> OwnReading:
    """The brand's reading as it would be with this intent, under a version of its own."""
    others = tuple(one for one in own.intents if one.key != new.key)
    return OwnReading(-hash(new), own.words, own.intents_off, (*others, new))


def trial_of(request: HttpRequest, brand: Brand, own: OwnReading) -> TriedShown | None:
    """How the typed message would be read; None where nothing was typed."""
    text = request.POST.get("message", "").strip()
    return tried_reading(brand, own, text) if text else None


def intents_shown(own: OwnReading) -> list[tuple[OwnIntent, str]]:
    """Each intent with what follows from it, in words."""
    tags, skills = dict(Tag.objects.values_list("key", "name")), skill_names()
    replies = dict(SavedReply.objects.values_list("key", "title"))

    def _follows(one: OwnIntent) -> str:
        parts = [
            f"tag {tags[one.tag]}" if one.tag in tags else "",
            f"skill {skills[one.skill]}" if one.skill in skills else "",
            f"reply {replies[one.reply]}" if one.reply in replies else "",
        ]
        return ", ".join(part for part in parts if part) or "nothing yet"

    return [(one, _follows(one)) for one in own.intents]
