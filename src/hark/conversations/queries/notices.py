"""What concerns an agent: his notices, through the gate, and how he wants to hear of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from hark.conversations.models import Case, Follow, Notice, NoticeWishes
from hark.conversations.queries.access import cases_visible_to
from hark.conversations.types import Medium, NoticeKind, unasked
from hark.organisation.models import Agent
from hark.organisation.queries import inboxes_visible_to
from hark.organisation.types import Right

COUNTED_TO = 99
WHOLE_WEEK = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an agent wants to hear. Hours and days (Monday is 0) are of his zone and hold for all media but the desk:

    the list in Hark waits until he looks, everything else asks for his attention.
    """

    by_kind: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {str(kind): unasked(kind) for kind in NoticeKind}
    )
    days: frozenset[int] = WHOLE_WEEK
    from_time: time | None = None
    until_time: time | None = None
    zone: str = "UTC"

    def media(self, kind: str, at: datetime) -> list[str]:
        """The media for a notice of this kind at that instant, none when he does not want to hear of it."""
        wanted = self.by_kind.get(str(kind), unasked(kind))
        return sorted(wanted if self.works(at) else wanted & {Medium.DESK})

    def works(self, at: datetime) -> bool:
        """Is this within his hours? Those that go over midnight belong to the day on which they began."""
        local = at.astimezone(_zone(self.zone))
        begins, ends = self.from_time or time.min, self.until_time or time.max
        clock = local.time()
        if begins <= ends:
            return local.weekday() in self.days and begins <= clock < ends
        if clock >= begins:
            return local.weekday() in self.days
        return clock < ends and (local.weekday() - 1) % 7 in self.days


def wishes_of(agents: Iterable[Agent]) -> dict[int, Wishes]:
    """How these agents want to hear; at any time and without mails where they have not said. One query."""
    zones = {agent.pk: agent.time_zone for agent in agents}
    found = {number: Wishes(zone=zone) for number, zone in zones.items()}
    for row in NoticeWishes.objects.filter(agent__in=zones):
        by_kind = {str(kind): frozenset(row.media.get(kind, unasked(kind))) for kind in NoticeKind}
        found[row.agent_id] = Wishes(by_kind, frozenset(row.days), row.from_time, row.until_time, zones[row.agent_id])
    return found


def notices_of(agent: Agent) -> QuerySet[Notice]:
    """The notices in the agent's list, newest first; those on what he may no longer see are not there."""
    rows = Notice.objects.filter(about_what_is_seen(agent), agent=agent, media__contains=[Medium.DESK])
    return rows.select_related("case__contact", "channel", "by").order_by("-id")


def about_what_is_seen(agent: Agent) -> Q:
    """The gate of notices: cases, and for those who may change channels the channels of their inboxes."""
    seen = Q(case__in=cases_visible_to(agent))
    return seen | Q(channel__inbox__in=inboxes_visible_to(agent)) if agent.may(Right.CHANNELS) else seen


def unread_notices(agent: Agent) -> int:
    """How many of them are new to him, at most 99."""
    return notices_of(agent).filter(read_at=None).order_by()[:COUNTED_TO].count()


def notices_to_pop_up(agent: Agent, *, since: datetime) -> QuerySet[Notice]:
    """Unread ones since then that may ask for his attention in the browser."""
    rows = Notice.objects.filter(about_what_is_seen(agent), agent=agent, media__contains=[Medium.BROWSER])
    return rows.filter(read_at=None, at__gt=since).select_related("case__contact", "channel", "by").order_by("id")


def unread_elsewhere(agent: Agent, medium: Medium, *, after: int, since: datetime) -> QuerySet[Notice]:
    """What he wanted to hear of by `medium` and has not read: the notices behind `after` made of events since then."""
    rows = Notice.objects.filter(about_what_is_seen(agent), agent=agent, media__contains=[medium])
    rows = rows.filter(read_at=None, pk__gt=after, at__gt=since)
    return rows.select_related("case__inbox", "case__contact", "channel").order_by("id")


def newest_to_push(agents: Collection[int], *, since: datetime) -> dict[int, int]:
    """The id of the newest unread notice since then that each of these agents wants pushed. One query."""
    rows = Notice.objects.filter(agent__in=agents, media__contains=[Medium.PUSH], read_at=None, at__gt=since)
    return dict(rows.values_list("agent").annotate(newest=Max("pk")))


def newest_notice(agent: Agent) -> int:
    """The id of the agent's newest notice, 0 without any."""
    return Notice.objects.filter(agent=agent).order_by("-pk").values_list("pk", flat=True).first() or 0


def waiting_for_mail(*, waited_since: datetime, since: datetime) -> QuerySet[Agent]:
    """Agents with unread notices for a mail, of events since then, one of which has waited since `waited_since`."""
    waits = Notice.objects.filter(agent=OuterRef("agent"), pk__gt=OuterRef("mailed_id"), media__contains=[Medium.EMAIL])
    waits = waits.filter(read_at=None, at__gt=since, at__lte=waited_since)
    wishes = NoticeWishes.objects.filter(Exists(waits))
    return Agent.objects.filter(is_active=True, pk__in=wishes.values("agent"))


def is_followed(agent: Agent, case: Case) -> bool:
    """Does the agent follow this case?"""
    return Follow.objects.filter(agent=agent, case=case).exists()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
