"""Roles as people read them: which rights each has, which one may give."""

from dataclasses import dataclass

from hark.organisation.models import Agent, OwnRole
from hark.organisation.queries import AnyRole, all_roles, may_give, rights_of, role_name, role_word
from hark.organisation.types import GOES_WITH, Right


@dataclass(frozen=True, slots=True)
class RoleShown:
    """A column of the table; `key` is empty for the given roles."""

    word: str
    name: str
    key: str
    may_start_from: bool


@dataclass(frozen=True, slots=True)
class RightShown:
    """A row of the table: the right, what it goes with, and for each role in order whether it has it."""

    name: str
    goes_with: str
    held: tuple[tuple[str, bool], ...]


def roles_given_by(agent: Agent) -> list[tuple[str, str]]:
    """(word, name) of the roles that this person may give to others."""
    return [(role_word(role), role_name(role)) for role in all_roles() if may_give(agent, role)]


def role_table(agent: Agent) -> tuple[list[RoleShown], list[RightShown]]:
    """All roles and what each of them may do."""
    roles = all_roles()
    return [_shown(role, agent) for role in roles], [
        RightShown(
            name=right.label,
            goes_with=GOES_WITH[right].label if right in GOES_WITH else "",
            held=tuple((role_name(role), right in rights_of(role)) for role in roles),
        )
        for right in Right
    ]


def rights_offered(agent: Agent) -> list[tuple[str, str]]:
    """The rights that this person may give, with what each brings along."""
    return [(right.value, _with_company(right)) for right in Right if right in agent.rights]


def _with_company(right: Right) -> str:
    brings = GOES_WITH.get(right)
    return f"{right.label}. Goes with: {brings.label.lower()}" if brings else right.label


def _shown(role: AnyRole, agent: Agent) -> RoleShown:
    own = isinstance(role, OwnRole)
    return RoleShown(role_word(role), role_name(role), role_word(role) if own else "", may_give(agent, role))
