"""`hark search rebuild` and `hark search lag`."""

from pathlib import Path

import click

from hark.site import boot


@click.group()
def search() -> None:
    """What messages, notes and people are found by."""


@search.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
def rebuild(data: Path | None) -> None:
    """Write everything that search needs anew, while Hark runs or not. May be stopped and started again.

    Workers keep search up to date by themselves; this is for data that came in another way, and for changed words.

    Example: hark search rebuild
    """
    with boot.database(data):
        boot.enter(data=data, check_key=False)
        from hark.conversations.actions.searching import rebuild
        from hark.conversations.models import Message, Note

        with boot.speaking_of_the_database():
            length = Message.objects.count() + Note.objects.count()
            done = 0
            with click.progressbar(length=length, label="Messages and notes") as bar:
                for count in rebuild():
                    bar.update(count - done)
                    done = count
    click.echo(f"{done:,} messages and notes can be found again, and everybody who wrote them.")


@search.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
@click.pass_context
def lag(ctx: click.Context, data: Path | None) -> None:
    """Say how far search is behind; status 1 when it is more than a minute.

    Example: hark search lag
    """
    with boot.database(data), boot.speaking_of_the_database():
        boot.enter(data=data, check_key=False)
        from hark.conversations.queries.searchable import search_lag_seconds
        from hark.kernel.time import database_now

        seconds = search_lag_seconds(at=database_now())
    click.echo(f"Search is {seconds:.0f} s behind." if seconds >= 1 else "Search is up to date.")
    ctx.exit(1 if seconds > 60 else 0)
