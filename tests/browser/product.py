"""The real product for browser tests: `hark up` in a folder of its own, and a way to its data."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from django.db import connections
from django.test import override_settings

from hark.kernel.postgres import EmbeddedServer
from hark.site.settings import database
from tests.models import linear_models

START_SECONDS = 90


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@dataclass
class Product:
    """A running Hark. `data()` points this process at its database and key for a moment."""

    folder: Path
    blocker: Any
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it takes requests; its log is in the folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HARK_")}
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "hark.site.cli",
                "up",
                "--port",
                str(self.port),
                "--workers",
                "1",
                "--data",
                str(self.folder / "data"),
            ],
            env={**kept, **linear_models(), "PYTHONWARNINGS": "ignore"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Until it answers, also after a part of it was killed: a slow machine takes its time to start a process."""
        assert self.process
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self.process.poll() is None, self.last_words()
            assert time.monotonic() < deadline, self.last_words()
            time.sleep(0.2)

    def answers(self) -> bool:
        """Is it ready?"""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def last_words(self) -> str:
        """The end of its log."""
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        """End it and everything it started."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)

    def kill_web(self) -> None:
        """Kill -9 the web process; the supervisor starts another."""
        said = json.loads((self.folder / "data" / "processes.json").read_text())
        os.kill(said["web"], signal.SIGKILL)

    @contextmanager
    def data(self) -> Iterator[None]:
        """Inside, the makers and the models of this process work on the product's data."""
        connection = connections["default"]
        with (
            _django_in_playwright(),
            self.blocker.unblock(),
            override_settings(HARK_DATA=self.folder / "data", HARK_FILES="", HARK_KEYS=""),
        ):
            connection.close()
            before = dict(connection.settings_dict)
            connection.settings_dict.update(database(EmbeddedServer(self.folder / "data").url()))
            try:
                yield
            finally:
                connection.close()
                connection.settings_dict.clear()
                connection.settings_dict.update(before)


@contextmanager
def _django_in_playwright() -> Iterator[None]:
    """Playwright's loop runs in this thread, and Django would take its calls for asynchronous ones."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        yield
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
