"""`hark demo`: the whole product with made-up customers, on this machine, gone when it ends."""

import os
import signal
import sys
import tempfile
import threading
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hark.channels.testing.stand_in import StandIn
from hark.site import supervisor

if TYPE_CHECKING:
    from hark.site.demo.player import Player

PORT = 8420


@dataclass(slots=True)
class Demo:
    """One run of the demo."""

    stand_in: StandIn
    rate: float
    seed: int
    seconds: float | None
    browser: bool
    threads: list[threading.Thread] = field(default_factory=list)
    player: "Player" = field(init=False)

    def found(self) -> None:
        """After the migrations: set up Plum, once for each data folder."""
        from hark.site import boot

        boot.enter()
        from django.db import connection

        from hark.site.demo.player import Player
        from hark.site.demo.seed import seed

        wires = seed(self.stand_in)
        connection.close()
        base_url = os.environ["HARK_BASE_URL"]
        self.player = Player(self.stand_in, wires, base_url=base_url, rate=self.rate, seed=self.seed)

    def ready(self, address: str) -> None:
        """Once Hark answers: play, and open the welcome page."""
        if self.threads:
            return
        self.threads.append(threading.Thread(target=self.play, daemon=True))
        self.threads[0].start()
        click.echo(f"\n  Hark's demo is ready: {address}/demo/\n  Ctrl-C ends it; nothing is kept.\n", err=True)
        if self.browser:
            webbrowser.open(f"{address}/demo/")

    def play(self) -> None:
        """The traffic; ends the demo after `seconds` where that was asked for."""
        self.player.play(self.seconds)
        if self.seconds is not None:
            os.kill(os.getpid(), signal.SIGTERM)


@click.command()
@click.option("--seconds", type=click.FloatRange(min=1), help="End by itself after so many seconds of traffic.")
@click.option("--rate", type=click.FloatRange(1, 6000), default=20, show_default=True, help="Posts a minute.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same number tells the same stories.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Where the pages are.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--data", type=click.Path(path_type=Path), help="Keep the demo's data in this empty folder.")
def demo(
    seconds: float | None,
    rate: float,
    seed: int,
    port: int,
    no_browser: bool,  # noqa: FBT001
    data: Path | None,
) -> None:
    """Show Hark at work with the made-up phone operator Plum.

    A simulated venue posts, a real chat and form are open; sign in with one click. Example: hark demo --rate 60
    """
    if data and data.exists() and any(data.iterdir()):
        raise click.UsageError(f"{data} is not empty; the demo wants a folder of its own.")
    with tempfile.TemporaryDirectory(prefix="hark-demo-", ignore_cleanup_errors=True) as temporary:
        folder = (data or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        os.environ.update(HARK_DEMO="yes", HARK_DATA=str(folder))
        os.environ.pop("HARK_DATABASE_URL", None)
        with StandIn(folder / "simulated-venue.jsonl") as stand_in:
            os.environ["HARK_ALLOWED_NETWORKS"] = stand_in.place
            run = Demo(stand_in, rate, seed, seconds, browser=not no_browser)
            plan = supervisor.Plan(port=port, data=folder, seed=run.found, ready=run.ready)
            sys.exit(supervisor.up(plan))
