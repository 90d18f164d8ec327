"""Following a case: wanting to hear what happens on it."""

from django.db import transaction

from hark.conversations.actions.standing import acting_agent, seen_case
from hark.conversations.models import Follow
from hark.conversations.types import Author
from hark.kernel.time import database_now


@transaction.atomic
def follow(*, case_id: int, author: Author) -> None:
    """Hear of what happens on a case from now on. Repeating changes nothing. Raises NotFound, NotAllowed."""
    agent = acting_agent(author)
    case = seen_case(agent, case_id)
    Follow.objects.get_or_create(case=case, agent=agent, defaults={"since": database_now()})


def unfollow(*, case_id: int, author: Author) -> None:
    """Hear of it no more. Repeating changes nothing."""
    Follow.objects.filter(case=case_id, agent=author.agent_id).delete()
