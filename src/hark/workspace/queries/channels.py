"""Connected channels in words: how they are, what to paste where."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery

from hark.channels.accounts import can_listen
from hark.channels.registry import UnknownVenue, venue
from hark.conversations.models import Message
from hark.delivery.queries import channels_resting
from hark.intake.models import Poller
from hark.intake.queries import reading_problems
from hark.kernel.time import now
from hark.organisation.listening import listens_now
from hark.organisation.models import Agent, Channel, ChannelHealth
from hark.organisation.queries import inboxes_visible_to
from hark.organisation.types import ChannelState
from hark.workspace.queries.words import ago, span_words

LATE_SECONDS = 120
SILENT = "Nothing has come for three times as long as is usual at this hour. See whether the venue still reaches us."
RESTING = "The venue asked for patience or failed several times. Replies wait and go by themselves."
NOT_LISTENING = (
    "Its ceiling of this month is reached: it listens for no words. What is said to you is read all the same."
)


@dataclass(frozen=True, slots=True)
class ChannelShown:
    """A channel as the settings show it. `health` is well, late, ill or paused; `advice` is empty where all is well."""

    key: str
    venue: str
    venue_name: str
    icon: str
    name: str
    inbox: str
    health: str
    health_word: str
    advice: str
    lag: str
    late: bool
    last_heard: str
    last_heard_at: datetime | None
    page: str = ""
    snippet: str = ""
    snippet_words: str = ""


def channels_shown(agent: Agent) -> list[ChannelShown]:
    """The channels of the inboxes this agent may see, by name. Four queries however many channels."""
    newest = Message.objects.filter(channel=OuterRef("pk"), direction="in").order_by("-id")
    rows: QuerySet[Channel, Channel] = Channel.objects.filter(inbox__in=inboxes_visible_to(agent)).select_related(
        "inbox", "health"
    )
    rows = rows.annotate(
        heard_at=Subquery(newest.values("received_at")[:1]), said_at=Subquery(newest.values("sent_at")[:1])
    ).order_by("name", "pk")
    found = list(rows)
    at = now()
    resting = channels_resting({row.pk for row in found}, at=at)
    unread = reading_problems({row.pk for row in found})
    shown = [_shown(row, row.heard_at, row.said_at, resting.get(row.pk), at) for row in found]
    return [
        _unread(one, unread[row.pk], at) if row.pk in unread and row.state != ChannelState.AUTH_LOST else one
        for one, row in zip(shown, found, strict=True)
    ]


def _unread(shown: ChannelShown, problem: Poller, at: datetime) -> ChannelShown:
    """The channel that cannot be read just now: why, and for how long. What comes there waits at the venue."""
    lasted = span_words((at - (problem.failing_since or at)).total_seconds())
    advice = f"{problem.problem} It has lasted {lasted}. Hark tries again by itself, and nothing is lost there."
    return replace(shown, health="ill", health_word="Not read", advice=advice)


def _shown(
    row: Channel, heard_at: datetime | None, said_at: datetime | None, rests_until: datetime | None, at: datetime
) -> ChannelShown:
    lag = max(0.0, (heard_at - said_at).total_seconds()) if heard_at and said_at else None
    health, word, advice = _health(row, lag, rests_until)
    page, snippet, words = _to_paste(row)
    return ChannelShown(
        key=row.key, venue=row.venue, venue_name=venue_name(row.venue), icon=venue_icon(row.venue),
        name=row.name, inbox=row.inbox.name, health=health, health_word=word, advice=advice,
        lag=span_words(lag) if lag is not None else "–", late=lag is not None and lag > LATE_SECONDS,
        last_heard=ago(heard_at, at) if heard_at else "never", last_heard_at=heard_at,
        page=page, snippet=snippet, snippet_words=words,
    )  # fmt: skip


def _health(row: Channel, lag: float | None, rests_until: datetime | None) -> tuple[str, str, str]:
    if row.state == ChannelState.PAUSED:
        return "paused", "Paused", row.state_reason or "An administrator has paused it. Replies wait."
    if ill := _ill(row):
        return "ill", *ill
    return _late(row, lag, rests_until) or ("well", "Well", "")


def _late(row: Channel, lag: float | None, rests_until: datetime | None) -> tuple[str, str, str] | None:
    """What nobody needs to do anything about just now."""
    if ends := getattr(getattr(row, "health", None), "warnings", None):
        return "late", "Ends soon", str(ends[0])
    if can_listen(row.venue) and not listens_now(row, now()):
        return "late", "Not listening", NOT_LISTENING
    if rests_until:
        return "late", "Resting", RESTING
    if lag is not None and lag > LATE_SECONDS:
        return "late", "Late", "What is written there reaches us late. Nothing is lost, it arrives later."
    return None


def _ill(row: Channel) -> tuple[str, str] | None:
    """What a person must look at: in a word, and as a sentence."""
    known: ChannelHealth | None = getattr(row, "health", None)
    if row.state == ChannelState.AUTH_LOST:
        why = row.state_reason or "The venue no longer accepts our permission"
        return (
            "Cut off",
            f"{why.rstrip('.')}. Replies wait in the out-box and go when it is renewed; arrivals are kept.",
        )
    if known and known.problems:
        return "Check failed", str(known.problems[0])
    return ("Silent", SILENT) if known and known.silent_since else None


def venue_name(key: str) -> str:
    """What people call the venue."""
    try:
        return venue(key).name
    except UnknownVenue:
        return key


def venue_icon(key: str) -> str:
    """The drawing that stands for the venue."""
    try:
        return venue(key).icon
    except UnknownVenue:
        return "post"


def place_name(venue_key: str, channel: str) -> str:
    """Venue and channel in one phrase, without saying a word twice."""
    place = venue_name(venue_key)
    if channel.lower() in place.lower():
        return place
    return channel if place.lower() in channel.lower() else f"{place}, {channel}"


def _to_paste(row: Channel) -> tuple[str, str, str]:
    """The page of ours, what to paste into the site, and where."""
    root = settings.HARK_BASE_URL
    if row.venue == "webchat":
        words = "Paste this line before the end of every page that shall show the chat."
        return f"{root}/chat/{row.key}/", f'<script async src="{root}/chat/{row.key}/widget.js"></script>', words
    if row.venue == "api":
        return "", f"{root}/in/{row.key}", "Your program posts its signed calls to this address."
    if row.venue == "form":
        words = "Link to the page, or paste this line where the form shall stand."
        frame = f'<script async src="{root}/form/{row.key}/embed.js"></script>'
        return f"{root}/form/{row.key}/", frame, words
    return "", "", ""
