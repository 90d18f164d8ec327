"""Replies that have not left yet, as pages show them, through the gate."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from hark.conversations.models import Attachment, HeldReply, Message
from hark.conversations.queries.access import conversation_gate
from hark.conversations.queries.files import FileShown, file_shown
from hark.conversations.types import HELD, Direction, FileState
from hark.organisation.models import Agent


@dataclass(frozen=True, slots=True)
class HeldShown:
    """A reply that has not left. `asked` and `newest`: what the customer wrote last there, and what anybody but its
    author did.

    `overtaken`: that came since.
    """

    key: str
    case_key: str
    case_title: str
    who: str
    mine: bool
    visibility: str
    venue: str
    channel: str
    text: str
    state: str
    why: str
    leaves_at: datetime | None
    newest: int
    overtaken: bool
    found: tuple[str, ...]
    asked: str
    files: tuple[FileShown, ...] = ()


def held_replies_visible_to(agent: Agent) -> QuerySet[HeldReply]:
    """The replies that have waited, or still wait, in the conversations this agent may see."""
    return HeldReply.objects.filter(conversation_gate(agent, "conversation__"))


def held_shown(agent: Agent, **which: Any) -> list[tuple[datetime, HeldShown]]:
    """Since when, and what, still waits of `which`, oldest first. Two queries, one where there is nothing."""
    there = Message.objects.filter(deleted_at=None, automatic=False, conversation=OuterRef("conversation"))
    there = there.exclude(agent=OuterRef("agent")).order_by("-id")
    rows = list(
        held_replies_visible_to(agent)
        .filter(state__in=HELD, **which)
        .annotate(
            newest=Subquery(there.values("pk")[:1]),
            asked=Subquery(there.filter(direction=Direction.INBOUND).values("text")[:1]),
        )
        .select_related("agent", "conversation__case", "conversation__channel")
        .order_by("held_at", "id")
    )
    files = _files([row.key for row in rows])
    return [(row.held_at, _shown(row, agent, files.get(row.key, ()))) for row in rows]


def _shown(row: Any, agent: Agent, files: tuple[FileShown, ...]) -> HeldShown:
    channel, case = row.conversation.channel, row.conversation.case
    return HeldShown(
        key=row.key,
        case_key=case.key if case else "",
        case_title=case.title if case else "",
        who=row.agent.name,
        mine=row.agent_id == agent.pk,
        visibility=row.visibility,
        venue=channel.venue,
        channel=channel.name,
        text=row.text,
        state=row.state,
        why=row.why_stopped,
        leaves_at=row.leaves_at,
        newest=row.newest or 0,
        overtaken=(row.newest or 0) > (row.seen_message_id or 0),
        found=tuple(dict.fromkeys(code.partition("-")[0] for code in row.despite)),
        asked=row.asked or "",
        files=files,
    )


def _files(keys: list[str]) -> dict[str, tuple[FileShown, ...]]:
    found: defaultdict[str, list[FileShown]] = defaultdict(list)
    beside = Attachment.objects.filter(draft_kind__in=keys, state=FileState.STORED).order_by("id") if keys else ()
    for file in beside:
        found[file.draft_kind].append(file_shown(file))
    return {key: tuple(group) for key, group in found.items()}
