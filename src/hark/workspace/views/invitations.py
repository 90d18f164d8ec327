"""Links that set a password once."""

from django.conf import settings

from hark.organisation.actions.people import invitation_token
from hark.organisation.models import Agent


def invitation(agent: Agent) -> dict[str, str]:
    """Who may come in, and the link, which is shown once and stored nowhere."""
    link = f"{settings.HARK_BASE_URL}/join/{agent.key}/{invitation_token(agent=agent)}/"
    return {"name": agent.name, "link": link}
