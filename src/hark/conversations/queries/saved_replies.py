"""Saved replies and macros for a case, and their variables filled in: plain replacement, one pass, no engine."""

import re
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Q, QuerySet

from hark.contacts.models import Identity
from hark.conversations.models import Case, Macro, Message, SavedReply
from hark.conversations.queries.readings import corrected, corrections_of, newest_readings
from hark.conversations.types import Direction
from hark.organisation.models import Agent
from hark.organisation.queries import own_readings

VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
ANY_BRACES = re.compile(r"\{\{.*?\}\}")
VARIABLES = {
    "customer": "the customer's name, or name at the venue",
    "first_name": "the first word of it",
    "agent": "your name",
    "agent_first": "the first word of it",
    "brand": "the brand of the inbox",
    "inbox": "the inbox",
    "case": "the number of the case",
    "title": "the title of the case",
}
NEWEST_READ = 5  # messages whose intents propose something
Row = TypeVar("Row", SavedReply, Macro)


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its variables filled in; `unknown` are the placeholders that stayed as they were written."""

    text: str
    unknown: tuple[str, ...]


def saved_replies_for(case: Case) -> QuerySet[SavedReply]:
    """The saved replies of the case's inbox and brand, by title. The case comes from the gate, with its inbox."""
    ours = Q(brand__isnull=True) | Q(brand=case.inbox.brand_id)
    return _here(SavedReply.objects.filter(ours), case)


def proposed_replies(case: Case) -> dict[str, str]:
    """The saved replies that the intents of the customer's newest messages propose: key to the intent's name.

    The case comes from the gate, with its inbox. At most five queries.
    """
    own = own_readings([case.inbox.brand_id])[case.inbox.brand_id]
    replies = {intent.name: intent.reply for intent in own.intents if intent.reply}
    if not replies:
        return {}
    said = Message.objects.filter(conversation__case=case, direction=Direction.INBOUND, deleted_at=None)
    read = newest_readings(said.order_by("-sent_at", "-id").values_list("pk", flat=True)[:NEWEST_READ])
    said_so = corrections_of(read)
    labels = {corrected(reading, said_so.get(number, ())).intent for number, reading in read.items()}
    return {reply: name for name, reply in replies.items() if name in labels}


def macros_for(case: Case) -> QuerySet[Macro]:
    """The macros of the case's inbox, by title. The case comes from the gate."""
    return _here(Macro.objects.all(), case)


def _here(rows: QuerySet[Row], case: Case) -> QuerySet[Row]:
    return rows.filter(Q(inboxes__isnull=True) | Q(inboxes=case.inbox_id)).distinct().order_by("title")


def values_for(case: Case, agent: Agent) -> dict[str, str]:
    """What the variables stand for in this case; one that nobody knows is left out, so that it stays to be seen.

    `case.contact` and `case.inbox.brand` are at hand. At most one query.
    """
    customer = case.contact.name or _name_elsewhere(case)
    known = {
        "customer": customer,
        "first_name": _first(customer),
        "agent": agent.name,
        "agent_first": _first(agent.name),
        "brand": case.inbox.brand.name,
        "inbox": case.inbox.name,
        "case": case.key[:9],
        "title": case.title,
    }
    return {name: value for name, value in known.items() if value}


def filled(text: str, values: dict[str, str]) -> Filled:
    """The text with known variables replaced, once: what a value says is never looked at again.

    An unknown variable, or anything else in double braces, stays literal and is named. Pure.
    """
    unknown = [
        found[0]
        for found in ANY_BRACES.finditer(text)
        if (named := VARIABLE.fullmatch(found[0])) is None or named[1] not in values
    ]
    return Filled(
        VARIABLE.sub(lambda found: values.get(found[1], found[0]), text),
        tuple(dict.fromkeys(unknown)),
    )


def _name_elsewhere(case: Case) -> str:
    """How a person without a name in our books is called at the venue."""
    seen = Identity.objects.filter(contact=case.contact_id).order_by("-id").values_list("name", "handle")
    return next((name or handle for name, handle in seen if name or handle), "")


def _first(name: str) -> str:
    return name.split(maxsplit=1)[0] if name.strip() else ""
