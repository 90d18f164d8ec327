"""Common ground of the benchmarks: a database server of its own (fsync on), tables, a web process, numbers in a table."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hark.kernel.postgres import EmbeddedServer, binaries

SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@contextmanager
def empty_house(settings: dict[str, str] | None = None) -> Iterator[EmbeddedServer]:
    """A fresh embedded server with Hark's tables; this process is a Hark process in it."""
    from hark.site import boot

    with tempfile.TemporaryDirectory(prefix="hark-bench-") as folder:
        server = EmbeddedServer(Path(folder), {**SETTINGS, **(settings or {})})
        server.start()
        try:
            server.make_database()
            os.environ.update(HARK_DATA=folder, HARK_DATABASE_URL=server.url(), HARK_LOG_LEVEL="WARNING")
            boot.enter(check_key=False)
            boot.migrate()
            boot.open_the_key()
            yield server
        finally:
            from django.db import connections

            connections.close_all()
            server.stop()


@contextmanager
def web_process() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """`hark web` on a free port, as it runs in production; its port and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([str(Path(sys.executable).with_name("hark")), "web", "--port", str(port)])
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


def pgbench(server: EmbeddedServer, script: str, *, clients: int, seconds: int) -> float:
    """Transactions a second of `script`, as the program that came with the server measures them."""
    said = _pgbench(server, script, ["-c", str(clients), "-T", str(seconds)])
    line = next(line for line in said.splitlines() if line.startswith("tps ="))
    return float(line.split()[2])


def pgbench_paced(server: EmbeddedServer, script: str, *, clients: int, seconds: int, rate: float) -> list[float]:
    """Milliseconds of each transaction at a fixed pace, each counted from the moment it should have begun."""
    logs = server.folder / "pgbench-log"
    logs.mkdir(exist_ok=True)
    paced = ["-c", str(clients), "-T", str(seconds), "-R", f"{rate:.0f}", "-l", f"--log-prefix={logs}/log"]
    _pgbench(server, script, paced)
    took = []
    for path in logs.iterdir():  # fields: client, transaction, microseconds from the planned begin, …
        took += [int(line.split()[2]) / 1_000 for line in path.read_text().splitlines()]
        path.unlink()
    return took


def _pgbench(server: EmbeddedServer, script: str, options: Sequence[str]) -> str:
    path = server.folder / "script.sql"
    path.write_text(script)
    command = [str(binaries() / "pgbench"), "-n", "-M", "prepared", "-j", "2", *options, "-f", str(path)]
    return subprocess.run(
        [*command, "-h", str(server.socket_folder), "-U", "hark", "hark"], capture_output=True, text=True, check=True
    ).stdout


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
