"""`hark keys new` and `hark keys rotate`."""

from pathlib import Path

import click

from hark.site import boot


@click.group()
def keys() -> None:
    """The key ring that seals channels' secrets and signs links. The first key writes, all of them read."""


@keys.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
@click.option("--print", "show", is_flag=True, help="Print a key for HARK_KEYS instead of writing the file.")
def new(data: Path | None, *, show: bool) -> None:
    """Put a fresh key in front of the ring (file `keys` in the data folder, mode 0600).

    Running processes read the file again by themselves. Then run `hark keys rotate`.

    Example: hark keys new --data ./data
    """
    boot.enter(data=data, check_key=False)
    from hark.kernel import secrets

    if show:
        return click.echo(secrets.new_key().line())
    with boot.speaking_of_the_disk(secrets.key_file().parent):
        key = secrets.add_key_to_file()
    return click.echo(f"Key {key.id} stands first in {secrets.key_file()}. Keep a copy of it away from the backups.")


@keys.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
@click.option("--batch", type=click.IntRange(1, 10_000), default=100, help="So many values in one transaction.")
def rotate(data: Path | None, batch: int) -> None:
    """Seal everything again with the first key of the ring; afterwards the older keys may be taken out.

    May be stopped and started again, while everything runs: until it is through, both keys open. Links signed
    with an older key hold as long as that key is in the ring.

    Example: hark keys new && hark keys rotate
    """
    with boot.database(data):
        boot.enter(data=data)
        from hark.kernel import secrets
        from hark.organisation.actions.sealing import rotate as seal_again

        first, *older = secrets.key_ring()
        count = seal_again(batch=batch, tell=lambda what, done: click.echo(f"{what}: {done} sealed again", err=True))
    click.echo(f"{count} values sealed again; everything is now sealed with key {first.id}.")
    if older:
        click.echo(f"No longer needed for sealed data: {', '.join(key.id for key in older)}.")
