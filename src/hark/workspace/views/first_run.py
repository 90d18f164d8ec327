"""The first run: the organisation, then brand, inbox, channels and people, each of them skippable."""

from typing import Any

from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hark.kernel.errors import HarkError
from hark.organisation.actions.channels import connect_channel
from hark.organisation.actions.people import WeakPassword, add_agent, change_brand
from hark.organisation.actions.set_up import AlreadySetUp, arrange_inboxes, set_up
from hark.organisation.models import Agent, Brand, Inbox
from hark.organisation.queries import get_role, is_set_up
from hark.organisation.types import Right
from hark.workspace.queries.channels import channels_shown
from hark.workspace.queries.roles import roles_given_by
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.forms import AgentForm, BrandForm, FirstChannelsForm, FirstRunForm
from hark.workspace.views.invitations import invitation
from hark.workspace.views.rhythms import RhythmsForm

STEPS = (
    ("organisation", "You", "The organisation and its owner"),
    ("brand", "Brand", "What to listen for"),
    ("inbox", "Inboxes", "Where customers talk, and how fast"),
    ("channels", "Channels", "Chat and form on your site"),
    ("people", "People", "Who answers"),
)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def first_run(request: HttpRequest) -> HttpResponse:
    """Make the organisation and its owner, and sign him in. Closed for ever once it is done."""
    if is_set_up():
        raise Http404
    form = FirstRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("organisation", "owner_name", "owner_email", "password")}
        try:
            founded = set_up(**given)
        except AlreadySetUp:
            return redirect("/sign-in/")
        except WeakPassword as trouble:
            form.add_error("password", trouble.message)
        else:
            login(request, founded.owner, BACKEND)
            return redirect("/first-run/brand/")
    return step(
        request,
        "organisation",
        form=form,
        title="Welcome to Hark",
        lead="Everything stays on this machine. The first person here becomes the owner.",
        act="Make the organisation",
    )


@desk("GET", "POST", right=Right.BRANDS)
def brand_step(request: HttpRequest) -> HttpResponse:
    """What the brand is called and sells, so that its name is told from the ordinary word."""
    brand = Brand.objects.order_by("pk").first()
    if brand is None:
        raise Http404
    form = BrandForm(request.POST or None, initial=brand_values(brand))
    if (
        request.method == "POST"
        and form.is_valid()
        and tried(form, lambda: change_brand(key=brand.key, brand=form.brand(brand)))
    ):
        return redirect("/first-run/inbox/")
    lead = "Hark tells your name from the same word in other mouths by these words. They can be changed at any time."
    return step(request, "brand", form=form, title="What do you listen for?", lead=lead, skip="/first-run/inbox/")


@desk("GET", "POST", right=Right.BRANDS)
def inbox_step(request: HttpRequest) -> HttpResponse:
    """Where customers talk: an inbox with sensible clocks for each kind of place."""
    first = Inbox.objects.order_by("pk").first()
    if first is None:
        raise Http404
    form = RhythmsForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and tried(form, lambda: arrange_inboxes(first=first, wanted=form.inboxes()))
    ):
        return redirect("/first-run/channels/")
    lead = (
        "Each place gets an inbox with the times that people expect there. They are the promise whose clock your agents"
        " see; all of it can be changed now and later."
    )
    return step(
        request, "inbox", template="first_run_inboxes.html", form=form, rows=form.rows(), lead=lead,
        title="Where do customers talk?", skip="/first-run/channels/",
    )  # fmt: skip


@desk("GET", "POST", right=Right.CHANNELS)
def channels_step(request: HttpRequest) -> HttpResponse:
    """Connect web chat and contact form, and show what to paste into the site."""
    inboxes = list(Inbox.objects.order_by("first_response_seconds", "pk"))
    if not inboxes:
        raise Http404
    shown = channels_shown(agent_of(request))
    form = FirstChannelsForm(request.POST or None, connected={channel.venue for channel in shown})
    if request.method == "POST" and form.is_valid():
        for venue, name in form.chosen():
            sites = list(form.cleaned_data["sites"])
            inbox = inboxes[0] if venue == "webchat" else slowest(inboxes)
            connect_channel(
                actor=agent_of(request).key, venue=venue, external_id=inbox.key, name=name, inbox=inbox,
                settings={"sites": sites}, secrets={},
            )  # fmt: skip
        return redirect("/first-run/channels/")
    lead = (
        "Both are pages of this Hark: no account at anybody else is needed. Other venues are connected in the settings."
    )
    return step(
        request, "channels", template="first_run_channels.html", form=form, channels=shown,
        title="Chat and form on your site", lead=lead, skip="/first-run/people/",
    )  # fmt: skip


@desk("GET", "POST", right=Right.PEOPLE)
def people_step(request: HttpRequest) -> HttpResponse:
    """Add colleagues; each gets a link that sets the password once."""
    roles = roles_given_by(agent_of(request))
    form, invited = AgentForm(request.POST or None, roles=roles), None
    if request.method == "POST" and form.is_valid():
        invited = added(request, form)
        form = AgentForm(roles=roles) if invited else form
    lead = "They come in with a link that works once. Roles and teams can be changed later."
    return step(
        request, "people", template="first_run_people.html", form=form, invited=invited,
        people=Agent.objects.filter(is_active=True).order_by("name"), title="Who answers?", lead=lead, skip="/",
    )  # fmt: skip


def slowest(inboxes: list[Inbox]) -> Inbox:
    """Where a form belongs: the inbox with most time to answer; the chat belongs to the quickest."""
    return max(inboxes, key=lambda inbox: inbox.first_response_seconds)


def added(request: HttpRequest, form: AgentForm) -> dict[str, str] | None:
    """The new person's invitation, shown once; None when it could not be, with the reason on the form."""
    actor, given = agent_of(request), form.cleaned_data
    try:
        agent = add_agent(
            name=given["name"],
            email=given["email"],
            role=get_role(given["role"]),
            teams=list(given["teams"]),
            actor=actor.key,
        )
    except HarkError as trouble:
        form.add_error(None, trouble.message)
        return None
    return invitation(agent)


def tried(form: Any, act: Any) -> bool:
    """Do it; what went wrong stands on the form."""
    try:
        act()
    except HarkError as trouble:
        form.add_error(None, trouble.message)
        return False
    return True


def brand_values(brand: Brand) -> dict[str, Any]:
    """A brand as its form shows it."""
    shown = ("name", "about", "handles", "products", "exclude", "language", "colour", "public_signature", "own_numbers")
    return {name: getattr(brand, name) for name in shown}


def inbox_values(inbox: Inbox) -> dict[str, Any]:
    """An inbox as its form shows it."""
    return {
        "name": inbox.name,
        "brand": inbox.brand.key,
        "undo_seconds": inbox.undo_seconds,
        "first_minutes": max(1, inbox.first_response_seconds // 60),
        "next_minutes": max(1, inbox.next_response_seconds // 60),
        "again_days": inbox.again_days,
    }


def step(request: HttpRequest, now: str, template: str = "first_run.html", **context: Any) -> HttpResponse:
    """One step's page, with the others beside it."""
    order = [name for name, _, _ in STEPS]
    steps = [
        {"title": title, "words": words, "now": name == now, "done": order.index(name) < order.index(now)}
        for name, title, words in STEPS
    ]
    form = context.get("form")
    status = 422 if form is not None and form.is_bound and form.errors else 200
    return render(request, f"workspace/{template}", {"steps": steps, **context}, status=status)
