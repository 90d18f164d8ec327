"""Settings: channels with their health, the guide to connect one more, and a page for each."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hark.channels.accounts import account_of
from hark.channels.base import Venue
from hark.channels.in_words import proof_of
from hark.channels.registry import UnknownVenue, venue, venues
from hark.channels.simulated import Simulated, body_of
from hark.channels.types import Guide
from hark.conversations.actions.noticing import read_notices
from hark.conversations.actions.reply import reply
from hark.conversations.types import Author, Visibility
from hark.intake.actions import accept
from hark.intake.actions.checking import check_channel
from hark.intake.types import NewArrival
from hark.kernel.errors import NotFound
from hark.kernel.ids import new_uuid
from hark.kernel.time import now
from hark.organisation.actions.approval import set_approval_of_channel
from hark.organisation.actions.channels import change_channel, connect_channel, pause_channel, resume_sending
from hark.organisation.actions.spending import CeilingTooHigh, set_ceiling
from hark.organisation.models import Agent, Channel
from hark.organisation.queries import get_channel
from hark.organisation.types import ChannelState, Right
from hark.workspace.queries.channel_page import channel_page
from hark.workspace.queries.channels import channels_shown
from hark.workspace.queries.signing_in import RETURN_PATH
from hark.workspace.views.channel_form import ChannelForm, MadeUpForm, only_words
from hark.workspace.views.desk import agent_of, desk
from hark.workspace.views.first_run import tried
from hark.workspace.views.settings import settings_page

NOT_ON_YET = "Not switched on yet: its check must pass first."
TEST = "This is a test from Hark. Nothing needs to be done."


@desk("GET", right=Right.CHANNELS)
def channels(request: HttpRequest) -> HttpResponse:
    """All channels with their health, and the venues that can be connected."""
    shown = channels_shown(agent_of(request))
    well = sum(channel.health == "well" for channel in shown)
    connectable = [each for each in venues().values() if each.caps.comes_by_itself]
    shelf = sorted(connectable, key=_real_ones_first)
    known = [(each, each.icon, proof_of(each.proof)) for each in shelf]
    return settings_page(request, "channels", channels=shown, well=well, venues=known)


@desk("GET", "POST", right=Right.CHANNELS)
def new_channel(request: HttpRequest, key: str) -> HttpResponse:
    """Connect an account at a venue: what it needs, then its check, then it is switched on."""
    place = venue_called(key)
    form, made = ChannelForm(request.POST or None, venue=place), None

    def connect() -> None:
        nonlocal made
        made = connect_channel(
            actor=agent_of(request).key, venue=key, external_id=form.external_id(), name=form.cleaned_data["name"],
            inbox=form.cleaned_data["inbox"], settings=form.settings(), secrets=form.secrets(), waits_for=NOT_ON_YET,
        )  # fmt: skip

    if request.method == "POST" and form.is_valid() and tried(form, connect) and made:
        if place.oauth(account_of(made)):
            messages.success(request, "Kept. Now sign in there: then it is checked and switched on.")
        else:
            look(request, made, "Connected and switched on.")
        return redirect(f"/settings/channels/{made.key}/")
    about = {"form": form, "venue": place, "guides": guides_shown(place), "signs_in": signs_in(place)}
    return settings_page(request, "channel_new", **about, proof=proof_of(place.proof)[1])


@desk("GET", "POST", right=Right.CHANNELS)
def channel(request: HttpRequest, key: str) -> HttpResponse:
    """One channel: how it is, what it needs, what its venue allows."""
    row = get_channel(agent_of(request), key)
    form = ChannelForm(request.POST or None, venue=venue_called(row.venue), channel=row)

    def keep() -> None:
        change_channel(
            channel_id=row.pk, actor=agent_of(request).key, name=form.cleaned_data["name"],
            inbox=form.cleaned_data["inbox"], settings=form.settings(), secrets=form.secrets(),
            external_id=form.external_id(),
        )  # fmt: skip

    if request.method == "POST" and form.is_valid() and tried(form, keep):
        look(request, Channel.objects.get(pk=row.pk), "Kept, and checked: all is well.")
        return redirect(f"/settings/channels/{key}/")
    shown = next(each for each in channels_shown(agent_of(request)) if each.key == key)
    guides = guides_shown(form.venue)
    made_up = MadeUpForm(initial={"name": "Maud Terlinden"}) if row.venue == Simulated.key else None
    about = {"form": form, "channel": row, "shown": shown, "page": channel_page(row), "guides": guides}
    about["proof"] = proof_of(form.venue.proof)[1]
    return settings_page(request, "channel", **about, made_up=made_up)


@desk("GET", right=Right.CHANNELS)
def channel_steps(request: HttpRequest, key: str) -> HttpResponse:
    """The steps alone: the page asks again while it waits for a message or a reply."""
    row = get_channel(agent_of(request), key)
    return render(request, "workspace/parts/channel_steps.html", {"channel": row, "page": channel_page(row)})


@desk("POST", right=Right.CHANNELS)
def channel_act(request: HttpRequest, key: str) -> HttpResponse:
    """Check, pause, switch on, send a test reply."""
    row, act = get_channel(agent_of(request), key), ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise NotFound
    act(request, row)
    return redirect(f"/settings/channels/{key}/")


def look(request: HttpRequest, row: Channel, good: str = "All is well.") -> None:
    """Check a channel and say what came of it; one that waited only for that is switched on."""
    problems = check_channel(channel=row).problems
    if problems:
        messages.error(request, f"The check found: {problems[0]}")
        return
    if row.state == ChannelState.AUTH_LOST or row.state_reason == NOT_ON_YET:
        resume_sending(channel_id=row.pk, actor=agent_of(request).key)
    read_notices(agent=agent_of(request), channel_id=row.pk)
    messages.success(request, good)


def pause(request: HttpRequest, row: Channel) -> None:
    """Replies wait from now on."""
    pause_channel(channel_id=row.pk, actor=agent_of(request).key)
    messages.success(request, "Paused. Replies wait, what comes in is kept.")


def switch_on(request: HttpRequest, row: Channel) -> None:
    """Whatever its check says: the administrator decides."""
    resume_sending(channel_id=row.pk, actor=agent_of(request).key)
    messages.success(request, "Switched on. What waited leaves now.")


def send_test(request: HttpRequest, row: Channel) -> None:
    """Answer the newest message by the way that every reply takes: out-box, sender, venue."""
    agent, message = agent_of(request), channel_page(row).test
    if message is None or message.key != request.POST.get("message") or message.conversation.case_id is None:
        raise NotFound
    reply(
        case_id=message.conversation.case_id, conversation_id=message.conversation_id, author=author_of(agent),
        text=TEST, visibility=Visibility.PRIVATE, idempotency_key=new_uuid(), seen_message_id=message.pk,
        send_anyway=True,
    )  # fmt: skip
    messages.success(request, "The test is in the out-box and leaves when the time to undo it is over.")


def approve_first(request: HttpRequest, row: Channel) -> None:
    """Public replies wait for a colleague from now on."""
    set_approval_of_channel(key=row.key, needed=True, actor=agent_of(request))
    messages.success(request, "From now on a colleague approves every public reply here.")


def approve_no_more(request: HttpRequest, row: Channel) -> None:
    """Public replies leave at once again; those that wait already go on waiting."""
    set_approval_of_channel(key=row.key, needed=False, actor=agent_of(request))
    messages.success(request, "Public replies here leave without approval.")


def keep_ceiling(request: HttpRequest, row: Channel) -> None:
    """What the channel may cost in a month before it stops listening; an empty field: no ceiling."""
    typed = request.POST.get("ceiling", "").strip()
    if typed and not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
        messages.error(request, "A ceiling is a whole number, such as 50. An empty field: no ceiling.")
        return
    try:
        set_ceiling(channel_id=row.pk, whole=int(typed) if typed else None, actor=agent_of(request).key)
    except CeilingTooHigh as trouble:
        messages.error(request, trouble.message)
        return
    messages.success(request, "Kept." if typed else "Kept: there is no ceiling.")


def write_as_customer(request: HttpRequest, row: Channel) -> None:
    """Somebody made up writes to a simulated account, and it goes the way of every arrival."""
    form = MadeUpForm(request.POST)
    if row.venue != Simulated.key or not form.is_valid():
        raise NotFound
    said = form.made_up(new_id=str(new_uuid()), at=now())
    accept(channel_id=row.pk, arrivals=[NewArrival(said.id, said.thread, {}, body_of(said), said.at)])
    messages.success(request, f"{said.name} has written. It arrives in a moment, like everything else.")


ACTS: dict[str, Callable[[HttpRequest, Channel], None]] = {
    "approve_first": approve_first,
    "approve_no_more": approve_no_more,
    "ceiling": keep_ceiling,
    "check": look,
    "pause": pause,
    "resume": switch_on,
    "test": send_test,
    "write": write_as_customer,
}


def author_of(agent: Agent) -> Author:
    """Who writes."""
    return Author(agent.pk, agent.key, agent.name)


def venue_called(key: str) -> Venue:
    """The venue of this name; raises NotFound."""
    try:
        return venue(key)
    except UnknownVenue:
        raise NotFound from None


def guides_shown(place: Venue) -> list[tuple[Guide, str]]:
    """What to do at providers, each with where it is of use in the form."""
    guides = place.guides(f"{settings.HARK_BASE_URL}{RETURN_PATH}")
    return [(one, only_words(one.only) if one.only else "") for one in guides]


def signs_in(place: Venue) -> bool:
    """Can somebody be sent to a provider to sign in, for this venue?"""
    return type(place).oauth is not Venue.oauth


def _real_ones_first(place: Venue) -> tuple[bool, str]:
    return place.proof == "simulated", place.name
