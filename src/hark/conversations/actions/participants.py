"""Letting somebody into a mail conversation that he came into by a name given to somebody else."""

from django.db import transaction

from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.models import Message, Participant
from hark.conversations.queries.access import messages_visible_to
from hark.conversations.types import Author
from hark.kernel.actions import record
from hark.kernel.errors import NotFound
from hark.kernel.time import database_now
from hark.kernel.types import NewEvent
from hark.organisation.types import Right


@transaction.atomic
def admit(*, message_id: int, author: Author) -> Message:
    """Let the writer of this message take part in its conversation: from now on he may be answered. Idempotent.

    One transaction. Raises NotFound, NotAllowed.
    """
    agent = acting_agent(author, Right.ANSWER)
    message = messages_visible_to(agent).select_related("conversation").filter(pk=message_id).first()
    if message is None or message.conversation.case_id is None:
        raise NotFound
    case = locked_case(agent, message.conversation.case_id)
    waiting = Participant.objects.filter(
        conversation=message.conversation_id, identity=message.identity_id, pending=True
    )
    if waiting.update(pending=False, admitted_by=agent, admitted_at=database_now()):
        what = {"case": case.key, "message": message.key}
        record([NewEvent("participant.admitted", case.key, author.agent_key, case.inbox_id, data=what)])
    return message
