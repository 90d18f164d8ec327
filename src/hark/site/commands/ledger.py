"""`hark ledger`: the journey's program, over this installation's database."""

from pathlib import Path

import click

from hark.journey.ledger_command import check
from hark.site import boot


@click.group()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
def ledger(data: Path | None) -> None:
    """Prove that nothing was lost or doubled.

    Example: hark ledger check
    """
    boot.enter(data=data, check_key=False)


ledger.add_command(check)
