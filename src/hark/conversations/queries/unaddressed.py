"""Complaints that nobody addressed to us and nobody has answered: whom to reach out to first, and why.

Ranked by reach × distress × whether we may answer. Reach counts together with distress only: a loud voice without harm
does not stand here at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log10
from typing import NamedTuple

from hark.channels.accounts import account_of
from hark.channels.base import Venue
from hark.channels.registry import venue
from hark.channels.types import Account
from hark.conversations.models import Correction, Message, Reading
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.queries.standing import standing_of, unwritten
from hark.conversations.queries.uninvited import (
    NOT_AT_ALL,
    full_words,
    hour_is_full,
    last_approaches,
    once_is_enough,
)
from hark.conversations.types import Direction, Status, Visibility
from hark.kernel.errors import HarkError
from hark.organisation.models import Agent, Channel
from hark.organisation.types import ChannelState

LOOKED_AT = 2_000  # newest messages that an agent sees, among which they are looked for
SHOWN = 50
CHUNK = 100  # asked at once whether they may be answered
LATEST = timedelta(days=7)  # after that an answer helps nobody
NOT_TO_US = ("keyword", "none")
YES = 0.5
URGENT = {"critical": 1.0, "high": 0.5}
MOODS = {"furious": 0.6, "angry": 0.4, "unhappy": 0.2}
MOST = 1.0 + 1.0 + 0.6
OPEN, LINK, SHUT = 1.0, 0.6, 0.2  # what it counts that it may be answered here, only at the venue, or not now


@dataclass(frozen=True, slots=True)
class Unaddressed:
    """A complaint to reach out to. `distress` in words; `shut`: why it cannot be answered from here, or empty."""

    message_id: int
    author: int | None
    rank: float
    followers: int | None
    distress: tuple[str, ...]
    shut: str
    at_venue: bool


class _Complaint(NamedTuple):
    """What is known of one before anybody asks whether it may be answered; `most` is its rank if it may."""

    message_id: int
    contact: int | None
    followers: int | None
    mood: str
    complaint: float
    urgency: str
    most: float


def unaddressed(agent: Agent, *, at: datetime) -> list[Unaddressed]:
    """The complaints that stand highest, at most SHOWN, among the newest LOOKED_AT messages of the last seven days.

    Four queries, and one with three a brand for each CHUNK of them that has to be asked whether it may be answered:
    asked are those that could still stand among the highest.
    """
    found: list[Unaddressed] = []
    waiting = sorted(_complaints(agent, at), key=lambda one: (-one.most, -one.message_id))
    for start in range(0, len(waiting), CHUNK):
        if len(found) >= SHOWN and found[SHOWN - 1].rank >= waiting[start].most:
            break
        found = sorted(
            [*found, *_asked(waiting[start : start + CHUNK], at)], key=lambda one: (-one.rank, -one.message_id)
        )
    return found[:SHOWN]


def reach_counts(followers: int | None) -> float:
    """What reach makes of a complaint: 1 for nobody or not known, 2 for a thousand followers, 3 for a million."""
    return 1 + log10(1 + (followers or 0)) / 3


def distress_counts(complaint: float, urgency: str, mood: str) -> float:
    """How much harm or need there is, 0 to 1: the complaint, how it presses, and how its writer has felt lately."""
    return (max(0.0, complaint) + URGENT.get(urgency, 0.0) + MOODS.get(mood, 0.0)) / MOST


def _complaints(agent: Agent, at: datetime) -> list[_Complaint]:
    """Those that are about us and say that something went wrong, or press."""
    newest = messages_visible_to(agent).filter(direction=Direction.INBOUND).order_by("-pk")
    ids = list(newest.values_list("pk", flat=True)[:LOOKED_AT])
    rows = Message.objects.filter(pk__in=ids, pk__gte=min(ids, default=0), targets_us__in=NOT_TO_US, deleted_at=None)
    rows = rows.filter(sent_at__gt=at - LATEST, automatic=False, conversation__last_outbound_at=None)
    rows = rows.exclude(visibility=Visibility.PRIVATE).exclude(conversation__case__status=Status.RESOLVED)
    columns = ("identity__contact", "identity__followers", "identity__contact__mood_level")
    people = list(rows.values_list("pk", *columns))
    read = _read([number for number, *_ in people])
    found = []
    for number, contact, followers, mood in people:
        if number in read:
            complaint, urgency = read[number]
            most = reach_counts(followers) * distress_counts(complaint, urgency, mood or "")
            found.append(_Complaint(number, contact, followers, mood or "", complaint, urgency, most))
    return found


def _read(ids: Sequence[int]) -> dict[int, tuple[float, str]]:
    """(complaint, urgency) of those that are complaints or press, with what agents have said of them. Two queries.

    Where the model is not sure that it is one, it is none, as when cases open.
    """
    said = Correction.objects.filter(message__in=ids, field__in=["relevance", "complaint", "urgency"]).order_by("id")
    changed = {(message, field): value for message, field, value in said.values_list("message", "field", "new_value")}
    rows = Reading.objects.filter(message__in=ids).order_by("message_id", "-id").distinct("message_id")
    told = {}
    columns = ("message", "relevance", "complaint", "urgency", "data__abstain")
    for number, relevance, complaint, urgency, unsure in rows.values_list(*columns):
        word = changed.get((number, "complaint"))
        sure = 0.0 if "complaint" in (unsure or ()) else complaint
        complains = sure if word is None else float(word == "true")
        presses = changed.get((number, "urgency"), urgency)
        about = changed.get((number, "relevance"), relevance)
        if about == "relevant" and (complains >= YES or presses in URGENT):
            told[number] = complains, presses
    return told


def _asked(waiting: Sequence[_Complaint], at: datetime) -> list[Unaddressed]:
    """These complaints, with whether they may be answered; who wants no messages from us is left in peace."""
    rows = Message.objects.select_related("channel__inbox__brand", "identity", "conversation")
    found = rows.in_bulk([one.message_id for one in waiting])
    messages = {number: one for number, one in found.items() if not (one.identity and one.identity.wants_none)}
    allowed = _Allowed(list(messages.values()), at)
    return [_ranked(one, messages[one.message_id], allowed) for one in waiting if one.message_id in messages]


def _ranked(one: _Complaint, message: Message, allowed: "_Allowed") -> Unaddressed:
    shut = allowed.shut(message)
    may = OPEN if not shut else LINK if message.permalink else SHUT
    words = (
        f"complaint, {round(100 * one.complaint)} %" if one.complaint >= YES else "",
        one.urgency if one.urgency in URGENT else "",
        f"its writer is {one.mood}" if one.mood in MOODS else "",
    )
    return Unaddressed(
        message_id=one.message_id,
        author=one.contact,
        rank=one.most * may,
        followers=one.followers,
        distress=tuple(word for word in words if word),
        shut=shut,
        at_venue=bool(shut and message.permalink),
    )


class _Allowed:
    """Whether these messages may be answered: by the venue, the channel and our own etiquette, each asked once."""

    def __init__(self, messages: Sequence[Message], at: datetime) -> None:
        self.at = at
        channels = {message.channel_id: message.channel for message in messages}
        self.places = {number: _place(channel) for number, channel in channels.items()}
        self.brands = {channel.inbox.brand_id: channel.inbox.brand for channel in channels.values()}
        contacts = {message.identity.contact_id for message in messages if message.identity}
        self.told = {number: last_approaches(contacts, brand, at) for number, brand in self.brands.items()}
        self.full = {number: hour_is_full(list(channels), brand, at) for number, brand in self.brands.items()}

    def shut(self, message: Message) -> str:
        """Why it may not be answered from here; empty where it may."""
        channel, place = message.channel, self.places[message.channel_id]
        if channel.state == ChannelState.PAUSED:
            return "This channel is paused by an administrator."
        if place is None:
            return "This channel's venue cannot be used just now."
        kind, account = place
        standing = standing_of(message, at=self.at)
        refused = kind.objection(
            account, unwritten(message.conversation, message, Visibility(message.visibility), standing)
        )
        return refused.human if refused else self._etiquette(message)

    def _etiquette(self, message: Message) -> str:
        number = message.channel.inbox.brand_id
        brand = self.brands[number]
        if not brand.uninvited_per_hour:
            return NOT_AT_ALL
        told = self.told[number].get(message.identity.contact_id) if message.identity else None
        if told:
            return once_is_enough(told, brand)
        return full_words(brand) if message.channel_id in self.full[number] else ""


def _place(channel: Channel) -> tuple[Venue, Account] | None:
    try:
        return venue(channel.venue), account_of(channel)
    except HarkError:  # its venue is gone, or its secrets do not open
        return None
