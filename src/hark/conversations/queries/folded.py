"""The stream folded: of what many said in the same words one line stands there, with how many and who.

Everything is counted through the gate: whoever does not see an inbox is told nothing of what was said there.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Concat

from hark.conversations.models import Message
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.types import Direction
from hark.kernel.errors import NotFound
from hark.organisation.models import Agent

# A made-up network is a venue of its own.
VENUE = Concat("channel__venue", KeyTextTransform("network", "channel__settings"), output_field=TextField())
TOLD = 200  # lines of one text that are shown at once


@dataclass(frozen=True, slots=True)
class Fold:
    """How often one text was said, by how many authors and on how many venues, as far as an agent may see.

    `passed_on`: a headline, a link or a polite phrase that went round; nobody complains by it.
    """

    messages: int
    authors: int
    venues: int
    since: datetime
    passed_on: bool


def one_of_each(rows: Iterable[tuple[int, int | None]], *, shown: Collection[int] = ()) -> list[int]:
    """Of (message, text) the messages that stand for a text, the first of each; all that nobody repeats.

    Texts in `shown` stand further up already.
    """
    seen, kept = set(shown), []
    for message, words in rows:
        if words is None:
            kept.append(message)
        elif words not in seen:
            seen.add(words)
            kept.append(message)
    return kept


def folds_of(agent: Agent, words: Mapping[int, int]) -> dict[int, Fold]:
    """What these messages stand for, by message, where the agent sees another one with the same words. One query.

    `words`: message → the text that it says as others do.
    """
    if not words:
        return {}
    said = _alike(agent, set(words.values())).values("repeat__words", passed_on=F("repeat__words__passed_on"))
    told = said.annotate(
        messages=Count("pk", distinct=True),
        authors=Count("identity__contact", distinct=True),
        venues=Count(VENUE, distinct=True),
        since=Min("sent_at"),
    ).filter(messages__gt=1)
    found = {
        row["repeat__words"]: Fold(row["messages"], row["authors"], row["venues"], row["since"], row["passed_on"])
        for row in told
    }
    return {message: found[text] for message, text in words.items() if text in found}


def said_alike(agent: Agent, message_id: int) -> QuerySet[Message]:
    """Everything with the same words as this message that the agent may see, newest first; itself too.

    Raises NotFound where he may not see the message.
    """
    message = messages_visible_to(agent).filter(pk=message_id).values_list("pk", "repeat__words").first()
    if message is None:
        raise NotFound
    same = _alike(agent, {message[1]}) if message[1] else messages_visible_to(agent).filter(pk=message_id)
    return same.order_by("-pk")


def _alike(agent: Agent, words: Collection[int]) -> QuerySet[Message]:
    return messages_visible_to(agent).filter(
        repeat__words__in=words, direction=Direction.INBOUND, deleted_at__isnull=True
    )
