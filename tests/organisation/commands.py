"""The real `hark` command on the suite's database."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection


def begun(*arguments: str, data: Path | None = None) -> "subprocess.Popen[str]":
    """`hark …` with the test's key ring and, if named, a data folder of its own."""
    place = connection.settings_dict
    address = f"postgresql://{place['USER']}:{place['PASSWORD']}@localhost:{place['PORT']}/{place['NAME']}"
    ours = {"HARK_DATABASE_URL": f"{address}?host={place['HOST']}", "HARK_KEYS": settings.HARK_KEYS}
    environment = {**os.environ, **ours, "PYTHONWARNINGS": "ignore", **({"HARK_DATA": str(data)} if data else {})}
    command = [sys.executable, "-m", "hark.site.cli", *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def done(*arguments: str, data: Path | None = None) -> tuple[int, str]:
    """Exit status and all that was said."""
    with begun(*arguments, data=data) as process:
        said, complained = process.communicate(timeout=90)
    return process.returncode, said + complained
