"""`hark up`, `hark web`, `hark worker`."""

import socket
from pathlib import Path

import click

from hark.site import boot
from hark.site.child import follow_the_supervisor


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 for every address.")
@click.option("--port", type=click.IntRange(0, 65535), default=8420, show_default=True, help="0: any free one.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes.")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
@click.pass_context
def up(ctx: click.Context, host: str, port: int, workers: int, data: Path | None) -> None:
    """Run Hark: the embedded database (unless HARK_DATABASE_URL names one), web and workers, kept alive.

    Ctrl-C or SIGTERM ends everything within 30 s; a second one at once. One line per event on stderr.

    Example: hark up --port 8420 --workers 2 --data ./data
    """
    from hark.site.supervisor import Plan, up

    def tell(address: str) -> None:
        click.echo(f"Hark is ready: {address}")

    ctx.exit(up(Plan(host=host, port=port, workers=workers, data=data, ready=tell)))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8420, show_default=True)
@click.option("--fd", type=click.IntRange(3), help="An inherited listening socket, instead of host and port.")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
def web(host: str, port: int, fd: int | None, data: Path | None) -> None:
    """Run one web process: front door, live streams and pages.

    Example: HARK_DATABASE_URL=postgresql://… HARK_KEYS=… hark web --host 0.0.0.0 --port 8420
    """
    follow_the_supervisor()
    line = socket.socket(fileno=fd) if fd is not None else boot.listen(host, port)
    boot.enter(data=data, check_key=False)
    from hark.site.web import serve

    serve(line)


@click.command()
@click.option("--number", type=click.IntRange(0), default=0, show_default=True, help="This worker's number, from 0.")
@click.option("--of", "count", type=click.IntRange(1), default=1, show_default=True, help="How many there are.")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (else HARK_DATA).")
def worker(number: int, count: int, data: Path | None) -> None:
    """Run one worker process: journey, reactions, delivery, routing, background jobs.

    Example: HARK_DATABASE_URL=postgresql://… HARK_KEYS=… hark worker --number 0 --of 4
    """
    if number >= count:
        raise click.UsageError("--number counts from 0 and must be less than --of.")
    follow_the_supervisor()
    boot.enter(data=data, check_key=False)
    from hark.site.worker import work

    work(number, count)
