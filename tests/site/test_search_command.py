"""`hark search rebuild` and `hark search lag`, as they are typed."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from hark.conversations.models import MessageSearch
from tests.workspace.makers import known, make_world, say


def hark(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command on the suite's database."""
    at = connection.settings_dict
    port, host = at["PORT"] or 5432, quote(str(at["HOST"]), safe="/")
    url = f"postgresql://{at['USER']}:{at['PASSWORD']}@localhost:{port}/{at['NAME']}?host={host}"
    command = [sys.executable, "-W", "ignore", "-m", "hark.site.cli", *words, "--data", str(folder)]
    return subprocess.run(
        command, env={**os.environ, "HARK_DATABASE_URL": url}, capture_output=True, text=True, check=False
    )


@pytest.mark.django_db(transaction=True)
def test_search_is_rebuilt_and_its_lag_told(tmp_path: Path) -> None:
    world = make_world()
    message = say(world.chat, known("ann"), "Roaming never started")
    done = hark(tmp_path, "search", "rebuild")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0, "1 messages and notes can be found again, and everybody who wrote them.",
    )  # fmt: skip
    assert [row.pk for row in MessageSearch.objects.filter(words__match="'roaming'")] == [message.pk]
    assert hark(tmp_path, "search", "lag").returncode == 0
