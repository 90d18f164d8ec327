"""`hark migrate`."""

from pathlib import Path

import click

from hark.site import boot


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
@click.option("--quiet", is_flag=True, help="Say nothing when all is well.")
def migrate(data: Path | None, *, quiet: bool) -> None:
    """Bring the tables up to date; in a new database also make the key ring, if there is none.

    Takes the running database, or starts the embedded one for as long as it takes. May be run at any time and twice.

    Example: hark migrate --data ./data
    """
    with boot.database(data):
        boot.enter(data=data, check_key=False)
        applied, made = boot.migrate()
    if made:
        click.echo(f"hark: a key ring was made: {made}. Keep a copy of it away from the backups.", err=True)
    if not quiet:
        click.echo(f"{len(applied)} migrations applied." if applied else "The tables were up to date.")
