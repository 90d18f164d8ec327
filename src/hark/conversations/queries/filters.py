"""A filter over cases: what a saved view holds and what an address carries, in the same words.

Written as `field.value~field.value`; a field that is there twice means either. What cannot be read is left out, so that
an old address never fails.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from hark.conversations.models import CaseTag, Conversation
from hark.conversations.types import Status
from hark.organisation.models import Agent
from hark.understanding.kinds import KINDS

AT_RISK = timedelta(minutes=10)
AGES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
ANYBODY = ("me", "nobody")
MOODS = ("calm", "unhappy", "angry", "furious")
CLOCKS = ("at_risk", "late", "running")
CHOICES = {
    "status": tuple(map(str, Status)),
    "mood": MOODS,
    "clock": CLOCKS,
    "older": tuple(AGES),
    "snoozed": ("yes",),
    "again": ("yes",),
    "kind": KINDS,
    "spam": ("yes",),
}
FIELDS = ("inbox", "status", "assignee", "tag", "venue", "mood", "clock", "older", "snoozed", "again", "kind", "spam")
MOST = 40  # values in one filter


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Pairs of field and value. Without a status: everything that is not resolved; without `snoozed`: what is not.

    Without `spam`: what is none; with it: what was resolved as spam.
    """

    pairs: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "~".join(f"{field}.{value}" for field, value in self.pairs)

    @classmethod
    def parse(cls, text: str) -> "CaseFilter":
        """The filter as it is written."""
        return cls.of(tuple(part.partition(".")[::2]) for part in text.split("~"))  # type: ignore[misc]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "CaseFilter":
        """The pairs that mean something, each once, in one order, so that equal filters are written alike."""
        known = {pair for pair in pairs if _means_something(*pair)}
        return cls(tuple(sorted(known, key=lambda pair: (FIELDS.index(pair[0]), pair[1]))[:MOST]))

    def values(self, field: str) -> tuple[str, ...]:
        """What is asked for in one field."""
        return tuple(value for name, value in self.pairs if name == field)


def _means_something(field: str, value: str) -> bool:
    if field in CHOICES:
        return value in CHOICES[field]
    return field in FIELDS and value.isascii() and value.replace("_", "").isalnum() and len(value) <= 60


def condition(wanted: CaseFilter, agent: Agent, *, at: datetime) -> Q:
    """The filter as a condition on cases; "me" is `agent`. It narrows what the gate gives and never widens it."""
    found = Q(merged_into__isnull=True)
    for field, narrow in NARROW.items():
        if values := wanted.values(field):
            found &= narrow(values, agent, at)
    if not wanted.values("spam"):
        found &= Q(spam=False)
    if not wanted.values("status") and not wanted.values("spam"):
        found &= ~Q(status=Status.RESOLVED)
    return found if wanted.values("snoozed") else found & Q(snoozed_until__isnull=True)


def _assignee(values: tuple[str, ...], agent: Agent, _: datetime) -> Q:
    found = Q(assignee__key__in=[value for value in values if value not in ANYBODY])
    if "me" in values:
        found |= Q(assignee=agent)
    return found | Q(assignee__isnull=True) if "nobody" in values else found


def _clock(values: tuple[str, ...], _: Agent, at: datetime) -> Q:
    meanings = {"at_risk": Q(due_at__gt=at, due_at__lte=at + AT_RISK), "late": Q(due_at__lte=at)}
    found = Q(pk__in=[])
    for value in values:
        found |= meanings.get(value, Q(due_at__isnull=False))
    return found


Narrow = Callable[[tuple[str, ...], Agent, datetime], Q]
NARROW: Mapping[str, Narrow] = {
    "inbox": lambda values, _, __: Q(inbox__key__in=values),
    "status": lambda values, _, __: Q(status__in=values),
    "assignee": _assignee,
    "tag": lambda values, _, __: Q(Exists(CaseTag.objects.filter(case=OuterRef("pk"), tag__key__in=values))),
    "venue": lambda values, _, __: Q(
        Exists(Conversation.objects.filter(case=OuterRef("pk"), channel__venue__in=values))
    ),
    "mood": lambda values, _, __: Q(contact__mood_level__in=values),
    "clock": _clock,
    "older": lambda values, _, at: Q(opened_at__lt=at - min(AGES[value] for value in values)),
    "snoozed": lambda _, __, ___: Q(snoozed_until__isnull=False),
    "again": lambda _, __, ___: Q(again__gt=0),
    "kind": lambda values, _, __: Q(kind__in=values),
    "spam": lambda _, __, ___: Q(spam=True),
}
