"""`from hark.understanding import analyse`: a library that stands alone, as its page shows."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "understanding.md"
NETWORK = [
    "django",
    "socket",
    "_socket",
    "ssl",
    "asyncio",
    "http",
    "urllib.request",
    "httpx",
    "requests",
    "urllib3",
    "smtplib",
]


def block(language: str) -> str:
    """The page's first block in this language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_example_of_the_page_runs_and_says_what_the_page_says() -> None:
    code = block("python")
    assert len(code.strip().splitlines()) <= 10
    assert run(code) == block("text")


def test_neither_django_nor_a_module_of_the_network_is_imported() -> None:
    code = f"{block('python')}\nimport sys\nprint([name for name in {NETWORK!r} if name in sys.modules])\n"
    assert run(code).splitlines()[-1] == "[]"


def test_the_function_is_had_by_either_way() -> None:
    code = "import hark.understanding.analyse, hark.understanding as door\nprint(callable(door.analyse))"
    assert run(code).strip() == "True"
