"""Who works here and what they may see: agents, teams, brands, inboxes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from hark.kernel.actions import record
from hark.kernel.errors import HarkError, NotFound
from hark.kernel.ids import public_key
from hark.kernel.types import NewEvent
from hark.organisation.actions.audit import audit
from hark.organisation.actions.deciding import check_decides
from hark.organisation.actions.sessions import end_sessions
from hark.organisation.models import Agent, Brand, Inbox, Team
from hark.organisation.queries import AnyRole, role_of, role_word
from hark.organisation.types import NewBrand, NewInbox, Role


class NameTaken(HarkError):
    """There is already one of that name."""


class WeakPassword(HarkError):
    """This password is too weak."""


class LinkUsedUp(HarkError):
    """This link was used before, has ended, or is not whole. Ask the person who invited you for a new one."""


class LastOwner(HarkError):
    """Somebody must own the organisation. Name another owner first."""


class InvitationLinks(PasswordResetTokenGenerator):
    """One-time links for setting a password: 72 hours, bound to the person, the role and the address.

    Nothing is stored: the token is an HMAC over the person's state; using it, or a changed role or address, ends it.
    """

    key_salt = "hark.organisation.invitation"

    def _make_hash_value(self, user: Agent, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.role}{user.own_role_id or ''}{user.is_active}"


invitation_links = InvitationLinks()


def add_brand(*, brand: NewBrand) -> Brand:
    """Write a brand. Raises NameTaken."""
    with unique("brand"):
        made = Brand.objects.create(key=public_key("brand"), **asdict(brand))
        audit("brand.added", made.key, name=made.name)
    return made


def change_brand(*, key: str, brand: NewBrand) -> Brand:
    """Replace everything a brand says of itself. Raises NotFound, NameTaken."""
    with unique("brand"):
        if not Brand.objects.filter(key=key).update(**asdict(brand)):
            raise NotFound
        audit("brand.changed", key, **asdict(brand))
    return Brand.objects.get(key=key)


def add_team(*, name: str) -> Team:
    """Write a team. Raises NameTaken."""
    with unique("team"):
        made = Team.objects.create(key=public_key("team"), name=name)
        audit("team.added", made.key, name=name)
    return made


def add_inbox(*, inbox: NewInbox, brand: Brand, teams: Sequence[Team] = ()) -> Inbox:
    """Write an inbox whose work these teams see, in one transaction. Raises NameTaken."""
    with unique("inbox"):
        made = Inbox.objects.create(key=public_key("inbox"), brand=brand, **asdict(inbox))
        made.teams.set(teams)
        audit("inbox.added", made.key, **asdict(inbox), teams=_keys(teams))
    return made


def change_inbox(*, key: str, inbox: NewInbox, brand: Brand | None = None) -> Inbox:
    """Replace an inbox's name and times, and its brand where one is given; who sees it stays.

    Raises NotFound, NameTaken.
    """
    changed: dict[str, Any] = {name: value for name, value in asdict(inbox).items() if name != "only_assigned"}
    told = dict(changed)
    if brand:
        changed["brand"], told["brand"] = brand, brand.key
    with unique("inbox"):
        if not Inbox.objects.filter(key=key).update(**changed):
            raise NotFound
        audit("inbox.changed", key, **told)
    return Inbox.objects.get(key=key)


def add_agent(
    *,
    name: str,
    email: str,
    role: AnyRole = Role.AGENT,
    teams: Sequence[Team] = (),
    password: str = "",
    actor: str = "system",
) -> Agent:
    """Write a person who works here, in one transaction. Without a password nobody can sign in until `join`.

    Raises NameTaken when the address is in use, WeakPassword.
    """
    agent = Agent(key=public_key("agent"), name=name, email=email.strip().lower(), **stored_role(role))
    if password:
        _check_password(password, agent)
    agent.set_password(password or None)
    with unique("e-mail address"):
        agent.save(force_insert=True)
        agent.teams.set(teams)
        record([NewEvent("agent.added", agent.key, actor=actor)])
        audit("agent.added", agent.key, actor=actor, role=role_word(role), teams=_keys(teams))
    return agent


def invitation_token(*, agent: Agent) -> str:
    """The secret half of a link with which this person sets a password once, within 72 hours."""
    return invitation_links.make_token(agent)


def join(*, key: str, token: str, password: str) -> Agent:
    """Set the password with a one-time link; all earlier sessions of the person end.

    The row is locked, so that of two uses of one link one fails. Raises LinkUsedUp (also for an unknown person and an
    empty token), WeakPassword.
    """
    with transaction.atomic():
        agent = Agent.objects.select_for_update(of=("self",)).filter(key=key, is_active=True).first()
        if agent is None or not token or not invitation_links.check_token(agent, token):
            raise LinkUsedUp
        _check_password(password, agent)
        agent.set_password(password)
        agent.save(update_fields=["password"])
        end_sessions(agent_id=agent.pk)
        record([NewEvent("agent.joined", agent.key, actor=agent.key)])
        audit("agent.joined", agent.key, actor=agent.key)
    return agent


def change_password(*, agent: Agent, new: str, session_key: str) -> Agent:
    """Set another password; all sessions of the person end but the one with `session_key`. Raises WeakPassword.

    One transaction. Whether the person knows the old one is for the caller to ask.
    """
    _check_password(new, agent)
    with transaction.atomic():
        agent = _locked(agent.key)
        agent.set_password(new)
        agent.save(update_fields=["password"])
        end_sessions(agent_id=agent.pk, but=session_key)
        audit("agent.password_changed", agent.key)
    return agent


def change_agent(*, key: str, role: AnyRole, teams: Sequence[Team], actor: Agent) -> Agent:
    """Change what a person may do and see, in one transaction; a changed role ends that person's sessions.

    Raises NotFound, NotAllowed (see `check_decides`), LastOwner.
    """
    with transaction.atomic():
        agent = _locked(key)
        before, teams_before = role_of(agent), _keys(agent.teams.all())
        if role != before:
            _may_change_role(agent, role, actor)
            Agent.objects.filter(pk=agent.pk).update(**stored_role(role))
            end_sessions(agent_id=agent.pk)
        agent.teams.set(teams)
        record([NewEvent("agent.changed", agent.key, actor=actor.key, data={"role": role_word(role)})])
        roles = [role_word(before), role_word(role)]
        audit("agent.changed", agent.key, role=roles, teams=[teams_before, _keys(teams)])
    return Agent.objects.get(pk=agent.pk)


def deactivate_agent(*, key: str, actor: Agent) -> Agent:
    """Close a person's door: no sign-in, no page, no live stream from the next moment on. Work in hand stays theirs.

    One transaction; doing it twice changes nothing. Raises NotFound, NotAllowed (see
    `check_decides`), LastOwner.
    """
    with transaction.atomic():
        agent = _locked(key)
        check_decides(actor=actor, agent=agent)
        if agent.role == Role.OWNER:
            _another_owner_than(agent)
        Agent.objects.filter(pk=agent.pk).update(is_active=False)
        end_sessions(agent_id=agent.pk)
        record([NewEvent("agent.deactivated", agent.key, actor=actor.key)])
        audit("agent.deactivated", agent.key, actor=actor.key)
    agent.is_active = False
    return agent


def reactivate_agent(*, key: str, actor: Agent) -> Agent:
    """Open the door again; the password is as before. Raises NotFound, NotAllowed (see `check_decides`)."""
    with transaction.atomic():
        agent = _locked(key)
        check_decides(actor=actor, agent=agent)
        Agent.objects.filter(pk=agent.pk).update(is_active=True)
        record([NewEvent("agent.reactivated", agent.key, actor=actor.key)])
        audit("agent.reactivated", agent.key, actor=actor.key)
    agent.is_active = True
    return agent


def set_inbox_members(*, key: str, teams: Sequence[Team], only_assigned: bool, second_factor: bool = False) -> Inbox:
    """Replace the teams that see an inbox, whether agents see only what is assigned to them, and whether all who see it
    need a second factor from their next sign-in on. Raises NotFound.
    """
    with transaction.atomic():
        inbox = Inbox.objects.select_for_update().filter(key=key).first()
        if inbox is None:
            raise NotFound
        Inbox.objects.filter(pk=inbox.pk).update(only_assigned=only_assigned, second_factor=second_factor)
        inbox.teams.set(teams)
        audit(
            "inbox.members_changed", key, teams=_keys(teams), only_assigned=only_assigned, second_factor=second_factor
        )
    inbox.only_assigned, inbox.second_factor = only_assigned, second_factor
    return inbox


def stored_role(role: AnyRole) -> dict[str, Any]:
    """The two fields of an agent that hold a role."""
    own = None if isinstance(role, Role) else role
    return {"role": Role.LIGHT_AGENT if own else role, "own_role": own}


def _keys(teams: Iterable[Team]) -> list[str]:
    return sorted(team.key for team in teams)


def _locked(key: str) -> Agent:
    agent = Agent.objects.select_for_update(of=("self",)).filter(key=key).first()
    if agent is None:
        raise NotFound
    return agent


def _may_change_role(agent: Agent, role: AnyRole, actor: Agent) -> None:
    """Whose it is to decide; and one owner stays."""
    check_decides(actor=actor, agent=agent, role=role)
    if agent.role == Role.OWNER and role != Role.OWNER:
        _another_owner_than(agent)


def _another_owner_than(agent: Agent) -> None:
    owners = Agent.objects.select_for_update(of=("self",)).filter(role=Role.OWNER, is_active=True).exclude(pk=agent.pk)
    if not list(owners.values_list("pk", flat=True)):
        raise LastOwner


def _check_password(password: str, agent: Agent) -> None:
    try:
        validate_password(password, agent)
    except ValidationError as trouble:
        raise WeakPassword(" ".join(trouble.messages)) from None


@contextmanager
def unique(what: str) -> Iterator[None]:
    """A transaction in which a broken UNIQUE constraint is the caller's NameTaken."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise NameTaken(what) from None
