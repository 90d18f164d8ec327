"""`hark ledger check`: a program of its own (the group `ledger` that boots for it is in `site.commands`)."""

import sys
from datetime import datetime
from pathlib import Path

import click
from django.db import OperationalError

from hark.journey import ledger as books
from hark.kernel.errors import HarkError

FOUND = 1
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class CannotLook(HarkError):
    """The database does not answer, so the ledger cannot be checked. Start it, or look at HARK_DATABASE_URL."""


class NotATime(HarkError):
    """This is no time. Write it like 2026-10-01T12:00:00+00:00."""


@click.command()
@click.option("--since", default="", metavar="TIME", help="Look only at what came or was written since then.")
@click.option("--stand-in", "stand_ins", type=FILE, multiple=True, metavar="FILE", help="What a venue says for itself.")
@click.option("--screen", "screens", type=FILE, multiple=True, metavar="FILE", help="What a page showed.")
@click.option("--settled", is_flag=True, help="Whatever still waits is a finding too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def check(since: str, stand_ins: tuple[Path, ...], screens: tuple[Path, ...], *, settled: bool, as_json: bool) -> None:
    """Say what became of every arrival ever acknowledged and of every reply, and whatever is not as it must be.

    Exit status 0 only without a finding, 1 with one, 2 when it could not be checked.

    Example: hark ledger check --since 2026-10-01T00:00:00+00:00 --stand-in venue.jsonl
    """
    try:
        result = books.check(since=_time(since), stand_ins=stand_ins, screens=screens, settled=settled)
    except OperationalError as error:
        raise CannotLook from error
    click.echo(books.as_text(result, as_json=as_json))
    sys.exit(FOUND if result.findings else 0)


def _time(text: str) -> str:
    if not text:
        return "-infinity"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotATime(text) from None
    if moment.tzinfo is None:
        raise NotATime(text)
    return moment.isoformat()
