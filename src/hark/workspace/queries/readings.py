"""The settings page of readings: how far agents agree, what each brand has learnt, what was left aside."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from hark.conversations.actions.figures import FIELDS
from hark.conversations.models import BrandModel, SpamModel
from hark.conversations.models.learning import LearntModel
from hark.conversations.queries.figures import (
    WEEKS,
    Agreement,
    agreement_of,
    correction_counts,
    drawn_for,
    left_aside,
    put_aside_by_hand,
)
from hark.conversations.queries.learning import learning_of_brands, models_of
from hark.conversations.queries.spam import spam_learning
from hark.organisation.models import Agent, Brand
from hark.workspace.queries.hearing import heard_shown
from hark.workspace.queries.lane import learning_line, spam_line
from hark.workspace.queries.reading_words import field_name
from hark.workspace.types import HeardShown

MODELS_SHOWN, RULES_SHOWN = 10, 12
FEWEST = 5  # looked at in a week, below which a share says nothing
WIDE, HIGH = 140, 28  # of the line, in its own units
LOWEST = 0.5  # share at the foot of the line
UNSAID = "no reason was stored"


@dataclass(frozen=True, slots=True)
class WeekShown:
    """A week of one field: "96 %", and of how many; empty where too few were looked at."""

    share: str
    of: str


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field over the weeks. `line`: points of a line over those weeks that say something; empty below two."""

    name: str
    corrections: int
    agents: int
    weeks: tuple[WeekShown, ...]
    line: str
    said: str


@dataclass(frozen=True, slots=True)
class WeekHead:
    """The day a week began; `changed` names the shipped models that began to read in it."""

    day: date
    changed: str


@dataclass(frozen=True, slots=True)
class ModelShown:
    """A brand's model with its figures. `may_go_back`: it is kept and not in use."""

    row: LearntModel
    state: str
    trial: str
    may_go_back: bool


@dataclass(frozen=True, slots=True)
class AsideShown:
    """A rule, the model it belongs to, and how many messages it left aside."""

    why: str
    model: str
    number: str
    share: str


@dataclass(frozen=True, slots=True)
class ReadingsShown:
    """The page of one brand."""

    line: str
    heads: tuple[WeekHead, ...]
    fields: tuple[FieldShown, ...]
    models: tuple[ModelShown, ...]
    spam_line: str
    spam_models: tuple[ModelShown, ...]
    aside: tuple[AsideShown, ...]
    aside_total: str
    by_hand: int
    drawn: tuple[HeardShown, ...]


def readings_shown(agent: Agent, brand: Brand, *, at: datetime) -> ReadingsShown:
    """Everything of the page, in nineteen queries at most, however much there is."""
    weeks = agreement_of(brand, at=at)
    days = [at.date() - timedelta(days=at.weekday(), weeks=back) for back in reversed(range(WEEKS))]
    counts = correction_counts(brand)
    names = [*FIELDS, *(name for name in counts if name not in FIELDS)]
    aside = left_aside(brand, at=at)
    total = sum(one.number for one in aside)
    drawn = drawn_for(agent, brand, day=timezone.localdate())
    return ReadingsShown(
        line=learning_line(learning_of_brands([brand])[0]),
        heads=tuple(_heads(days, weeks)),
        fields=tuple(_field(name, counts.get(name, (0, 0)), days, weeks.get(name, [])) for name in names),
        models=tuple(_model(row, back) for row, back in models_of(brand, limit=MODELS_SHOWN, model=BrandModel)),
        spam_line=spam_line(spam_learning(brand)),
        spam_models=tuple(_model(row, back) for row, back in models_of(brand, limit=MODELS_SHOWN, model=SpamModel)),
        aside=tuple(
            AsideShown(one.why or UNSAID, one.model_version, f"{one.number:,}", _percent(one.number, total))
            for one in aside[:RULES_SHOWN]
        ),
        aside_total=f"{total:,}",
        by_hand=put_aside_by_hand(brand, at=at),
        drawn=tuple(heard_shown(row) for row in drawn),
    )


def _heads(days: list[date], weeks: dict[str, list[Agreement]]) -> list[WeekHead]:
    """The weeks, each with the shipped models that had not read in the one before that anything is known of."""
    heads, before = [], set[str]()
    for day in days:
        now = {base for rows in weeks.values() for row in rows if row.week == day for base in row.bases}
        heads.append(WeekHead(day, ", ".join(sorted(now - before)) if before else ""))
        before = now or before
    return heads


def _field(name: str, counts: tuple[int, int], days: list[date], found: list[Agreement]) -> FieldShown:
    told = {row.week: row for row in found}
    rows = [told.get(day) for day in days]
    shares = [1 - row.changed / row.looked_at if row and row.looked_at >= FEWEST else None for row in rows]
    known = [share for share in shares if share is not None]
    said = f"{field_name(name)}: from {known[0]:.0%} to {known[-1]:.0%} left as read" if known else ""
    return FieldShown(
        name=field_name(name),
        corrections=counts[0],
        agents=counts[1],
        weeks=tuple(_week(row, share) for row, share in zip(rows, shares, strict=True)),
        line=_line(shares),
        said=said,
    )


def _week(row: Agreement | None, share: float | None) -> WeekShown:
    if row is None:
        return WeekShown("", "")
    of = f"{row.looked_at - row.changed:,} of {row.looked_at:,}"
    return WeekShown("" if share is None else f"{round(100 * share)} %", of)


def _line(shares: list[float | None]) -> str:
    """Points for a polyline; what lies below a half lies on the foot."""
    step = WIDE / (len(shares) - 1)
    points = [
        f"{place * step:.0f},{(HIGH - 2) - (HIGH - 4) * max(0.0, share - LOWEST) / (1 - LOWEST):.1f}"
        for place, share in enumerate(shares)
        if share is not None
    ]
    return " ".join(points) if len(points) > 1 else ""


def _model(row: LearntModel, may_go_back: bool) -> ModelShown:  # noqa: FBT001
    if row.active:
        state = f"in use, {row.held_by.name} went back to it" if row.held_by else "in use"
    else:
        state = "kept back: worse on the newest" if row.kept_back else "replaced"
    trial = f"{row.right} of {row.tested}, before {row.right_before}" if row.tested else "too few to tell"
    return ModelShown(row, state, trial, may_go_back)


def _percent(number: int, total: int) -> str:
    return f"{round(100 * number / total)} %" if total else ""
