"""Who decides about whom: nobody gives, takes or touches rights that he does not hold himself."""

from collections.abc import Iterable

from hark.kernel.errors import NotAllowed
from hark.organisation.models import Agent
from hark.organisation.queries import AnyRole, may_give, role_of
from hark.organisation.types import GOES_WITH, Right


def check_decides(*, actor: Agent, agent: Agent, role: AnyRole | None = None) -> None:
    """May `actor` change what concerns this agent, and give him `role`? Raises NotAllowed.

    Nobody decides about himself, nor about owners unless he is one, nor about rights that he does not hold.
    """
    if agent.pk == actor.pk:
        raise NotAllowed("not for yourself")
    check_gives(actor=actor, role=role_of(agent))
    if role:
        check_gives(actor=actor, role=role)


def check_gives(*, actor: Agent, role: AnyRole) -> None:
    """May `actor` make somebody this? Raises NotAllowed."""
    if not may_give(actor, role):
        raise NotAllowed("nobody decides about owners, or about rights, without being or having the same")


def whole(rights: Iterable[Right]) -> frozenset[Right]:
    """These rights and those without which they mean nothing."""
    given = frozenset(rights)
    more = given | {GOES_WITH[right] for right in given if right in GOES_WITH}
    return more if more == given else whole(more)
