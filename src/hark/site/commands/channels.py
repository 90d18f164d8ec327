"""`hark channels`: the venues' program, and the one command of it that stores what it reads."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from hark.channels.command import channels

__all__ = ["channels"]
TEMPORARY, TOO_LARGE = 75, 65  # sysexits.h: the mail server tries again; it tells the sender
LARGEST = 35_000_000


@channels.command()
@click.argument("channel")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
def pipe(channel: str, data: Path | None) -> None:
    """Take one mail from standard input into CHANNEL (its key), for a mail server that pipes.

    Leaves with 0 once the mail is stored for good. Whatever stands in the way leaves with 75, so that the mail server
    keeps the mail and tries again; a mail over 35 MB leaves with 65, so that its sender is told.

    \b
    Example, in Postfix's master.cf:
      hark unix - n n - - pipe user=hark argv=/usr/local/bin/hark channels pipe chan_7f3k
    """
    body = sys.stdin.buffer.read(LARGEST + 1)
    if len(body) > LARGEST:
        _leave(TOO_LARGE, "This mail is larger than 35 MB.")
    if not body.strip():
        _leave(TEMPORARY, "There was no mail on standard input.")
    try:
        _store(channel, body, data)
    except Exception as problem:  # noqa: BLE001 - any failure must make the mail server keep the mail
        from hark.kernel.errors import HarkError

        _leave(
            TEMPORARY, problem.message if isinstance(problem, HarkError) else f"Not stored: {type(problem).__name__}."
        )


def _store(key: str, body: bytes, data: Path | None) -> None:
    from hark.site import boot

    boot.enter(data=data, check_key=False)
    from hark.channels import registry
    from hark.channels.kit.cards import without_cards_in_mail
    from hark.intake.actions import accept
    from hark.intake.types import NewArrival
    from hark.kernel.errors import NotFound
    from hark.kernel.time import now
    from hark.organisation.models import Channel

    boot.wait_for_database(seconds=5)
    found = Channel.objects.filter(key=key).select_related("inbox__brand").first()
    if found is None or registry.venue(found.venue).polled_type != "message/rfc822":
        raise NotFound(f"no mail channel {key}")
    kept = without_cards_in_mail(body, found.inbox.brand.own_numbers)
    accept(channel_id=found.pk, arrivals=[NewArrival("", "", {}, kept, now())])


def _leave(status: int, words: str) -> NoReturn:
    click.echo(f"hark: {words}", err=True)
    sys.exit(status)
