"""The `hark` command: quick, helpful, and clear when it refuses."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from hark.site.cli import PARTS, cli
from tests.site.running import environment, hark


def commands(name: str, command: click.Command) -> list[tuple[str, click.Command]]:
    """A command, and those below it."""
    if not isinstance(command, click.Group):
        return [(name, command)]
    return [found for below, one in command.commands.items() for found in commands(f"{name} {below}", one)]


@pytest.mark.parametrize("part", PARTS)
def test_every_command_has_help_with_an_example(part: str) -> None:
    found = cli.get_command(click.Context(cli), part)
    assert found is not None
    for name, command in commands(f"hark {part}", found):
        words = command.help or ""
        assert "Example" in words, name
        assert name in words, name


@pytest.mark.parametrize("arguments", ["--help", "understand --help", "channels --help"])
def test_help_and_file_computing_commands_need_no_django(arguments: str) -> None:
    program = (
        "import sys\nfrom hark.site.cli import main\ntry:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'django', 'psycopg', 'uvicorn', 'procrastinate'} & set(sys.modules)\nassert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments.split()],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: hark" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("nonsense", "hark: No such command 'nonsense'. Try `hark --help`."),
        (
            "up --port tea",
            "hark: Invalid value for '--port': 'tea' is not a valid integer range. Try",
        ),
        ("up --port 70000", "Invalid value for '--port'"),
        ("up --workers 0", "Invalid value for '--workers'"),
        ("up --colour red", "No such option"),
        ("worker --number 2 --of 2", "--number counts from 0 and must be less than --of."),
        ("keys", "hark"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(arguments: str, sentence: str) -> None:
    done = hark(*arguments.split())
    assert done.returncode == 2
    assert sentence in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_wrong_setting_is_one_sentence(tmp_path: Path) -> None:
    done = hark("keys", "new", "--data", str(tmp_path), HARK_DEMO="perhaps")
    assert done.returncode == 2
    assert "HARK_DEMO must be yes or no, not 'perhaps'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_keys_new_makes_a_ring_and_prints_one(tmp_path: Path) -> None:
    done = hark("keys", "new", "--data", str(tmp_path))
    assert done.returncode == 0
    assert str(tmp_path / "keys") in done.stdout
    shown = hark("keys", "new", "--print", "--data", str(tmp_path)).stdout
    assert len((tmp_path / "keys").read_text().splitlines()) == 1
    assert len(shown.strip()) == len((tmp_path / "keys").read_text().strip())


def test_version_is_told() -> None:
    assert hark("--version").stdout.startswith("hark, version ")
