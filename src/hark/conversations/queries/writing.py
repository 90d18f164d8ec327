"""Where a case can be answered, who would read it there, and why not: known before any network call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hark.channels.accounts import account_of
from hark.channels.base import Venue
from hark.channels.errors import Refused
from hark.channels.kit.counting import length
from hark.channels.kit.splitting import CannotSplit, Shape, split
from hark.channels.registry import venue
from hark.channels.types import Account, Caps, Standing
from hark.conversations.models import Case, Conversation, Message
from hark.conversations.queries.access import conversations_visible_to
from hark.conversations.queries.participants import copies_beside, without_pending
from hark.conversations.queries.standing import standing_of, unwritten, with_replies
from hark.conversations.queries.uninvited import UNASKED, too_many
from hark.conversations.types import Direction, Visibility
from hark.kernel.errors import HarkError
from hark.kernel.time import now
from hark.organisation.models import Agent
from hark.organisation.types import ChannelState

NO_CAPS = Caps()
Talk = TypeVar("Talk", bound=Conversation)


@dataclass(frozen=True, slots=True)
class Way:
    """One conversation of a case as a way to answer. `closed_because` is empty where it is open.

    `visibilities` are those that may be chosen; there is no default. `refusals` say why another one may not. `answers`
    is the message that is answered, `newest_message_id` the newest of the conversation: what a composer has seen when
    it shows this. `copies` are the addresses of those who get a copy. A text that is longer than `max_length` leaves as
    up to `max_parts` posts. `standing` is what the venue's rules ask about.
    """

    conversation: Conversation
    answers: Message | None
    newest_message_id: int
    visibilities: tuple[Visibility, ...]
    max_length: int | None
    unit: str
    closed_because: str = ""
    files_out: int = 0
    copies: tuple[str, ...] = ()
    max_parts: int = 1
    numbering: str = "before"
    refusals: Mapping[Visibility, str] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)

    @property
    def outside(self) -> bool:
        """Is it a talk with somebody who is asked about the case, not with the customer?"""
        return self.conversation.outside

    def length(self, text: str) -> int:
        """How long the venue says this text is."""
        return length(text, self.unit)

    def posts(self, text: str, *, whole: bool = False) -> list[str]:
        """What leaves: the text, or its numbered parts where it is longer than one post and need not stay `whole`.

        Raises CannotSplit, in words, where the venue does not take it.
        """
        if self.max_length is None or self.length(text) <= self.max_length:
            return [text]
        if whole or self.max_parts == 1:
            raise CannotSplit(too_long(self.length(text), self.max_length, self.unit))
        return split(text, Shape(self.max_length, self.unit, self.numbering), most=self.max_parts)


def ways_to_answer(agent: Agent, case: Case) -> list[Way]:
    """The ways to answer a case, the conversation that was written to last first. Three queries.

    A talk with somebody outside comes after all those with the customer, and only once he has answered.
    Where nobody waits for an answer, the one that the person prefers comes first: what we write then is a follow-up.
    """
    mine = conversations_visible_to(agent).filter(case=case).select_related("channel", "contact", "left_address")
    mine = mine.exclude(outside=True, last_inbound_at=None).annotate(copied=copies_beside())
    conversations = _one_a_thread(mine.order_by("outside", "-last_inbound_at", "-id"))
    ids = [conversation.pk for conversation in conversations]
    newest = dict(
        Message.objects.filter(conversation__in=ids)
        .order_by("conversation_id", "-id")
        .distinct("conversation_id")
        .values_list("conversation_id", "id")
    )
    inbound = without_pending(Message.objects.filter(conversation__in=ids, direction=Direction.INBOUND))
    inbound = with_replies(inbound.select_related("identity"))
    answered = {
        message.conversation_id: message
        for message in inbound.order_by("conversation_id", "-id").distinct("conversation_id")
    }
    ways = [way_of(each, answered.get(each.pk), newest.get(each.pk, 0), each.copied) for each in conversations]
    return ways if any(map(_is_waiting, conversations)) else sorted(ways, key=_last_preferred)


def too_long(used: int, most: int, unit: str) -> str:
    """That a text does not fit into one post, in the venue's own count."""
    if unit == "sms":
        return f"It takes {used:,} text messages, and this venue takes {most:,}."
    return f"It is {used} long, and this venue takes {most}."


def _one_a_thread(conversations: Iterable[Talk]) -> list[Talk]:
    """Of those in one thread the one that was written to last: a case that was split may have been joined again."""
    found: dict[int, Talk] = {}
    for each in conversations:
        found.setdefault(each.branch_of_id or each.pk, each)
    return list(found.values())


def _is_waiting(conversation: Conversation) -> bool:
    """Has the customer had no answer since he wrote last?"""
    asked, said = conversation.last_inbound_at, conversation.last_outbound_at
    return asked is not None and (said is None or said < asked)


def _last_preferred(way: Way) -> tuple[bool, bool]:
    """Those outside last, and of the others the one that the person prefers first."""
    return way.outside, not _is_preferred(way)


def _is_preferred(way: Way) -> bool:
    person = way.answers.identity if way.answers else None
    return person is not None and person.preferred and not way.closed_because


def way_of(
    conversation: Conversation, answers: Message | None, newest_message_id: int, copied: Sequence[str] = ()
) -> Way:
    """What the venue, the channel's state and the message that is answered allow. `conversation.channel` is at hand.

    Of those who are `copied` in, the one who is answered gets the reply itself.
    """
    person = answers.identity.key if answers and answers.identity else ""
    kind, account = _venue_of(conversation)
    caps = kind.caps_for(account) if kind else NO_CAPS
    standing = standing_of(answers, at=now()) if answers else Standing()
    readers = _readers(caps, answers)
    refusals = {} if kind is None or answers is None else {
        each: why
        for each in readers
        if (why := _refused(kind.objection(account, unwritten(conversation, answers, each, standing)))
            or _too_many(conversation, answers, each))
    }  # fmt: skip
    return Way(
        conversation=conversation,
        answers=answers,
        newest_message_id=newest_message_id,
        visibilities=tuple(each for each in readers if each not in refusals),
        max_length=caps.max_length,
        unit=caps.unit,
        closed_because=_closed_because(conversation, answers, readers, refusals),
        files_out=caps.files_out,
        copies=tuple(one for one in copied if one != person),
        max_parts=caps.max_parts,
        numbering=caps.numbering,
        refusals=refusals,
        standing=standing,
    )


def _refused(refused: Refused | None) -> str:
    return refused.human if refused else ""


def _too_many(conversation: Conversation, answers: Message, visibility: Visibility) -> str:
    """Our own etiquette, where nobody asked us and everybody would read it."""
    asked = answers.targets_us not in UNASKED or Visibility.PRIVATE in {visibility, answers.visibility}
    return "" if asked or answers.identity is None else too_many(answers.identity, conversation.channel, now())


def _readers(caps: Caps, answers: Message | None) -> tuple[Visibility, ...]:
    """Who could read a reply: as many as the message answered, or fewer where the venue lets a talk move to private."""
    if answers is None or answers.visibility == Visibility.PRIVATE:
        return (Visibility.PRIVATE,) if caps.private else ()
    same = (Visibility(answers.visibility),) if caps.public else ()
    moves = caps.private and caps.can_move_private != "none"
    return (*same, Visibility.PRIVATE) if moves else same


def _closed_because(
    conversation: Conversation,
    answers: Message | None,
    readers: tuple[Visibility, ...],
    refusals: Mapping[Visibility, str],
) -> str:
    if conversation.channel.state == ChannelState.PAUSED:
        return "This channel is paused by an administrator."
    if answers is None:
        return "Nobody has written here yet, so there is nothing to answer."
    if not readers:
        return "This venue takes no replies from us."
    return refusals[readers[0]] if len(refusals) == len(readers) else ""


def _venue_of(conversation: Conversation) -> tuple[Venue | None, Account]:
    """The venue with the channel's account; no venue where it is gone or its secrets do not open."""
    channel = conversation.channel
    try:
        return venue(channel.venue), account_of(channel)
    except HarkError:
        return None, Account(channel.key)


def answered_in(conversation: Conversation) -> Message | None:
    """The newest message of the customer: the one that a reply answers."""
    inbound = without_pending(conversation.messages.filter(direction=Direction.INBOUND))
    return with_replies(inbound.select_related("identity")).order_by("-id").first()
