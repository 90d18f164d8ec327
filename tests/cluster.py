"""A database with all its tables, made once for all workers: each copies it instead of making the tables again."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from hark.kernel.postgres import EmbeddedServer

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # the suite's data need not survive
TABLES = "hark"


def prepared(folder: Path) -> Path:
    """The folder of a server that has the database `hark` with its tables, and never runs. Waits for who makes it."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            server = EmbeddedServer(folder, FAST)
            server.start()
            server.make_database(TABLES)
            place = {**os.environ, "DJANGO_SETTINGS_MODULE": "hark.site.settings", "HARK_DATABASE_URL": server.url()}
            subprocess.run([sys.executable, "-m", "django", "migrate", "-v", "0"], env=place, check=True)
            server.stop()
            (folder / "done").touch()
    return folder


def copied(source: Path, folder: Path) -> None:
    """The same cluster in a data folder that has none yet; files keep their owner."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(source / "postgres"), str(folder / "postgres")], check=True)
