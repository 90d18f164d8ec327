"""The people of a case's mail conversations, each with what he is there."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from hark.conversations.models import Case, Conversation, NamedBeside, Participant
from hark.conversations.queries.access import conversations_visible_to
from hark.conversations.queries.outside import MAIL
from hark.organisation.models import Agent, Channel

NAMED_SHOWN = 50


@dataclass(frozen=True, slots=True)
class PersonShown:
    """Somebody of a conversation: `role` is pending, copied, part or named (by a mail; then `number` is 0)."""

    number: int
    name: str
    address: str
    role: str


@dataclass(frozen=True, slots=True)
class TalkShown:
    """One mail conversation of a case and its people."""

    key: str
    subject: str
    channel: str
    people: tuple[PersonShown, ...]


def talks_of(agent: Agent, case: Case) -> list[TalkShown]:
    """The case's mail conversations with the customer, the newest first, with their people. Four queries."""
    mails = conversations_visible_to(agent).filter(case=case, outside=False, channel__venue=MAIL)
    talks = list(mails.select_related("channel").order_by("-last_inbound_at", "-pk"))
    ids = [talk.pk for talk in talks]
    people: defaultdict[int, list[PersonShown]] = defaultdict(list)
    for row in Participant.objects.filter(conversation__in=ids).select_related("identity").order_by("pk"):
        person = row.identity
        people[row.conversation_id].append(PersonShown(row.pk, person.name, person.key, _role(row)))
    ours = {address.lower() for address in Channel.objects.filter(venue=MAIL).values_list("external_id", flat=True)}
    for named in NamedBeside.objects.filter(conversation__in=ids).order_by("pk")[:NAMED_SHOWN]:
        there = {one.address for one in people[named.conversation_id]}
        if named.address not in there | ours:
            people[named.conversation_id].append(PersonShown(0, named.name, named.address, "named"))
    return [_shown(talk, people[talk.pk]) for talk in talks]


def _role(row: Participant) -> str:
    return "pending" if row.pending else "copied" if row.copied else "part"


def _shown(talk: Conversation, people: Collection[PersonShown]) -> TalkShown:
    return TalkShown(talk.key, talk.subject, talk.channel.name, tuple(people))
