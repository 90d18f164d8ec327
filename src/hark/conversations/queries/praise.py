"""Praise as people read it: their own, and the team's; counted by messages and by the people who said it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from hark.conversations.models import Message, Praise
from hark.conversations.queries.access import conversation_gate
from hark.conversations.queries.appearance import author_name, icon_of
from hark.organisation.models import Agent

LATELY = timedelta(days=30)  # what is counted
LOOKED_AT = 500  # newest messages of praise that a page walks over


@dataclass(frozen=True, slots=True)
class PraiseRow:
    """One message of praise: what was said, by whom, where, and about whom ((name, why), …)."""

    id: int
    key: str
    text: str
    who: str
    icon: str
    venue: str
    sent_at: datetime
    case_key: str
    about: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PraiseCount:
    """Messages of praise in thirty days and by how many people; who says it often counts once. `name`: about whom."""

    name: str
    messages: int
    people: int


def praise_page(agent: Agent, *, mine: bool, before: int = 0, limit: int = 30) -> tuple[list[PraiseRow], int]:
    """A page of praise, newest first, of this agent or of everything he may see; before which the next one begins."""
    rows = _seen(agent, mine=mine)
    rows = rows.filter(message__lt=before) if before else rows
    ids = list(dict.fromkeys(rows.order_by("-message").values_list("message", flat=True)[:LOOKED_AT]))[: limit + 1]
    more, ids = len(ids) > limit, ids[:limit]
    return _rows(ids), ids[-1] if more else 0


def praise_counts(agent: Agent, *, at: datetime) -> list[PraiseCount]:
    """Of the last thirty days, as far as this agent may see: everything (no name), then by whom it is about.

    About nobody in particular comes last. Two queries.
    """
    lately = _seen(agent, mine=False).filter(message__sent_at__gt=at - LATELY)
    messages, people = Count("message", distinct=True), Count("message__identity__contact", distinct=True)
    whole = lately.aggregate(n=messages, who=people)
    by_name = lately.values("agent", "agent__name").annotate(n=messages, who=people)
    each = [PraiseCount(row["agent__name"] or "", row["n"], row["who"]) for row in by_name]
    each.sort(key=lambda one: (not one.name, -one.people, -one.messages, one.name))
    return [PraiseCount("", whole["n"], whole["who"]), *each]


def praised_lately(agent: Agent, *, at: datetime) -> PraiseCount:
    """How often this agent was praised in thirty days. One query."""
    told = _seen(agent, mine=True).filter(message__sent_at__gt=at - LATELY)
    found = told.aggregate(n=Count("message", distinct=True), who=Count("message__identity__contact", distinct=True))
    return PraiseCount(agent.name, found["n"], found["who"])


def _seen(agent: Agent, *, mine: bool) -> QuerySet[Praise]:
    """What stands, was not deleted or called spam, is said by its writer himself, and may be seen."""
    found = Praise.objects.filter(
        conversation_gate(agent, "message__conversation__"), stands=True, message__deleted_at=None, message__spam=False
    ).exclude(message__repeat__words__passed_on=True)
    return found.filter(agent=agent) if mine else found


def _rows(ids: Sequence[int]) -> list[PraiseRow]:
    """These messages in this order; they come from the gate. Two queries."""
    found = {
        message.pk: message
        for message in Message.objects.filter(pk__in=ids).select_related(
            "identity", "agent", "channel", "conversation__case"
        )
    }
    about: dict[int, list[tuple[str, str]]] = {}
    for row in Praise.objects.filter(message__in=ids, agent__isnull=False).select_related("agent").order_by("id"):
        about.setdefault(row.message_id, []).append((row.agent.name if row.agent else "", row.why))
    return [_row(found[number], about.get(number, [])) for number in ids]


def _row(message: Message, about: list[tuple[str, str]]) -> PraiseRow:
    case = message.conversation.case
    return PraiseRow(
        id=message.pk,
        key=message.key,
        text=message.text[: message.quote_from],
        who=author_name(message),
        icon=icon_of(message.kind),
        venue=message.channel.venue,
        sent_at=message.sent_at,
        case_key=case.key if case else "",
        about=tuple(about),
    )
