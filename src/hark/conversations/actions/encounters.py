"""A talk that begins in a case that is there: what an agent noted of an encounter will come to stand in it."""

from django.db import transaction

from hark.conversations.actions.standing import acting_agent, locked_case
from hark.conversations.models import Conversation
from hark.conversations.types import Author
from hark.kernel.ids import public_key
from hark.organisation.models import Channel
from hark.organisation.types import Right


@transaction.atomic
def expect_in_case(*, case_id: int, channel: Channel, thread_key: str, subject: str, author: Author) -> Conversation:
    """The conversation that a message of this thread will belong to, in the case; twice gives the same.

    One transaction. Raises NotFound, NotAllowed, CaseMerged.
    """
    case = locked_case(acting_agent(author, Right.ANSWER), case_id)
    conversation, _ = Conversation.objects.get_or_create(
        channel=channel,
        thread_key=thread_key,
        defaults={"key": public_key("conv"), "case": case, "contact": case.contact, "subject": subject},
    )
    return conversation
