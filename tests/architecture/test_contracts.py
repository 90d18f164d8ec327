"""The house's contracts hold, and each catches what it is there for when it is planted in a copy of the source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = "import sys; from importlinter.cli import lint_imports as lint; sys.exit(lint('.importlinter', cache_dir=None))"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the copy in `folder`."""
    environment = {**os.environ, "PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}"}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LINT],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source that may be spoilt."""
    folder = tmp_path_factory.mktemp("house")
    skip = shutil.ignore_patterns("__pycache__", "*.npz", "static", "templates")
    shutil.copytree(ROOT / "src", folder / "src", ignore=skip)
    shutil.copytree(ROOT / "tests" / "architecture", folder / "tests" / "architecture", ignore=skip)
    (folder / "tests" / "__init__.py").touch()
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_house_as_it_stands_keeps_every_contract(house: Path) -> None:
    done = lint(house)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("planted_in", "line", "named"),
    [
        ("kernel/planted.py", "from hark.conversations import models", "hark.kernel.planted"),
        ("contacts/planted.py", "from hark.clocks import types", "hark.contacts.planted"),
        ("journey/planted.py", "from hark.delivery import jobs", "private to its room"),
        ("conversations/planted.py", "from hark.routing import views", "hark.conversations.planted"),
        ("stowaway/__init__.py", "", "stowaway"),
        ("conversations/planted.py", "import httpx", "httpx"),
        ("routing/planted.py", "import socket", "socket"),
    ],
    ids=[
        "upward import",
        "same-line import",
        "foreign jobs",
        "upward import of views",
        "unlisted package",
        "network by library",
        "network by socket",
    ],
)
def test_planted_fault_is_caught_and_named(house: Path, planted_in: str, line: str, named: str) -> None:
    target = house / "src" / "hark" / planted_in
    before = target.read_text() if target.exists() else None
    target.parent.mkdir(exist_ok=True)
    target.write_text(f"{before or ''}\n{line}\n")
    try:
        done = lint(house)
    finally:
        if before is None:
            target.unlink()
            if not any(target.parent.iterdir()):
                target.parent.rmdir()
        else:
            target.write_text(before)
    assert done.returncode != 0
    assert named in done.stdout
