"""What can become of a reply that is published: other words, nothing, or a correction below it; and why not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hark.channels.accounts import caps_of
from hark.channels.kit.counting import length
from hark.channels.kit.splitting import CannotSplit, Shape, split
from hark.channels.registry import venue
from hark.channels.types import Caps
from hark.conversations.models import Message
from hark.conversations.queries.messages import is_published
from hark.conversations.queries.writing import too_long
from hark.delivery.models import OutboxItem
from hark.delivery.queries import posts_there
from hark.delivery.types import OutboxState
from hark.kernel.errors import HarkError
from hark.organisation.models import Agent
from hark.organisation.types import ChannelState, Right

OVER = frozenset({OutboxState.CANCELLED, OutboxState.SENT})


@dataclass(frozen=True, slots=True)
class Changeable:
    """Why a reply cannot be edited, and why not deleted; each is empty where it can. `there`: the posts that it is."""

    not_edited: str
    not_deleted: str
    max_length: int | None = None
    unit: str = "chars"
    numbering: str = "before"
    there: tuple[OutboxItem, ...] = ()

    def posts(self, text: str) -> list[str]:
        """What the posts say then: the text, or its numbered parts; fewer than there are where it has become shorter.

        Raises CannotSplit, in words, where it does not fit into the posts that are there.
        """
        if self.max_length is None or self.length(text) <= self.max_length:
            return self._as_many([text])
        if len(self.there) == 1:
            raise CannotSplit(too_long(self.length(text), self.max_length, self.unit))
        try:
            posts = split(text, Shape(self.max_length, self.unit, self.numbering), most=len(self.there))
        except CannotSplit as error:
            raise CannotSplit(f"It does not fit into the {len(self.there)} parts that are there.") from error
        return self._as_many(posts)

    def _as_many(self, posts: list[str]) -> list[str]:
        if len(posts) < len(self.there) and self.not_deleted:
            raise CannotSplit(f"It has become shorter than its {len(self.there)} parts. {self.not_deleted}")
        return posts

    def length(self, text: str) -> int:
        """How long the venue says this text is."""
        return length(text, self.unit)


def may_change(agent: Agent, message: Message) -> bool:
    """Its author may, and whoever supervises."""
    return message.agent_id == agent.pk or agent.may(Right.SUPERVISE)


def changeable(message: Message, *, at: datetime) -> Changeable:
    """What the venue, the channel and the time that has passed allow. `channel` and the out-box items are at hand."""
    caps = _caps(message)
    if always := _why_not(message, caps, at):
        return Changeable(always, always)
    name = venue(message.channel.venue).name
    return Changeable(
        "" if caps.edits_out else f"{name} does not let us change what we have sent.",
        "" if caps.deletes_out else f"{name} does not let us take back what we have sent.",
        caps.max_length,
        caps.unit,
        caps.numbering,
        tuple(posts_there(message.outbox_item)) if message.outbox_item else (),
    )


def _why_not(message: Message, caps: Caps, at: datetime) -> str:
    item, change = message.outbox_item, message.change_item
    if item is None or not is_published(message):
        return "Only a reply that has left and is still there can be changed."
    if change is not None and change.state not in OVER:
        return "A change of this reply is on its way already. Wait for it, or take it back."
    if message.channel.state == ChannelState.PAUSED:
        return "This channel is paused by an administrator."
    seconds = caps.change_seconds
    if seconds is not None and item.sent_at and at - item.sent_at > timedelta(seconds=seconds):
        return f"This venue lets a reply be changed for {seconds // 60} minutes, and they are over."
    return ""


def _caps(message: Message) -> Caps:
    try:
        return caps_of(message.channel)
    except HarkError:  # its venue is gone, or its secrets do not open
        return Caps()
