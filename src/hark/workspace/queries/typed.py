"""What an agent has typed and not sent."""

from hark.conversations.models import Case
from hark.conversations.queries.drafts import drafts_of
from hark.organisation.models import Agent


def drafts_shown(agent: Agent, case: Case) -> dict[str, str]:
    """The agent's drafts of reply and note, and of a reply to somebody outside; empty texts where there is none."""
    return {"reply": "", "outside": "", "note": "", **drafts_of(agent, case)}
