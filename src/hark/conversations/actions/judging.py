"""One judgement for all who say the same, and one case for all places where one person says it."""

from django.db import transaction

from hark.conversations.actions.cases import open_case_by_hand, start_waiting
from hark.conversations.actions.corrections import correct
from hark.conversations.actions.drawing import draw
from hark.conversations.actions.standing import acting_agent
from hark.conversations.models import Case, Conversation, Message
from hark.conversations.queries.stream import heard_alike
from hark.conversations.types import Author
from hark.organisation.types import Right


@transaction.atomic
def judge_alike(*, message_id: int, value: str, author: Author) -> int:
    """Say of a message of the stream and of all with the same words whether they are about us; how many were judged.

    All that the agent sees in the stream, at most the newest 200: each gets a correction of its own, and is judged
    alone again later if need be. One transaction; saying the same again adds nothing. What nobody could read is left
    alone, unless it is the message itself. Raises NotFound, NotAllowed, WrongValue, NotAReading.
    """
    agent = acting_agent(author, Right.ANSWER)
    alike = Message.objects.filter(pk__in=heard_alike(agent, message_id), readings__isnull=False)
    meant = sorted({*alike.values_list("pk", flat=True), message_id})
    for number in meant:
        correct(message_id=number, field="relevance", value=value, author=author)
    return len(meant)


@transaction.atomic
def open_case_for_all(*, message_id: int, author: Author) -> Case:
    """Make a message of the stream a case, with all places where the same person says the same in the same words.

    What stands in another inbox stays there. One transaction; a message that has a case gives that one. Raises
    NotFound, NotAllowed.
    """
    agent = acting_agent(author, Right.ANSWER)
    said = Message.objects.filter(pk__in=heard_alike(agent, message_id)).select_related("identity", "channel")
    first = next((one for one in said if one.pk == message_id), None)
    mine = [one for one in said if first and _is_beside(one, first)]
    places = Conversation.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    locked = list(places.filter(pk__in={one.conversation_id for one in mine}))
    case = open_case_by_hand(message_id=message_id, author=author)
    for place in locked:
        if first and place.pk != first.conversation_id and place.case_id is None:
            place.case = case
            place.save(update_fields=["case"])
            start_waiting(case, place)
    if len(locked) > 1:
        draw(case)
    return Case.objects.get(pk=case.pk)


def _is_beside(one: Message, first: Message) -> bool:
    """By the same person, in the same inbox?"""
    if one.identity is None or first.identity is None or one.channel.inbox_id != first.channel.inbox_id:
        return False
    return one.identity.contact_id == first.identity.contact_id
