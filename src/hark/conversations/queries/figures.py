"""Figures of readings for the settings: agreement by week, what was left aside and why, and the day's draw of it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from django.db.models import Count, Max, Min, Q, Sum

from hark.conversations.models import Correction, LeftAside, ReadingWeek
from hark.conversations.queries.stream import HeardRow, rows_by_id
from hark.kernel.db import fetch_all
from hark.organisation.models import Agent, Brand

WEEKS, DAYS = 6, 7
DRAWN, TRIES = 20, 80  # messages of a day; points at which one is looked for
WALKED = 500  # readings behind a point among which the next of the brand is looked for
DRAW = """
    SELECT DISTINCT ON (p.place) p.place, r.message_id
    FROM unnest(%s::bigint[]) WITH ORDINALITY AS p (point, place)
    CROSS JOIN LATERAL (
        SELECT walked.message_id FROM (
            SELECT id, message_id, relevance FROM conversations_reading
            WHERE id >= p.point AND id <= %s ORDER BY id LIMIT %s) walked
        JOIN conversations_message m ON m.id = walked.message_id
        JOIN organisation_channel c ON c.id = m.channel_id
        JOIN organisation_inbox i ON i.id = c.inbox_id
        WHERE walked.relevance = 'irrelevant' AND i.brand_id = %s
        ORDER BY walked.id LIMIT 1) r
    ORDER BY p.place
"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A week of one field: how many readings agents looked at, and how many of them they changed."""

    week: date
    looked_at: int
    changed: int
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aside:
    """How many messages one rule of one model left aside."""

    why: str
    model_version: str
    number: int


def agreement_of(brand: Brand, *, at: datetime) -> dict[str, list[Agreement]]:
    """The last six weeks by field, oldest first. One query."""
    since = at.date() - timedelta(days=at.weekday(), weeks=WEEKS - 1)
    found: dict[str, list[Agreement]] = {}
    for row in ReadingWeek.objects.filter(brand=brand, week__gte=since).order_by("week"):
        week = Agreement(row.week, row.looked_at, row.changed, tuple(row.bases))
        found.setdefault(row.field, []).append(week)
    return found


def correction_counts(brand: Brand) -> dict[str, tuple[int, int]]:
    """Field → how many corrections there are, and by how many agents. One query."""
    of_brand = Correction.objects.filter(message__channel__inbox__brand=brand).values("field")
    rows = of_brand.annotate(n=Count("pk"), who=Count("agent", distinct=True)).order_by("field")
    return {row["field"]: (row["n"], row["who"]) for row in rows}


def left_aside(brand: Brand, *, at: datetime) -> list[Aside]:
    """What was left aside in the last seven days by which rule of which model, most first. One query."""
    hours = LeftAside.objects.filter(brand=brand, hour__gte=at - timedelta(days=DAYS))
    rows = hours.values("why", "model_version").annotate(n=Sum("number")).order_by("-n", "why", "model_version")
    return [Aside(row["why"], row["model_version"], row["n"]) for row in rows]


def put_aside_by_hand(brand: Brand, *, at: datetime) -> int:
    """How many messages agents themselves called noise in the last seven days. One query."""
    said = Correction.objects.filter(field="relevance", new_value="irrelevant", at__gte=at - timedelta(days=DAYS))
    of_brand = said.filter(~Q(old_value="irrelevant"), message__channel__inbox__brand=brand)
    return of_brand.values("message").distinct().count()


def drawn_for(agent: Agent, brand: Brand, *, day: date) -> list[HeardRow]:
    """Twenty of the week's noise, the same for everybody all day; those that this agent may see. Seven queries.

    Points between the first and the last reading of the week before the day are drawn from its date; the next noise of
    the brand behind each is taken. On the first day of an installation it is the noise of that day.
    """
    begins = datetime.combine(day, time(), UTC)
    hours = LeftAside.objects.filter(brand=brand, hour__gte=begins - timedelta(days=DAYS))
    span = hours.filter(hour__lt=begins).aggregate(first=Min("first"), last=Max("last"))
    if span["first"] is None:
        span = hours.aggregate(first=Min("first"), last=Max("last"))
    if span["first"] is None:
        return []
    first, last = span["first"], span["last"]
    points = [first + _number(f"{day} {brand.key} {place}") % (last - first + 1) for place in range(TRIES)]
    found = list(dict.fromkeys(row[1] for row in fetch_all(DRAW, [points, last, WALKED, brand.pk])))
    return list(rows_by_id(agent, found[:DRAWN]))


def _number(word: str) -> int:
    return int.from_bytes(sha256(word.encode()).digest()[:8])
