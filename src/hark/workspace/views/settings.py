"""Settings: channels, brand, inboxes. People are in `people`."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from hark.channels.registry import UnknownVenue, venue
from hark.kernel.errors import NotFound
from hark.organisation.actions.channels import connect_channel
from hark.organisation.actions.people import add_inbox, change_brand, change_inbox, set_inbox_members
from hark.organisation.models import Brand, Inbox, Team
from hark.organisation.types import MAY_ADMINISTER
from hark.workspace.queries.channels import channels_shown
from hark.workspace.views.desk import agent_of, desk, show
from hark.workspace.views.first_run import brand_values, inbox_values, tried
from hark.workspace.views.forms import BrandForm, ChannelForm, InboxForm, MembersForm


@desk("GET", roles=MAY_ADMINISTER)
def settings_home(request: HttpRequest) -> HttpResponse:
    """Settings open with the channels."""
    return redirect("/settings/channels/")


@desk("GET", "POST", roles=MAY_ADMINISTER)
def channels(request: HttpRequest) -> HttpResponse:
    """All channels with their health, and the guide to connect one more."""
    form = ChannelForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and tried(form, lambda: connect(request, form)):
        messages.success(request, "The channel is connected.")
        return redirect("/settings/channels/")
    shown = channels_shown(agent_of(request))
    picked = next((channel for channel in shown if channel.key == request.GET.get("channel")), None)
    well = sum(channel.health == "well" for channel in shown)
    return settings_page(request, "channels", form=form, channels=shown, picked=picked, well=well)


def connect(request: HttpRequest, form: ChannelForm) -> None:
    """Connect one of our own pages as a channel."""
    given = form.cleaned_data
    try:
        venue(given["venue"])
    except UnknownVenue:
        raise NotFound from None
    connect_channel(
        actor=agent_of(request).key, venue=given["venue"], external_id=f"{given['inbox'].key}/{given['name']}",
        name=given["name"], inbox=given["inbox"], settings={"sites": list(given["sites"])}, secrets={},
    )  # fmt: skip


@desk("GET", "POST", roles=MAY_ADMINISTER)
def brands(request: HttpRequest) -> HttpResponse:
    """What each brand says of itself."""
    found = list(Brand.objects.order_by("name"))
    asked = request.GET.get("brand") or (found[0].key if found else "")
    brand = next((row for row in found if row.key == asked), None)
    if brand is None:
        raise Http404
    form = BrandForm(request.POST or None, initial=brand_values(brand))
    if (
        request.method == "POST"
        and form.is_valid()
        and tried(form, lambda: change_brand(key=brand.key, brand=form.brand(brand)))
    ):
        messages.success(request, "Kept. It is used for what arrives from now on.")
        return redirect(f"/settings/brands/?brand={brand.key}")
    return settings_page(request, "brands", form=form, brands=found, brand=brand)


@desk("GET", "POST", roles=MAY_ADMINISTER)
def inboxes(request: HttpRequest) -> HttpResponse:
    """Inboxes with their promises, and one more."""
    form = InboxForm(request.POST or None)
    brand = Brand.objects.order_by("pk").first()
    if (
        request.method == "POST"
        and brand
        and form.is_valid()
        and tried(form, lambda: add_inbox(inbox=form.inbox(), brand=brand))
    ):
        messages.success(request, "The inbox is there. Say which teams see it.")
        return redirect("/settings/inboxes/")
    rows = Inbox.objects.select_related("brand").prefetch_related("teams").order_by("name")
    return settings_page(request, "inboxes", form=form, inboxes=rows)


@desk("GET", "POST", roles=MAY_ADMINISTER)
def inbox(request: HttpRequest, key: str) -> HttpResponse:
    """One inbox: its promises and who sees it."""
    row = Inbox.objects.filter(key=key).first()
    if row is None:
        raise Http404
    members = {"teams": [team.key for team in row.teams.all()], "only_assigned": row.only_assigned}
    members["second_factor"] = row.second_factor
    about, who = InboxForm(initial=inbox_values(row)), MembersForm(initial=members)
    if request.method == "POST" and "about" in request.POST:
        about = InboxForm(request.POST)
        done = about.is_valid() and tried(about, lambda: change_inbox(key=key, inbox=about.inbox()))
    elif request.method == "POST":
        who = MembersForm(request.POST)
        done = who.is_valid() and tried(who, lambda: change_members(key, who))
    else:
        done = False
    if done:
        messages.success(request, "Kept.")
        return redirect(f"/settings/inboxes/{key}/")
    return settings_page(request, "inbox", inbox=row, form=about, members=who)


def change_members(key: str, form: MembersForm) -> None:
    """Replace who sees the inbox."""
    teams: list[Team] = list(form.cleaned_data["teams"])
    rules = {name: form.cleaned_data[name] for name in ("only_assigned", "second_factor")}
    set_inbox_members(key=key, teams=teams, **rules)


def settings_page(request: HttpRequest, area: str, **context: Any) -> HttpResponse:
    """A page of the settings, with its neighbours beside it."""
    response = show(request, f"settings_{area}.html", "settings", area=area, **context)
    form = context.get("form")
    if form is not None and form.is_bound and form.errors:
        response.status_code = 422
    return response
