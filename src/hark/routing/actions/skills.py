"""What agents can do."""

from collections.abc import Mapping

from django.db import transaction

from hark.kernel.db import notify
from hark.organisation.actions.audit import audit
from hark.organisation.models import Agent
from hark.routing.models import AgentSkill, Skill
from hark.routing.types import SENIOR, WAKE


def define_skill(*, key: str, name: str, kind: str = "topic") -> Skill:
    """Write a skill that work may ask for; the same key again renames it. From now on work can wait for it."""
    return Skill.objects.update_or_create(key=key, defaults={"name": name, "kind": kind})[0]


@transaction.atomic
def set_agent_skills(*, agent_id: int, skills: Mapping[str, int]) -> None:
    """Replace what an agent can do: key of a defined skill to level 1–5. One transaction; wakes the router.

    Raises Skill.DoesNotExist for an unknown key, IntegrityError for another level.
    """
    known = {key: Skill.objects.get(key=key) for key in skills}
    AgentSkill.objects.filter(agent_id=agent_id).exclude(skill__key__in=skills).delete()
    AgentSkill.objects.bulk_create(
        [AgentSkill(agent_id=agent_id, skill=known[key], proficiency=level) for key, level in skills.items()],
        update_conflicts=True,
        unique_fields=["agent", "skill"],
        update_fields=["proficiency"],
    )
    notify(WAKE)


@transaction.atomic
def set_senior(*, agent: Agent, is_senior: bool, actor: str) -> None:
    """Say whether customers who come again go to this agent first; other skills stay.

    One transaction; wakes the router. Repeating changes nothing.
    """
    held = AgentSkill.objects.filter(agent=agent, skill__key=SENIOR)
    if held.exists() == is_senior:
        return
    if is_senior:
        skill, _ = Skill.objects.get_or_create(key=SENIOR, defaults={"name": "Senior", "kind": "level"})
        AgentSkill.objects.create(agent=agent, skill=skill)
    else:
        held.delete()
    notify(WAKE)
    audit("agent.senior_changed", agent.key, actor=actor, senior=is_senior)
