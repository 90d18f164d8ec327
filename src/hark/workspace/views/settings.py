"""Settings: the desk, brands and inboxes. Channels are in `channels`, people in `people`."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.organisation.actions.desk import change_desk
from hark.organisation.actions.people import add_brand, add_inbox, change_brand, change_inbox, set_inbox_members
from hark.organisation.models import Brand, Inbox, Team
from hark.organisation.queries import desk_settings, sending_mailboxes
from hark.organisation.types import SETTINGS, NewBrand, Right
from hark.workspace.queries.settings import settings_places
from hark.workspace.views.desk import agent_of, desk, show
from hark.workspace.views.first_run import brand_values, inbox_values, tried
from hark.workspace.views.forms import BrandedInboxForm, BrandLooksForm, DeskForm, MembersForm, NewBrandForm


@desk("GET", right=SETTINGS)
def settings_home(request: HttpRequest) -> HttpResponse:
    """Settings open with the first of those that may be changed."""
    _, places = settings_places(agent_of(request))[0]
    return redirect(f"/settings/{places[0].path}/")


@desk("GET", "POST", right=Right.BRANDS)
def desk_page(request: HttpRequest) -> HttpResponse:
    """What holds for the whole desk: which mailbox sends its own mails, and how much notices say outside Hark."""
    now = desk_settings()
    if now is None:
        raise Http404
    kept = {"mailbox": now.mailbox.key if now.mailbox else "", "notices_name_cases": now.notices_name_cases}
    form = DeskForm(request.POST or None, initial=kept)
    if form.is_valid() and tried(form, lambda: change_desk(**form.cleaned_data)):
        messages.success(request, "Kept.")
        return redirect("/settings/desk/")
    return settings_page(request, "desk", form=form, mailboxes=sending_mailboxes().exists())


@desk("GET", "POST", right=Right.BRANDS)
def brands(request: HttpRequest) -> HttpResponse:
    """What each brand says of itself, how it looks, who signs; and one more."""
    found = list(Brand.objects.order_by("name"))
    asked = request.GET.get("brand") or (found[0].key if found else "")
    brand = next((row for row in found if row.key == asked), None)
    if brand is None:
        raise Http404
    adding = "add" in request.POST
    form = BrandLooksForm(None if adding else request.POST or None, initial=brand_values(brand))
    new = NewBrandForm(request.POST if adding else None, prefix="new")
    if adding and new.is_valid() and tried(new, lambda: add_brand(brand=NewBrand(name=new.cleaned_data["name"]))):
        messages.success(request, "The brand is there. Say what it sells, and give it an inbox.")
        return redirect(f"/settings/brands/?brand={Brand.objects.get(name=new.cleaned_data['name']).key}")
    if form.is_valid() and tried(form, lambda: change_brand(key=brand.key, brand=form.brand(brand))):
        messages.success(request, "Kept. It is used for what arrives and leaves from now on.")
        return redirect(f"/settings/brands/?brand={brand.key}")
    speaks = Inbox.objects.filter(brand=brand).order_by("name")
    return settings_page(request, "brands", form=form, new=new, brands=found, brand=brand, inboxes=speaks)


@desk("GET", "POST", right=Right.BRANDS)
def inboxes(request: HttpRequest) -> HttpResponse:
    """Inboxes with their promises, and one more."""
    form = BrandedInboxForm(request.POST or None)
    if form.is_valid() and tried(form, lambda: add_inbox(inbox=form.inbox(), brand=form.cleaned_data["brand"])):
        messages.success(request, "The inbox is there. Say which teams see it.")
        return redirect("/settings/inboxes/")
    rows = Inbox.objects.select_related("brand").prefetch_related("teams").order_by("name")
    return settings_page(request, "inboxes", form=form, inboxes=rows)


@desk("GET", "POST", right=Right.BRANDS)
def inbox(request: HttpRequest, key: str) -> HttpResponse:
    """One inbox: its promises and who sees it."""
    row = Inbox.objects.filter(key=key).first()
    if row is None:
        raise Http404
    members = {"teams": [team.key for team in row.teams.all()], "only_assigned": row.only_assigned}
    members["second_factor"] = row.second_factor
    about, who = BrandedInboxForm(initial=inbox_values(row)), MembersForm(initial=members)
    if request.method == "POST" and "about" in request.POST:
        about = BrandedInboxForm(request.POST)
        done = about.is_valid() and tried(about, lambda: change_about(key, about))
    elif request.method == "POST":
        who = MembersForm(request.POST)
        done = who.is_valid() and tried(who, lambda: change_members(key, who))
    else:
        done = False
    if done:
        messages.success(request, "Kept.")
        return redirect(f"/settings/inboxes/{key}/")
    return settings_page(request, "inbox", inbox=row, form=about, members=who)


def change_about(key: str, form: BrandedInboxForm) -> None:
    """Replace the inbox's name, brand and promises."""
    change_inbox(key=key, inbox=form.inbox(), brand=form.cleaned_data["brand"])


def change_members(key: str, form: MembersForm) -> None:
    """Replace who sees the inbox."""
    teams: list[Team] = list(form.cleaned_data["teams"])
    rules = {name: form.cleaned_data[name] for name in ("only_assigned", "second_factor")}
    set_inbox_members(key=key, teams=teams, **rules)


def settings_page(request: HttpRequest, area: str, **context: Any) -> HttpResponse:
    """A page of the settings, with its neighbours beside it."""
    places = settings_places(agent_of(request))
    response = show(request, f"settings_{area}.html", "settings", area=area, settings_places=places, **context)
    if any(isinstance(form, BaseForm) and form.is_bound and form.errors for form in context.values()):
        response.status_code = 422
    return response
