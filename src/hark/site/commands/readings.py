"""`hark readings again`, `pause`, `go-on`, `cancel` and `show`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from hark.kernel.errors import HarkError
from hark.site import boot

F = TypeVar("F", bound=Callable[..., Any])


class NoSuchBrand(HarkError):
    """There is no brand of that name or key."""


@click.group()
def readings() -> None:
    """What the models read in messages that are stored already."""


def _with_data(command: F) -> F:
    return click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")(command)


@readings.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only messages written since that day (UTC).")
@click.option("--brand", help="Only messages to this brand: its name or key.")
@click.option("--here", is_flag=True, help="Read in this process and wait for the end, instead of by the workers.")
@_with_data
def again(since: datetime | None, brand: str | None, data: Path | None, *, here: bool) -> None:
    """Have old messages read again; new readings stand beside the old ones, corrections stay as they are.

    Workers do it in the background, newest messages first, and only while nothing new waits. It may be paused, gone on
    with and cancelled, here or in the settings; whatever dies meanwhile, it goes on from where it was.

    Example: hark readings again --since 2026-09-01 --brand Plum
    """
    with boot.database(data), boot.speaking_of_the_database():
        boot.enter(data=data, check_key=False)
        from hark.conversations.actions.rereading import read_again

        run = read_again(brand=_brand(brand), since=since.replace(tzinfo=UTC) if since else None)
        if here:
            _read_here(run)
    if here:
        show.callback(data=data)  # type: ignore[misc]
        return
    click.echo(
        f"The workers of `hark up` read {run.total:,} messages again. `hark readings show` says how far they are."
    )


def _brand(asked: str | None) -> Any:
    from django.db.models import Q

    from hark.organisation.models import Brand

    if asked is None:
        return None
    found = Brand.objects.filter(Q(key=asked) | Q(name__iexact=asked)).first()
    if found is None:
        raise NoSuchBrand
    return found


def _read_here(run: Any) -> None:
    """To the end, or until somebody pauses or cancels it."""
    from hark.journey.rereading import take_turn

    with click.progressbar(length=run.total, label="Messages") as bar:
        going = True
        while going:
            going = take_turn(seconds=2, rest=0)
            before = run.done
            run.refresh_from_db()
            bar.update(run.done - before)


def _set(data: Path | None, state: str, words: str) -> None:
    with boot.database(data), boot.speaking_of_the_database():
        boot.enter(data=data, check_key=False)
        from hark.conversations.actions.rereading import set_rereading
        from hark.conversations.types import RereadingState

        run = set_rereading(state=RereadingState(state))
    click.echo(f"{words} {run.done:,} of {run.total:,} messages are read again.")


@readings.command()
@_with_data
def pause(data: Path | None) -> None:
    """Stop after the batch at hand, until `hark readings go-on`.

    Example: hark readings pause
    """
    _set(data, "paused", "Paused.")


@readings.command("go-on")
@_with_data
def go_on(data: Path | None) -> None:
    """Go on with what was paused.

    Example: hark readings go-on
    """
    _set(data, "running", "It goes on.")


@readings.command()
@_with_data
def cancel(data: Path | None) -> None:
    """End it. New readings that are written already stay.

    Example: hark readings cancel
    """
    _set(data, "cancelled", "Cancelled.")


@readings.command()
@_with_data
def show(data: Path | None) -> None:
    """Say how far it is, and what is read otherwise than before.

    Example: hark readings show
    """
    with boot.database(data), boot.speaking_of_the_database():
        boot.enter(data=data, check_key=False)
        from hark.conversations.models import Rereading
        from hark.conversations.queries.rereading import changes_of

        run = Rereading.objects.order_by("-id").first()
        if run is None:
            click.echo("No old messages have been read again yet.")
            return
        click.echo(f"{run.get_state_display()}: {run.done:,} of {run.total:,} messages, {run.percent} %.")
        if run.problem:
            click.echo(run.problem)
        for change in changes_of(run):
            click.echo(
                f"  {change.name}: {change.messages:,} messages, {change.share:.1f} %; {', '.join(change.words)}"
            )
