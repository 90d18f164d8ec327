"""What an agent has typed and not sent."""

from hark.conversations.models import Case, Draft
from hark.organisation.models import Agent


def drafts_of(agent: Agent, case: Case) -> dict[str, str]:
    """The agent's own drafts on a case, by kind. Nobody else's are ever shown."""
    return dict(Draft.objects.filter(agent=agent, case=case).values_list("kind", "text"))
