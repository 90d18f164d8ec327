"""Notices in words."""

from dataclasses import dataclass
from datetime import datetime

from hark.conversations.models import Notice
from hark.conversations.queries.notices import notices_of, notices_to_pop_up
from hark.conversations.types import NoticeKind
from hark.organisation.models import Agent
from hark.workspace.queries.telling import path_of
from hark.workspace.queries.words import ago, exact

PAGE = 50
ICONS = {
    NoticeKind.MENTION: "note", NoticeKind.ASSIGNED: "person", NoticeKind.FOLLOWED: "eye", NoticeKind.NOT_SENT: "warn",
    NoticeKind.AT_RISK: "clock", NoticeKind.OUTSIDE: "out", NoticeKind.TO_APPROVE: "eye", NoticeKind.DECIDED: "check",
    NoticeKind.CHANNEL: "warn", NoticeKind.MOOD: "warn",
}  # fmt: skip
HAPPENED = {
    "message.received": "The customer wrote",
    "case.replied": "{who} answered the customer",
    "note.added": "{who} left a note",
    "case.resolved": "{who} resolved the case",
    "case.reopened": "The case is open again",
    "reply.approved": "{who} approved your reply",
    "reply.sent_back": "{who} sent your reply back to you",
    "reply.stopped": "Your waiting reply was stopped, look again",
    "channel.auth_lost": "A channel is cut off: replies wait until it is let in again",
    "channel.ends_soon": "What lets us into a channel ends soon",
    "channel.ceiling_reached": "A channel reached its ceiling and listens for no words",
}
SAID = {
    NoticeKind.MENTION: "{who} mentions you in a note",
    NoticeKind.ASSIGNED: "{who} gave you the case",
    NoticeKind.NOT_SENT: "Your reply did not arrive, or nobody knows",
    NoticeKind.OUTSIDE: "Somebody outside has answered",
    NoticeKind.AT_RISK: "The promise on your case is about to break",
    NoticeKind.TO_APPROVE: "{who} asks you to approve a reply",
    NoticeKind.MOOD: "A customer grows angry",
}

CHANGED = {"change.state": "A change of your reply was not made, or nobody knows"}


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """One line of the list."""

    id: int
    icon: str
    words: str
    title: str
    who: str
    href: str
    ago: str
    exact: str
    unread: bool


def notices_shown(agent: Agent, *, at: datetime, before: int = 0) -> tuple[list[NoticeShown], int]:
    """A page of the agent's notices, newest first, and before which the next page begins; 0 on the last."""
    rows = notices_of(agent)
    page = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    return [_shown(row, at) for row in page[:PAGE]], page[PAGE - 1].pk if len(page) > PAGE else 0


def popups(agent: Agent, *, since: datetime, at: datetime) -> list[NoticeShown]:
    """What may ask for the agent's attention in this browser."""
    return [_shown(row, at) for row in notices_to_pop_up(agent, since=since)]


def _shown(row: Notice, at: datetime) -> NoticeShown:
    said = CHANGED.get(row.what) or SAID.get(NoticeKind(row.kind)) or HAPPENED.get(row.what, "Something happened")
    return NoticeShown(
        id=row.pk,
        icon=ICONS[NoticeKind(row.kind)],
        words=said.format(who=row.by.name if row.by else "Hark"),
        title=row.case.title if row.case else row.channel.name if row.channel else "",
        who=row.case.contact.name if row.case else "",
        href=path_of(row),
        ago=ago(row.at, at),
        exact=exact(row.at),
        unread=row.read_at is None,
    )
