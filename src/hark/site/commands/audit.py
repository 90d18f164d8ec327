"""`hark audit verify` and `hark audit head`."""

from pathlib import Path

import click

from hark.site import boot


@click.group()
def audit() -> None:
    """Who changed rights, settings, channels and keys: a chain of hashes that nobody can mend unseen."""


@audit.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
def verify(data: Path | None) -> None:
    """Name the first line that was changed, taken out or put in. Exit status 1 when there is one.

    The end of the audit is compared with the hashes in the file `audit-heads`, of which you keep a copy elsewhere.

    Example: hark audit verify
    """
    with boot.database(data):
        boot.enter(data=data, check_key=False)
        from hark.organisation.queries import audit_head, broken_audit

        with boot.speaking_of_the_database():
            broken, head = broken_audit(), audit_head()
    if broken:
        click.echo(f"Line {broken.number} of the audit {broken.why}.", err=True)
        raise SystemExit(1)
    click.echo(f"The audit is whole: {head.number} lines, {head.hash.hex()}." if head else "The audit is empty.")


@audit.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
def head(data: Path | None) -> None:
    """Write number and hash of the newest line to the file `audit-heads`, as happens every night, and print them.

    Example: hark audit head >> /mnt/elsewhere/hark-audit-heads
    """
    with boot.database(data):
        boot.enter(data=data, check_key=False)
        from hark.organisation.actions.audit import keep_head
        from hark.organisation.queries import audit_head

        with boot.speaking_of_the_database(), boot.speaking_of_the_disk(boot.use_data_folder(data)):
            keep_head()
            newest = audit_head()
    click.echo(f"{newest.number} {newest.hash.hex()}" if newest else "The audit is empty.")
