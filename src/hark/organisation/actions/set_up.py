"""The first run."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, OperationalError, transaction
from psycopg.errors import LockNotAvailable

from hark.kernel.errors import HarkError
from hark.kernel.time import now
from hark.organisation.actions.audit import audit
from hark.organisation.actions.people import add_agent, add_brand, add_inbox, add_team, change_inbox
from hark.organisation.models import Agent, Brand, Inbox, Organisation, Team
from hark.organisation.types import NewBrand, NewInbox, Role


class AlreadySetUp(HarkError):
    """This Hark has been set up already. Sign in instead."""


@dataclass(frozen=True, slots=True)
class Founded:
    """What the first run made."""

    organisation: Organisation
    owner: Agent
    team: Team
    brand: Brand
    inbox: Inbox


def set_up(
    *,
    organisation: str,
    owner_name: str,
    owner_email: str,
    password: str,
    brand: NewBrand | None = None,
    inbox: NewInbox | None = None,
) -> Founded:
    """Make the organisation with its owner, first team, brand and inbox, in one transaction.

    Of two first runs at the same moment the second waits on the unique row and raises AlreadySetUp, with nothing
    written. Raises WeakPassword.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                founded = Organisation.objects.create(name=organisation, set_up_at=now())
        except (IntegrityError, OperationalError) as error:
            if isinstance(error, OperationalError) and not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise AlreadySetUp from None
        team = add_team(name="Care")
        owner = add_agent(name=owner_name, email=owner_email, role=Role.OWNER, teams=[team], password=password)
        first_brand = add_brand(brand=brand or NewBrand(name=organisation))
        first_inbox = add_inbox(inbox=inbox or NewInbox(name="Care"), brand=first_brand, teams=[team])
        audit("organisation.set_up", owner.key, actor=owner.key)
    return Founded(founded, owner, team, first_brand, first_inbox)


def arrange_inboxes(*, first: Inbox, wanted: Sequence[NewInbox]) -> list[Inbox]:
    """Make the first inbox the first of those wanted and add the others beside it, seen by the same teams.

    One that is there already under its name is changed, so that the first run can be walked back and forth. One
    transaction. Raises NameTaken.
    """
    with transaction.atomic():
        teams, made = list(first.teams.all()), []
        for place, inbox in enumerate(wanted):
            there = Inbox.objects.filter(name=inbox.name).exclude(pk=first.pk).first() if place else first
            if there:
                made.append(change_inbox(key=there.key, inbox=inbox))
            else:
                made.append(add_inbox(inbox=inbox, brand=first.brand, teams=teams))
    return made
