"""Roles of the organisation's own making."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from hark.kernel.errors import HarkError, NotAllowed, NotFound
from hark.kernel.ids import public_key
from hark.organisation.actions.audit import audit
from hark.organisation.actions.deciding import check_gives, whole
from hark.organisation.actions.people import NameTaken, unique
from hark.organisation.actions.sessions import end_sessions
from hark.organisation.models import Agent, OwnRole
from hark.organisation.queries import rights_of
from hark.organisation.types import Right, Role


class RoleInUse(HarkError):
    """Somebody still has this role. Give those people another one first."""


def keep_role(*, name: str, rights: Iterable[Right], actor: Agent, key: str = "") -> OwnRole:
    """Make a role, or change the one with this key. Rights that another one needs are added.

    When rights change, all sessions of those who have the role end. One transaction. Raises NotFound, NameTaken,
    NotAllowed (rights that the actor does not hold, before or after; the actor's own role).
    """
    if name.strip().casefold() in {role.label.casefold() for role in Role}:
        raise NameTaken("role")
    with unique("role"):
        row = _mine_to_change(key, actor) if key else OwnRole(key=public_key("role"))
        before = rights_of(row)
        row.name, row.rights = name.strip(), sorted(whole(rights))
        check_gives(actor=actor, role=row)
        row.save()
        now = rights_of(row)
        if now != before:
            for agent in Agent.objects.filter(own_role=row):
                end_sessions(agent_id=agent.pk)
        told: dict[str, Any] = {"name": row.name, "given": sorted(now - before), "taken": sorted(before - now)}
        given = {name: value for name, value in told.items() if value}
        audit("role.changed" if key else "role.added", row.key, **given)
    return row


@transaction.atomic
def remove_role(*, key: str, actor: Agent) -> None:
    """Remove a role that nobody has. Raises NotFound, NotAllowed, RoleInUse."""
    row = _mine_to_change(key, actor)
    if Agent.objects.filter(own_role=row).exists():
        raise RoleInUse
    row.delete()
    audit("role.removed", key, name=row.name)


def _mine_to_change(key: str, actor: Agent) -> OwnRole:
    """The role, locked, if its rights are the actor's to decide about and it is not his own."""
    row = OwnRole.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise NotFound
    if actor.own_role_id == row.pk:
        raise NotAllowed("not for yourself")
    check_gives(actor=actor, role=row)
    return row
