"""Notices: what happened is told to those whom it concerns, through the gate, as each of them wishes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from hark.conversations.models import Case, Follow, Message, Notice, NoticeWishes
from hark.conversations.queries.access import cases_visible_to
from hark.conversations.queries.notices import WHOLE_WEEK, Wishes, unread_elsewhere, wishes_of
from hark.conversations.types import HeldState, Medium, NoticeKind
from hark.kernel.actions import record
from hark.kernel.time import database_now
from hark.kernel.types import JournalEvent, NewEvent
from hark.organisation.models import Agent, Channel
from hark.organisation.queries import inboxes_visible_to, who_may
from hark.organisation.types import Right

FOLLOWED = frozenset({"message.received", "case.replied", "note.added", "case.resolved", "case.reopened"})
DECIDED = frozenset({"reply.approved", "reply.sent_back", "reply.stopped"})
CHANNELS = frozenset({"channel.auth_lost", "channel.ends_soon", "channel.ceiling_reached"})
CONCERNING = FOLLOWED | DECIDED | {
    "case.assigned", "case.answered_outside", "message.state", "change.state", "clock.at_risk", "reply.held",
    "case.planned",
    *CHANNELS,
}  # fmt: skip
NOT_SENT = frozenset({"ambiguous", "failed", "refused"})
FORGOTTEN_AFTER = timedelta(days=7)  # a journal that is read anew, or very late, does not flood anybody


@dataclass(frozen=True, slots=True)
class Concern:
    """One event and one agent whom it concerns."""

    agent_id: int
    kind: NoticeKind
    event: JournalEvent


@transaction.atomic
def notice(events: Sequence[JournalEvent], *, at: datetime) -> int:
    """Write the notices of these events and tell the pages of those who have any; returns for how many agents.

    Set-based but for one look through the gate for each agent concerned. Idempotent: one notice an agent and event,
    the first reason that applies. Nobody hears of what he did himself, or of a case that he may not see.
    """
    told = [event for event in events if event.kind in CONCERNING and event.at > at - FORGOTTEN_AFTER]
    concerns = _concerns(told)
    return _write(concerns) if concerns else 0


def _concerns(events: Sequence[JournalEvent]) -> list[Concern]:
    """Whom the events concern and why, most personal reason first."""
    keys = _agents_named(events)
    found = [
        *_mentioned(events, keys),
        *_assigned(events, keys),
        *_not_sent(events),
        *_at_risk(events),
        *_outside(events),
        *_to_approve(events),
        *_decided(events, keys),
        *_of_moods(events),
        *_of_channels(events),
        *_followed(events),
    ]
    first: dict[tuple[int, int], Concern] = {}
    for concern in found:
        if keys.get(concern.event.actor) != concern.agent_id:
            first.setdefault((concern.agent_id, concern.event.position.id), concern)
    return list(first.values())


def _agents_named(events: Sequence[JournalEvent]) -> dict[str, int]:
    keys = {event.actor for event in events} | {event.data.get("agent", "") for event in events}
    keys |= {key for event in events for key in event.data.get("mentions", ())}
    return dict(Agent.objects.filter(key__in=keys).values_list("key", "pk")) if events else {}


def _mentioned(events: Sequence[JournalEvent], agents: dict[str, int]) -> Iterable[Concern]:
    for event in events:
        for key in event.data.get("mentions", ()):
            if key in agents:
                yield Concern(agents[key], NoticeKind.MENTION, event)


def _assigned(events: Sequence[JournalEvent], agents: dict[str, int]) -> Iterable[Concern]:
    """Given by a colleague; what the router gave was offered and accepted."""
    for event in events:
        if event.kind == "case.assigned" and event.actor in agents and event.data.get("agent") in agents:
            yield Concern(agents[event.data["agent"]], NoticeKind.ASSIGNED, event)


def _not_sent(events: Sequence[JournalEvent]) -> Iterable[Concern]:
    states = [one for one in events if one.kind in {"message.state", "change.state"}]
    lost = [one for one in states if one.data.get("state") in NOT_SENT]
    keys = [event.data.get("message", "") for event in lost]
    authors = (
        dict(Message.objects.filter(key__in=keys, agent__isnull=False).values_list("key", "agent")) if keys else {}
    )
    for event in lost:
        if author := authors.get(event.data.get("message", "")):
            yield Concern(author, NoticeKind.NOT_SENT, event)


def _at_risk(events: Sequence[JournalEvent]) -> Iterable[Concern]:
    warnings = [event for event in events if event.kind == "clock.at_risk"]
    held = Case.objects.filter(key__in=[event.subject for event in warnings], assignee__isnull=False)
    holders = dict(held.values_list("key", "assignee")) if warnings else {}
    for event in warnings:
        if holder := holders.get(event.subject):
            yield Concern(holder, NoticeKind.AT_RISK, event)


def _outside(events: Sequence[JournalEvent]) -> Iterable[Concern]:
    """Whoever holds the case, and whoever asked: so that the answer is read."""
    answers = [event for event in events if event.kind == "case.answered_outside"]
    held = Case.objects.filter(key__in=[event.subject for event in answers], assignee__isnull=False)
    holders = dict(held.values_list("key", "assignee")) if answers else {}
    asked: defaultdict[str, set[int]] = defaultdict(set)
    talks = [event.data.get("conversation", "") for event in answers]
    asking = Message.objects.filter(conversation__key__in=talks, agent__isnull=False)
    for talk, agent in asking.values_list("conversation__key", "agent").distinct() if answers else ():
        asked[talk].add(agent or 0)
    for event in answers:
        for agent in {*asked[event.data.get("conversation", "")], *filter(None, [holders.get(event.subject)])}:
            yield Concern(agent, NoticeKind.OUTSIDE, event)


def _to_approve(events: Sequence[JournalEvent]) -> Iterable[Concern]:
    """Everybody who may say yes; who is not to see the case hears nothing of it."""
    asked = [one for one in events if one.kind == "reply.held" and one.data.get("why") == HeldState.APPROVAL]
    approvers = Agent.objects.filter(who_may(Right.SUPERVISE), is_active=True).values_list("pk", flat=True)
    for number in approvers if asked else ():
        for event in asked:
            yield Concern(number, NoticeKind.TO_APPROVE, event)


def _decided(events: Sequence[JournalEvent], agents: dict[str, int]) -> Iterable[Concern]:
    for event in events:
        if event.kind in DECIDED and event.data.get("agent") in agents:
            yield Concern(agents[event.data["agent"]], NoticeKind.DECIDED, event)


def _of_moods(events: Sequence[JournalEvent]) -> Iterable[Concern]:
    """Everybody who supervises, where the plan for the mood says so; who is not to see the case hears nothing of it."""
    told = [event for event in events if event.kind == "case.planned" and event.data.get("seniors")]
    supervisors = Agent.objects.filter(who_may(Right.SUPERVISE), is_active=True).values_list("pk", flat=True)
    for number in supervisors if told else ():
        for event in told:
            yield Concern(number, NoticeKind.MOOD, event)


def _of_channels(events: Sequence[JournalEvent]) -> Iterable[Concern]:
    """Everybody who may mend it; who does not see the channel's inbox hears nothing of it."""
    told = [event for event in events if event.kind in CHANNELS]
    menders = Agent.objects.filter(who_may(Right.CHANNELS), is_active=True).values_list("pk", flat=True)
    for number in menders if told else ():
        for event in told:
            yield Concern(number, NoticeKind.CHANNEL, event)


def _followed(events: Sequence[JournalEvent]) -> Iterable[Concern]:
    heard = [event for event in events if event.kind in FOLLOWED and not event.data.get("outside")]
    followers: defaultdict[str, list[tuple[int, datetime]]] = defaultdict(list)
    follows = Follow.objects.filter(case__key__in={event.subject for event in heard})
    for key, agent, since in follows.values_list("case__key", "agent", "since") if heard else ():
        followers[key].append((agent, since))
    for event in heard:
        for agent, since in followers[event.subject]:
            if event.at >= since:
                yield Concern(agent, NoticeKind.FOLLOWED, event)


def _write(concerns: Sequence[Concern]) -> int:
    agents = Agent.objects.in_bulk({concern.agent_id for concern in concerns})
    wishes = wishes_of(agents.values())
    by = dict(Agent.objects.filter(key__in={one.event.actor for one in concerns}).values_list("key", "pk"))
    seen = {number: _seen(agent, concerns) for number, agent in agents.items()}
    rows = []
    for concern in concerns:
        about = seen[concern.agent_id].get(concern.event.subject)
        media = wishes[concern.agent_id].media(concern.kind, concern.event.at)
        if about and media:
            rows.append(_row(concern, about, media, by.get(concern.event.actor)))
    _gather_mails_of({row.agent_id for row in rows if Medium.EMAIL in row.media})
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    reached = sorted({row.agent_id for row in rows})
    record([NewEvent("notice.made", agents[number].key, agent_id=number) for number in reached])
    return len(reached)


def _gather_mails_of(agents: set[int]) -> None:
    """Mails are gathered by the row of a person's wishes: whoever has never said any gets one that wishes nothing."""
    rows = [NoticeWishes(agent_id=number, days=sorted(WHOLE_WEEK)) for number in sorted(agents)]
    NoticeWishes.objects.bulk_create(rows, ignore_conflicts=True)


def _seen(agent: Agent, concerns: Sequence[Concern]) -> dict[str, dict[str, int]]:
    """Of the cases and channels that concern this agent, those he may see: what their notices are about."""
    mine = [concern for concern in concerns if concern.agent_id == agent.pk]
    channels = {concern.event.subject for concern in mine if concern.kind == NoticeKind.CHANNEL}
    cases = {concern.event.subject for concern in mine} - channels
    seen = cases_visible_to(agent).filter(key__in=cases).values_list("key", "pk") if cases else ()
    found = {key: {"case_id": number} for key, number in seen}
    if channels and agent.may(Right.CHANNELS):
        ours = Channel.objects.filter(inbox__in=inboxes_visible_to(agent), key__in=channels)
        found |= {key: {"channel_id": number} for key, number in ours.values_list("key", "pk")}
    return found


def _row(concern: Concern, about: dict[str, int], media: list[str], by_id: int | None) -> Notice:
    event = concern.event
    return Notice(
        agent_id=concern.agent_id,
        **about,
        by_id=by_id,
        kind=concern.kind,
        what=event.kind,
        event_id=event.position.id,
        media=media,
        at=event.at,
    )


@transaction.atomic
def read_notices(*, agent: Agent, case_id: int | None = None, channel_id: int | None = None) -> int:
    """The agent has seen what concerns him, on one case or channel or on all; returns how many were new to him."""
    unread = Notice.objects.filter(agent=agent, read_at=None)
    if channel_id is not None:
        unread = unread.filter(channel=channel_id)
    if case_id is not None:
        unread = unread.filter(Q(case=case_id) | Q(case__merged_into=case_id))
    seen = unread.update(read_at=database_now())
    if seen:
        record([NewEvent("notice.read", agent.key, agent.key, agent_id=agent.pk)])
    return seen


def wish(*, agent: Agent, wishes: Wishes) -> None:
    """Keep how an agent wants to hear of things from now on."""
    NoticeWishes.objects.update_or_create(
        agent=agent,
        defaults={
            "media": {str(kind): sorted(media) for kind, media in wishes.by_kind.items()},
            "days": sorted(wishes.days),
            "from_time": wishes.from_time,
            "until_time": wishes.until_time,
        },
    )


def gather_for_mail(*, agent: Agent, since: datetime) -> list[Notice]:
    """Take what is unread of the notices that this agent wants by e-mail: they are in no later mail.

    In the caller's transaction, which stores the mail: both or nothing. Empty while another process does the same.
    """
    held = NoticeWishes.objects.select_for_update(skip_locked=True).filter(agent=agent).first()
    rows = list(unread_elsewhere(agent, Medium.EMAIL, after=held.mailed_id, since=since)) if held else []
    if rows:
        NoticeWishes.objects.filter(agent=agent).update(mailed_id=rows[-1].pk)
    return rows


def end_mails(*, agent: Agent) -> None:
    """No more notices by e-mail; all other wishes stay."""
    wishes = wishes_of([agent])[agent.pk]
    wish(agent=agent, wishes=replace(wishes, by_kind={k: m - {Medium.EMAIL} for k, m in wishes.by_kind.items()}))
