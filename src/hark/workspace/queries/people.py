"""The person beside a case: identities with how sure, mood over time, past cases; and who could hold a case."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from hark.contacts.models import Identity
from hark.conversations.models import Case, Reading
from hark.conversations.queries.access import cases_visible_to, messages_visible_to
from hark.organisation.models import Agent
from hark.organisation.queries import who_may
from hark.organisation.types import Right
from hark.workspace.queries.channels import venue_icon, venue_name
from hark.workspace.queries.shapes import MOOD_WORDS, mood_shown
from hark.workspace.queries.words import day, reach_words
from hark.workspace.types import MoodShown

PAST_CASES = 6
MOOD_POINTS = 30
WIDTH, MIDDLE, SWING = 280, 30, 22
NETWORKS = {
    "phone": ("call", "Telephone"),
    "site": ("person", "Your site"),
    "encounter": ("person", "Met"),
}  # no venues


@dataclass(frozen=True, slots=True)
class IdentityShown:
    """One identity and how sure it is."""

    icon: str
    network: str
    name: str
    sure: str
    why: str
    url: str
    id: int
    preferred: bool


@dataclass(frozen=True, slots=True)
class MoodMark:
    """One message on the mood line; `shape` is down, up or calm, `path` its outline, empty for a dot."""

    x: float
    y: float
    shape: str
    path: str


@dataclass(frozen=True, slots=True)
class MoodLine:
    """The mood over the newest messages: a trace and its marks, and the same in words."""

    trace: str
    marks: tuple[MoodMark, ...]
    first: str
    last: str
    words: str


@dataclass(frozen=True, slots=True)
class ContactShown:
    """The person beside the case."""

    name: str
    mood: MoodShown
    mood_why: str
    about: str
    identities: tuple[IdentityShown, ...]
    mood_line: MoodLine | None
    messages: int
    past: tuple[Case, ...]
    attributes: tuple[tuple[str, str], ...]
    reach: str = ""


def contact_shown(agent: Agent, case: Case, *, at: datetime) -> ContactShown:
    """The contact of a case that came from the gate. Four queries."""
    contact = case.contact
    rows = list(contact.identities.order_by("id"))
    identities = [_identity(row) for row in rows]
    past = cases_visible_to(agent).filter(contact=contact, merged_into=None).exclude(pk=case.pk).order_by("-opened_at")
    scores = _scores(agent, contact.pk)
    about = [f"Writes {contact.language}" if contact.language else "", contact.time_zone]
    return ContactShown(
        name=contact.name or next((one.name for one in identities if one.name), "Somebody"),
        mood=mood_shown(contact.mood_level),
        mood_why=", ".join(str(reason) for reason in contact.mood_reasons),
        about=". ".join(part for part in about if part),
        identities=tuple(identities),
        mood_line=_mood_line(scores, contact.mood_level, at) if len(scores) > 1 else None,
        messages=len(scores),
        past=tuple(past[:PAST_CASES]),
        attributes=tuple((str(name), str(value)) for name, value in contact.attributes.items()),
        reach=_reach(rows, at),
    )


def who_may_hold(case: Case) -> list[Agent]:
    """Those to whom a case can be given: they answer, and they see its inbox."""
    in_team = Q(teams__in=case.inbox.teams.all())
    everybody = Agent.objects.filter(who_may(Right.ANSWER), is_active=True)
    return list(everybody.filter(in_team | who_may(Right.SEE_ALL)).distinct().order_by("name"))


def _identity(row: Identity) -> IdentityShown:
    icon, network = NETWORKS.get(row.network) or (venue_icon(row.network), venue_name(row.network))
    name = row.handle or row.name or row.key
    why = {"claimed": "typed by the person, not checked"}.get(row.verified, "")
    if row.network == "webchat" and row.verified == "observed":
        name = row.name or row.handle or "this browser"
    return IdentityShown(icon, network, name, row.get_verified_display(), why, row.url, row.pk, row.preferred)


def _reach(rows: list[Identity], at: datetime) -> str:
    """How many follow the person where most do, and since when that is known."""
    widest = max(rows, key=lambda row: row.followers or 0, default=None)
    return reach_words(widest.followers, widest.followers_on, at) if widest else ""


def _scores(agent: Agent, contact_id: int) -> list[tuple[datetime, float]]:
    """(when, score) of the newest messages that have one, oldest first."""
    said = messages_visible_to(agent).filter(identity__contact=contact_id, direction="in", deleted_at=None)
    newest = list(said.order_by("-sent_at", "-id").values_list("pk", flat=True)[:MOOD_POINTS])
    read = (
        Reading.objects.filter(message__in=newest, score__isnull=False)
        .order_by("message_id", "-id")
        .distinct("message_id")
    )
    return sorted((sent_at, score or 0.0) for sent_at, score in read.values_list("message__sent_at", "score"))


def _mood_line(scores: list[tuple[datetime, float]], level: str, at: datetime) -> MoodLine:
    """Messages at even steps, the score as height; the words say what the line shows."""
    step = (WIDTH - 20) / (len(scores) - 1)
    places = [(10 + index * step, MIDDLE - score * SWING) for index, (_, score) in enumerate(scores)]
    marks = tuple(_mark(x, y, score) for (x, y), (_, score) in zip(places, scores, strict=True))
    trace = "M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in places)
    first, last = day(scores[0][0], at), day(scores[-1][0], at)
    word = MOOD_WORDS.get(level, "Calm").lower()
    unhappy = sum(score <= -0.25 for _, score in scores)
    words = f"Mood over {len(scores)} messages from {first} to {last}: {unhappy} unhappy, now {word}"
    return MoodLine(trace, marks, first, f"{last}, {word}", words)


def _mark(x: float, y: float, score: float) -> MoodMark:
    if score <= -0.25:
        return MoodMark(x, y, "bad" if score <= -0.5 else "open", f"M{x - 4.5:.1f} {y - 3:.1f}h9l-4.5 8z")
    if score >= 0.25:
        return MoodMark(x, y, "good", f"M{x - 4.5:.1f} {y + 4:.1f}h9l-4.5 -8z")
    return MoodMark(x, y, "calm", "")
