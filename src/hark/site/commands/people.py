"""`hark people forget-factor`: the way back for the last owner."""

from pathlib import Path

import click

from hark.kernel.errors import HarkError
from hark.site import boot


class NobodyOfThatAddress(HarkError):
    """Nobody who works here has this e-mail address."""


@click.group()
def people() -> None:
    """Those who work here. Everything else about them is done in the settings."""


@people.command("forget-factor")
@click.argument("email")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
def forget_factor(email: str, data: Path | None) -> None:
    """Take the second factor off somebody who has lost it, recovery codes and all; it is written into the audit.

    For an owner whom no other owner can help. The next sign-in sets up a new one.

    Example: hark people forget-factor ada@example.org
    """
    with boot.database(data):
        boot.enter(data=data)
        from hark.organisation.actions.factors import forget_factors
        from hark.organisation.models import Agent

        agent = Agent.objects.filter(email__iexact=email).first()
        if agent is None:
            raise NobodyOfThatAddress
        forget_factors(agent=agent, actor=None)
    click.echo(f"{agent.name} signs in with the password, and sets up a new second factor where one is due.")
