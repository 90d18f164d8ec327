"""What the page of a forward shows: the mailboxes it can leave from, and the messages that can go along."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from hark.conversations.models import Case
from hark.conversations.queries.appearance import author_name
from hark.conversations.queries.files import FileShown
from hark.conversations.queries.outside import Forwardable, forwardable, mailboxes_for, newest_of
from hark.conversations.types import Direction
from hark.organisation.models import Agent, Channel
from hark.workspace.queries.words import day, hour

WORDS = 160


@dataclass(frozen=True, slots=True)
class MessageOffered:
    """A message with a box to tick. `files` are (file, is it ticked)."""

    key: str
    who: str
    ours: bool
    when: str
    words: str
    chosen: bool
    files: tuple[tuple[FileShown, bool], ...]


@dataclass(frozen=True, slots=True)
class ForwardShown:
    """`seen` is the newest message that the page has shown."""

    mailboxes: tuple[Channel, ...]
    messages: tuple[MessageOffered, ...]
    seen: int


def forward_shown(
    agent: Agent,
    case: Case,
    *,
    at: datetime,
    messages: Collection[str] | None = None,
    files: Collection[str] | None = None,
) -> ForwardShown:
    """The page for a case that came from the gate. What was chosen before stays chosen; at first the newest is."""
    seen, rows = newest_of(case), forwardable(agent, case)
    newest = {one.message.key for one in rows[-1:]} if messages is None else messages
    shown = tuple(_offered(one, newest, files, at) for one in rows)
    return ForwardShown(tuple(mailboxes_for(case)), shown, seen)


def _offered(one: Forwardable, chosen: Collection[str], files: Collection[str] | None, at: datetime) -> MessageOffered:
    message = one.message
    return MessageOffered(
        key=message.key,
        who=author_name(message),
        ours=message.direction == Direction.OUTBOUND,
        when=f"{day(message.sent_at, at)}, {hour(message.sent_at)}",
        words=" ".join(message.text.split())[:WORDS] or "No words",
        chosen=message.key in chosen,
        files=tuple((file, file.key in files if files is not None else message.key in chosen) for file in one.files),
    )
