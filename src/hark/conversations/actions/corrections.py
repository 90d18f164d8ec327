"""What an agent changes in a reading. Corrections are only ever added; the reading itself stays as it was read."""

from collections.abc import Collection
from typing import Any

from django.db import transaction

from hark.conversations.actions.praise import settle_praise
from hark.conversations.actions.standing import acting_agent
from hark.conversations.errors import NotAReading, WrongValue
from hark.conversations.models import Correction, Message
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.queries.readings import newest_reading, shown_value
from hark.conversations.types import Author
from hark.kernel.actions import record
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.queries import intent_names
from hark.organisation.types import Right
from hark.understanding.own import SHIPPED
from hark.understanding.types import FEELINGS, FLAGS, LEVELS, OTHER

DOES_NOT_APPLY = ""
YES_OR_NO = ("true", "false")
VALUES: dict[str, tuple[str, ...]] = {
    "relevance": ("relevant", "irrelevant"),
    "sentiment": FEELINGS,
    "complaint": YES_OR_NO,
    "offensive": YES_OR_NO,
    "emotion": ("anger", "joy", "optimism", "sadness", "none"),
    "urgency": LEVELS,
    **{f"flags.{flag}": YES_OR_NO for flag in FLAGS},
}
INTENTS = (*SHIPPED, OTHER)  # those that every brand has
MAY_BE_EMPTY = frozenset({"sentiment", "emotion", "intent"})


@transaction.atomic
def correct(*, message_id: int, field: str, value: str, author: Author) -> Correction:
    """Change one field of a message's reading for everybody who looks at it; the old value and its p are kept.

    One transaction; saying the same again adds nothing. An empty value: 'does not apply'. Raises NotFound, NotAllowed,
    WrongValue, NotAReading.
    """
    agent = acting_agent(author, Right.ANSWER)
    message = (
        messages_visible_to(agent).select_related("conversation__case", "channel__inbox").filter(pk=message_id).first()
    )
    if message is None:
        raise NotFound
    check(field, value, intents=intent_names(message.channel.inbox.brand_id) if field == "intent" else ())
    reading = newest_reading(Message.objects.select_for_update(of=("self",), no_key=True).get(pk=message.pk))
    if reading is None:
        raise NotAReading
    latest = message.corrections.filter(field=field).order_by("-id").first()
    if latest and latest.agent_id == agent.pk and latest.new_value == value:
        return latest
    old_value, old_p = shown_value(reading.data, field)
    correction = Correction.objects.create(
        message=message,
        field=field,
        old_value=latest.new_value if latest else old_value,
        old_p=old_p,
        new_value=value,
        model_version=reading.model_version,
        agent=agent,
        at=database_now(),
    )
    settle_praise([message.pk])
    record([_event(message, author, {"field": field, "value": value})])
    return correction


def check(field: str, value: str, *, intents: Collection[str] = ()) -> None:
    """Raise WrongValue unless `field` can have `value`. `intents`: those of the brand's own."""
    if value == DOES_NOT_APPLY and field in MAY_BE_EMPTY:
        return
    if value not in ((*INTENTS, *intents) if field == "intent" else VALUES.get(field, ())):
        raise WrongValue


def _event(message: Message, author: Author, what: dict[str, Any]) -> NewEvent:
    case = message.conversation.case
    return NewEvent(
        kind="reading.corrected",
        subject=case.key if case else message.key,
        actor=author.agent_key,
        inbox_id=case.inbox_id if case else message.channel.inbox_id,
        data={"message": message.key, "case": case.key if case else "", **what},
    )
